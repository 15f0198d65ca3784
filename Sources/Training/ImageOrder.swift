public import Adversarial

/// An order for one image: which z, which class, and between which.
public struct ImageOrder: Sendable, Equatable {
  /// Row of the stream of latent vectors.
  public var latent: Int
  /// Class; a model without classes ignores it.
  public var label: Int32
  /// Components of z beyond ± this are drawn again; nil: none are.
  public var truncation: Float?
  /// The other end, for an image on the way between two.
  public var end: End?
  /// Numbers of z that are set, by place.
  public var fixed: [Int: Float]

  /// Where a way ends, and how far the image is on it.
  public struct End: Sendable, Equatable {
    /// Row of the stream of latent vectors.
    public var latent: Int
    /// Class.
    public var label: Int32
    /// 0: the image at the beginning; 1: the one at the end.
    public var share: Float

    /// An end of these values.
    public init(latent: Int, label: Int32, share: Float) {
      self.latent = latent
      self.label = label
      self.share = share
    }
  }

  /// An order of these values.
  public init(latent: Int, label: Int32 = 0, truncation: Float? = nil, end: End? = nil, fixed: [Int: Float] = [:]) {
    self.fixed = fixed
    self.latent = latent
    self.label = label
    self.truncation = truncation
    self.end = end
  }
}

extension ImageOrder {
  /// The order of a cell of a model's own sheet.
  public init(_ cell: SheetPlan.Cell) { self.init(latent: cell.latent, label: cell.label, fixed: cell.fixed) }
}
