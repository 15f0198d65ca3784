/// A sheet that a model shows beside that of random samples: what each of its codes does, say.
public struct SheetPlan: Sendable, Equatable {
  /// One image.
  public struct Cell: Sendable, Equatable {
    /// Row of the stream of latent vectors.
    public var latent: Int
    /// Class.
    public var label: Int32
    /// Numbers of z that are set, by place.
    public var fixed: [Int: Float]

    /// A cell of these values.
    public init(latent: Int, label: Int32 = 0, fixed: [Int: Float] = [:]) {
      self.latent = latent
      self.label = label
      self.fixed = fixed
    }
  }

  /// Name in files and on the command line.
  public let name: String
  /// What rows and columns are.
  public let caption: String
  /// Images in a row.
  public let columns: Int
  /// Names at the left, one for each row.
  public let rowLabels: [String]
  /// The images, row by row.
  public let cells: [Cell]

  /// A plan of these values.
  public init(name: String, caption: String, columns: Int, rowLabels: [String], cells: [Cell]) {
    precondition(
      columns > 0 && cells.count == columns * rowLabels.count, "SheetPlan \(name): \(cells.count) cells in \(columns) columns")
    self.name = name
    self.caption = caption
    self.columns = columns
    self.rowLabels = rowLabels
    self.cells = cells
  }
}
