import Testing

@testable import Training

@Suite struct CurveTests {
  @Test func `few points are drawn as they are`() {
    let curve = Curve(name: "d", points: [(1, 2), (2, .nan), (5, 4)])
    #expect(curve.steps == [1, 2, 5] && curve.values[0] == 2 && curve.values[1].isNaN && curve.values[2] == 4)
    #expect(curve.averages == nil && curve.ranges.allSatisfy { $0 == nil })
  }

  @Test func `many points become means with their ranges`() {
    let curve = Curve(name: "d", points: (0..<100_000).map { ($0 + 1, Double($0 % 2)) })
    #expect(curve.values.count == Curve.mostPoints && curve.steps.last == 100_000)
    #expect(curve.values.allSatisfy { $0 == 0.5 } && curve.ranges.allSatisfy { $0 == 0...1 })
    #expect(curve.averages?.allSatisfy { abs($0 - 0.5) < 1e-12 } == true)
  }

  @Test func `averages of a constant are that constant from the first on`() {
    #expect(Curve.averaged([3, 3, .nan, 3], keeping: 0.9).allSatisfy { abs($0 - 3) < 1e-12 })
    let step = Curve.averaged([0, 1], keeping: 0.5)
    #expect(step[0] == 0 && abs(step[1] - 2.0 / 3) < 1e-12)
  }

  @Test(arguments: [(0.0, 1.0), (-3.2, 17.9), (0.00012, 0.00031), (1200, 98_000), (5, 5.0001)])
  func `ticks are round, inside and neither few nor many`(low: Double, high: Double) {
    let ticks = Ticks(in: low...high, about: 5)
    #expect((3...11).contains(ticks.values.count), "\(ticks.values)")
    #expect(ticks.values.allSatisfy { $0 >= low && $0 <= high })
    let digits = ticks.values.map(ticks.text)
    #expect(Set(digits).count == digits.count, "\(digits)")
  }

  @Test func `numbers beside an axis are short`() {
    let ticks = Ticks(in: 0...1, about: 5)
    #expect(ticks.values.map(ticks.text) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    let wide = Ticks(in: 0...60_000, about: 6, wholeNumbers: true)
    #expect(wide.values.map(wide.text) == ["0", "10k", "20k", "30k", "40k", "50k", "60k"])
    #expect(Ticks(in: 0...3, about: 6, wholeNumbers: true).values == [0, 1, 2, 3])
  }

  @Test func `a plot is one figure whatever the names are and breaks at missing values`() {
    let curve = Curve(name: "<a & \"b\">", points: [(0, 1), (1, 2), (2, .nan), (3, 1), (4, 3)])
    let html = CurvePlot(title: "A <b>", curves: [curve], marks: [2]).html
    #expect(!html.contains("<b>\"") && html.contains("&lt;a &amp; &quot;b&quot;&gt;"))
    #expect(html.contains("resumed at step 2"))
    let line = html.split(separator: "\n").first { $0.contains("class=\"line c0\"") } ?? ""
    #expect(line.count { $0 == "M" } == 2 && line.count { $0 == "L" } == 2, "\(line)")
    #expect(!html.contains("nan") && !html.contains("inf"))
  }

  @Test func `a plot of nothing and of one value has axes`() {
    for points in [[], [(step: 7, value: 3.0)], [(step: 1, value: Double.nan)]] {
      let html = CurvePlot(title: "t", curves: [Curve(name: "x", points: points)], marks: []).html
      #expect(html.contains("</svg>") && !html.contains("nan") && !html.contains("inf"))
    }
  }
}
