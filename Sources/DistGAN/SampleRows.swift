import Adversarial
import Training

/// What is to be drawn: an order for each image, in rows.
struct SampleRows {
  /// An order for each image, row by row.
  var orders: [ImageOrder] = []
  /// Images in a row.
  var columns = 8
  /// Names at the left of a sheet, one for each row or none.
  var labels: [String] = []
  /// What the columns of a sheet are.
  var caption = ""
  /// A class for each image; nil for a model without classes.
  var classes: [Int32]?

  /// Images that are drawn at once: each has an order in memory.
  static let largestCount = 10_000_000

  /// Rows that fit on a screen get names and are as many unless the user says how many.
  private static let shownRows = 16

  /// The images that the command line asks for.
  /// - Throws: `OptionError` when the model cannot do what is asked.
  init(_ command: Sample, _ header: CheckpointHeader, _ traits: SamplingTraits, _ sheets: [SheetPlan], model: String) throws {
    if let name = command.sheet {
      self = try Self.sheet(name, sheets, traits, model)
      return
    }
    if (command.truncation != nil || command.truncationSweep != nil) && !traits.canTruncate {
      throw OptionError("--truncation: the model \(model) has no normal z to truncate")
    }
    let chosen = try Self.classNumbers(command.classes, header.classNames, count: traits.classes ?? 0)
    let thresholds = try command.thresholds()
    let across = command.interpolate == nil ? max(1, thresholds.count) : command.interpolationSteps
    let rows = command.count ?? (command.perClass ?? 8) * max(1, chosen.count)
    guard rows <= Self.largestCount / across else {
      throw OptionError("\(rows) x \(across) images were asked for; at most \(Self.largestCount) are drawn at once")
    }
    if !thresholds.isEmpty {
      sweep(thresholds, chosen, count: command.count)
    } else if let what = command.interpolate {
      if what != .z && chosen.count < 2 {
        throw OptionError(
          traits.classes == nil
            ? "--interpolate \(what.rawValue): the model was trained without classes; --interpolate z is possible"
            : "--interpolate \(what.rawValue): two classes or more are needed")
      }
      interpolate(what, chosen, count: command.count, steps: command.interpolationSteps, truncation: command.truncation)
    } else {
      plain(command, chosen)
    }
    // Rows of single classes have names; of others there is nothing to say.
    let rowClasses = stride(from: 0, to: orders.count, by: columns).map { orders[$0..<min($0 + columns, orders.count)] }
    if !chosen.isEmpty && labels.isEmpty && rowClasses.count <= Self.shownRows
      && rowClasses.allSatisfy({ row in row.allSatisfy { $0.label == row.first?.label && $0.end?.label ?? $0.label == $0.label } })
    {
      labels = rowClasses.map { SampleSheet.name(ofClass: Int($0.first?.label ?? 0), in: header.classNames) }
    } else if command.interpolate != nil && !chosen.isEmpty && rowClasses.count <= Self.shownRows {
      labels = rowClasses.map { row in
        let ends = [row.first?.label ?? 0, row.first?.end?.label ?? 0]
        return ends.map { SampleSheet.name(ofClass: Int($0), in: header.classNames) }.joined(separator: " - ")
      }
    }
    // Between two classes the nearer one counts.
    classes = chosen.isEmpty ? nil : orders.map { order in order.end.map { $0.share < 0.5 ? order.label : $0.label } ?? order.label }
  }

  private init() {}

  /// A sheet of the model's own.
  private static func sheet(_ name: String, _ sheets: [SheetPlan], _ traits: SamplingTraits, _ model: String) throws -> SampleRows {
    guard let plan = sheets.first(where: { $0.name == name }) else {
      let known = sheets.map(\.name).joined(separator: ", ")
      throw OptionError("--sheet \(name): the model \(model) has \(known.isEmpty ? "no sheets of its own" : "the sheets \(known)")")
    }
    var rows = SampleRows()
    rows.orders = plan.cells.map(ImageOrder.init)
    (rows.columns, rows.labels, rows.caption) = (plan.columns, plan.rowLabels, plan.caption)
    rows.classes = traits.classes == nil ? nil : plan.cells.map(\.label)
    return rows
  }

  private mutating func plain(_ command: Sample, _ chosen: [Int]) {
    columns = command.perClass.map { min($0, 16) } ?? 8
    let labels: [Int32]
    if chosen.isEmpty {
      labels = [Int32](repeating: 0, count: command.count ?? command.perClass ?? (command.attention == nil ? 64 : 8))
    } else if let count = command.count {
      labels = (0..<count).map { Int32(chosen[$0 % chosen.count]) }
    } else {
      let each = command.perClass ?? (command.attention == nil ? 8 : 1)
      labels = chosen.prefix(command.attention == nil ? chosen.count : 8).flatMap { [Int32](repeating: Int32($0), count: each) }
    }
    orders = labels.enumerated().map { ImageOrder(latent: $0, label: $1, truncation: command.truncation) }
  }

  private mutating func sweep(_ thresholds: [Float], _ chosen: [Int], count: Int?) {
    columns = thresholds.count
    caption = "truncation  \(thresholds.map { "\($0)" }.joined(separator: "  "))"
    for row in 0..<(count ?? Self.rows(chosen)) {
      let label = chosen.isEmpty ? 0 : Int32(chosen[row % chosen.count])
      orders += thresholds.map { ImageOrder(latent: row, label: label, truncation: $0) }
    }
  }

  private mutating func interpolate(_ what: Sample.Interpolation, _ chosen: [Int], count: Int?, steps: Int, truncation: Float?) {
    columns = steps
    let rows = count ?? Self.rows(chosen)
    for row in 0..<rows {
      func label(_ place: Int) -> Int32 { chosen.isEmpty ? 0 : Int32(chosen[place % chosen.count]) }
      let (start, end) = (label(row), what == .z ? label(row) : label(row + 1))
      orders += (0..<steps).map { step in
        ImageOrder(
          latent: row, label: start, truncation: truncation,
          end: .init(latent: what == .class ? row : rows + row, label: end, share: Float(step) / Float(steps - 1)))
      }
    }
  }

  private static func rows(_ chosen: [Int]) -> Int { chosen.isEmpty ? 8 : min(chosen.count, shownRows) }

  /// The classes asked for; none for a model without classes.
  private static func classNumbers(_ classes: String?, _ names: [String], count number: Int) throws -> [Int] {
    guard let classes else { return Array(0..<number) }
    guard number > 0 else { throw OptionError("--classes \(classes): the model was trained without classes") }
    let chosen = try classes.split(separator: ",").map { word in
      if let place = names.firstIndex(of: String(word)) { return place }
      if let place = Int(word), (0..<number).contains(place) { return place }
      let known = names.isEmpty ? "numbers from 0 to \(number - 1)" : names.joined(separator: ", ")
      throw OptionError("unknown class \(word); known ones: \(known)")
    }
    guard !chosen.isEmpty else { throw OptionError("--classes \(classes): no class is named") }
    return chosen
  }
}
