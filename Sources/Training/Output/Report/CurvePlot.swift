internal import Foundation

/// Curves over the steps as an HTML figure: a legend with the last values, and an SVG with axes.
///
/// The SVG carries its numbers in `data-plot`, for a script that shows those under the pointer; without it nothing is missing but that.
/// Colours are the classes `c0`, `c1`, … of the page.
public struct CurvePlot {
  /// Above the legend.
  public let title: String
  /// What is drawn.
  public let curves: [Curve]
  /// Steps at which the run went on, as dashed lines.
  public let marks: [Int]

  private static let (width, height) = (560.0, 250.0)
  private static let (left, right, top, bottom) = (56.0, 20.0, 10.0, 30.0)
  /// Colours there are; a page shows more curves in several plots.
  public static let mostCurves = 6

  /// A plot of these curves.
  public init(title: String, curves: [Curve], marks: [Int]) {
    self.title = title
    self.curves = curves
    self.marks = marks
  }

  /// The figure.
  public var html: String {
    let (steps, range) = (steps, range)
    let plot = Scale(
      steps: steps, range: range, x: Self.left...(Self.width - Self.right), y: Self.top...(Self.height - Self.bottom))
    let identity = title.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    var svg = [
      #"<svg viewBox="0 0 \#(Int(Self.width)) \#(Int(Self.height))" role="img" aria-label="\#(escaped(title))" data-plot="\#(escaped("\(data(plot))"))">"#,
      #"<clipPath id="clip-\#(identity)"><rect x="\#(Self.left)" y="\#(Self.top)" width="\#(Self.width - Self.left - Self.right)" height="\#(Self.height - Self.top - Self.bottom)"/></clipPath>"#,
    ]
    svg += axes(plot)
    svg.append(#"<g clip-path="url(#clip-\#(identity))">"#)
    for mark in marks where steps.contains(Double(mark)) && Double(mark) > steps.lowerBound {
      let x = plot.x(Double(mark))
      svg.append(
        #"<line class="mark" x1="\#(x)" x2="\#(x)" y1="\#(Self.top)" y2="\#(Self.height - Self.bottom)"><title>resumed at step \#(mark)</title></line>"#
      )
    }
    for (index, curve) in curves.enumerated() { svg += drawn(curve, index, plot) }
    svg += ["</g>", #"<line class="pointer" y1="\#(Self.top)" y2="\#(Self.height - Self.bottom)"/>"#, "</svg>"]
    return """
      <figure class="plot"><figcaption>\(escaped(title))</figcaption>
      <div class="legend">\(curves.enumerated().map(legend).joined())</div>
      \(svg.joined(separator: "\n"))
      <div class="tip" hidden></div></figure>
      """
  }

  private func legend(_ index: Int, _ curve: Curve) -> String {
    let last = curve.values.last { $0.isFinite }.map { Self.digits($0) } ?? "none"
    return #"<span><i class="b\#(index % Self.mostCurves)"></i>\#(escaped(curve.name)) <b>\#(last)</b></span>"#
  }

  private func axes(_ plot: Scale) -> [String] {
    let (values, steps) = (Ticks(in: plot.range, about: 5), Ticks(in: plot.steps, about: 6, wholeNumbers: true))
    let bottom = Self.height - Self.bottom
    var svg = values.values.flatMap { value in
      let y = plot.y(value)
      return [
        #"<line class="grid" x1="\#(Self.left)" x2="\#(Self.width - Self.right)" y1="\#(y)" y2="\#(y)"/>"#,
        #"<text class="tick" x="\#(Self.left - 6)" y="\#(y)" dy="0.35em" text-anchor="end">\#(values.text(value))</text>"#,
      ]
    }
    svg.append(#"<line class="axis" x1="\#(Self.left)" x2="\#(Self.width - Self.right)" y1="\#(bottom)" y2="\#(bottom)"/>"#)
    for step in steps.values {
      let x = plot.x(step)
      svg.append(#"<line class="axis" x1="\#(x)" x2="\#(x)" y1="\#(bottom)" y2="\#(bottom + 4)"/>"#)
      svg.append(#"<text class="tick" x="\#(x)" y="\#(bottom + 17)" text-anchor="middle">\#(steps.text(step))</text>"#)
    }
    return svg
  }

  /// The range of neighbours, what was logged, faintly below its average, and the average.
  private func drawn(_ curve: Curve, _ index: Int, _ plot: Scale) -> [String] {
    let color = index % Self.mostCurves
    var svg: [String] = []
    let ranged = curve.steps.indices.filter { curve.ranges[$0] != nil }
    if ranged.count > 1 {
      let up = ranged.map { plot.point(curve.steps[$0], curve.ranges[$0]?.upperBound ?? 0) }
      let down = ranged.reversed().map { plot.point(curve.steps[$0], curve.ranges[$0]?.lowerBound ?? 0) }
      svg.append(#"<path class="band b\#(color)" d="M\#((up + down).joined(separator: "L"))Z"/>"#)
    }
    let line = curve.averages ?? curve.values
    if curve.averages != nil { svg.append(#"<path class="raw c\#(color)" d="\#(path(curve.steps, curve.values, plot))"/>"#) }
    svg.append(#"<path class="line c\#(color)" d="\#(path(curve.steps, line, plot))"/>"#)
    if curve.steps.count == 1, line[0].isFinite {
      svg.append(#"<circle class="b\#(color)" r="3" cx="\#(plot.x(Double(curve.steps[0])))" cy="\#(plot.y(line[0]))"/>"#)
    }
    return svg
  }

  /// Lines between neighbours that are both numbers.
  private func path(_ steps: [Int], _ values: [Double], _ plot: Scale) -> String {
    var (result, isDown) = ("", false)
    for (step, value) in zip(steps, values) {
      if value.isFinite { result += (isDown ? "L" : "M") + plot.point(step, value) }
      isDown = value.isFinite
    }
    return result
  }

  private func data(_ plot: Scale) -> JSON {
    func numbers(_ values: [Double]) -> JSON { .list(values.map { .single($0.isFinite ? Float(Self.digits($0)) ?? .nan : .nan) }) }
    let curves = curves.map { curve in
      JSON.object([
        ("name", .text(curve.name)), ("steps", .list(curve.steps.map(JSON.integer))), ("values", numbers(curve.values)),
        ("averages", .list(curve.averages == nil ? [] : numbers(curve.averages ?? []).values)),
      ])
    }
    return .object([
      ("left", .number(Self.left)), ("right", .number(Self.width - Self.right)), ("first", .number(plot.steps.lowerBound)),
      ("last", .number(plot.steps.upperBound)), ("curves", .list(curves)),
    ])
  }

  private var steps: ClosedRange<Double> {
    let all = curves.flatMap { [$0.steps.first, $0.steps.last].compactMap(\.self) }.map(Double.init)
    let (first, high) = (all.min() ?? 0, all.max() ?? 1)
    // The first line is of a step near the beginning, not of the beginning.
    let low = first < high / 10 ? 0 : first
    return low < high ? low...high : (low - 1)...(high + 1)
  }

  /// The values without the hundredth at either end, so that the first steps do not flatten the others, and with a rim.
  private var range: ClosedRange<Double> {
    let all = curves.flatMap(\.values).filter(\.isFinite).sorted()
    guard let last = all.last, let first = all.first else { return 0...1 }
    let outliers = all.count / 100
    var (low, high) = (all[outliers], all[all.count - 1 - outliers])
    // A few outliers that are near anyway are shown.
    if first >= low - (high - low) / 2 { low = first }
    if last <= high + (high - low) / 2 { high = last }
    let rim = max((high - low) * 0.06, abs(high) * 0.03, 1e-9)
    // Speeds begin at zero or far from it.
    return (low >= 0 && low < rim ? 0 : low - rim)...(high + rim)
  }

  /// A number in four digits.
  public static func digits(_ value: Double) -> String { String(format: "%.4g", value) }
}

/// From steps and values to the coordinates of a picture, as SVG writes them.
private struct Scale {
  let steps: ClosedRange<Double>
  let range: ClosedRange<Double>
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>

  func x(_ step: Double) -> String { String(format: "%.1f", x.lowerBound + share(step, steps) * (x.upperBound - x.lowerBound)) }

  func y(_ value: Double) -> String { String(format: "%.1f", y.upperBound - share(value, range) * (y.upperBound - y.lowerBound)) }

  func point(_ step: Int, _ value: Double) -> String { "\(x(Double(step))) \(y(value))" }

  private func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }
}

/// `text` as HTML and XML have it, between tags and in attributes.
public func escaped(_ text: String) -> String {
  var result = ""
  for character in text {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.append(character)
    }
  }
  return result
}
