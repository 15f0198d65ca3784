import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// Every divergence against PyTorch in double precision: values and gradients, on moderate outputs and on ±80.
@Suite struct DivergenceGoldenTests {
  /// The file that Scripts/golden/divergences.py has made.
  struct Golden: Decodable {
    struct Point: Decodable {
      let shape: [Int]
      let real: [Float]
      let fake: [Float]
    }
    struct Loss: Decodable {
      let value: Double
      let real: [Double]
      let fake: [Double]
    }
    struct Case: Decodable {
      let loss: String
      let point: String
      let critic: Loss
      let generator: Loss
      let k: [Double]?
    }
    let torch: String
    let points: [String: Point]
    let cases: [Case]

    static func read() throws -> Golden {
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/divergences.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
  }

  /// A value and its slopes, as the engine has them.
  static func evaluated(_ real: Tensor, _ fake: Tensor, _ loss: (Tensor, Tensor) -> Tensor) -> [[Float]] {
    let (r, f) = (real.asLeaf(), fake.asLeaf())
    let value = loss(r, f)
    return [value.values] + gradients(of: value, at: [r, f]).map { $0?.values ?? [] }
  }

  /// `|found - expected| / (|expected| + 0.01)`, at its largest; what nothing depends on may be missing or zero.
  static func error(_ found: [Float], _ expected: [Double]) -> Double {
    let wanted = expected.isEmpty ? found.map { _ in 0 } : expected
    let own = found.isEmpty ? wanted.map { _ in 0 } : found
    guard own.count == wanted.count else { return .infinity }
    return zip(own, wanted).reduce(0) { largest, pair in
      let error = abs(Double(pair.0) - pair.1) / (abs(pair.1) + 0.01)
      return error.isNaN ? .infinity : max(largest, error)
    }
  }

  /// Losses of a dozen operations in Float, each rounding by 6e-8, of terms that cancel by up to a factor of ten.
  static let tolerance = 1e-5

  @Test func `values and gradients agree with PyTorch in double precision`() throws {
    let golden = try Golden.read()
    var largest = (error: 0.0, place: "")
    for golden in golden.cases.map({ ($0, golden.points[$0.point]) }) {
      let (expected, point) = (golden.0, try #require(golden.1))
      let loss = try divergences.parse(expected.loss)
      let (real, fake) = (Tensor(point.real, shape: point.shape), Tensor(point.fake, shape: point.shape))
      let store = ParameterStore(name: "critic")
      let state = GameState(loss.state, in: Scope(store))
      store.allocate(seed: 1)
      if let k = expected.k { state["k"] = Tensor(Float(k[0])) }
      let critic = Self.evaluated(real, fake) { loss.criticLoss(real: $0, fake: $1, state) }
      let generator = Self.evaluated(real, fake) { loss.generatorLoss(real: loss.generatorNeedsReal ? $0 : nil, fake: $1) }
      for (what, found, wanted) in [("critic", critic, expected.critic), ("generator", generator, expected.generator)] {
        for (part, error) in [
          ("value", Self.error(found[0], [wanted.value])), ("slope at real", Self.error(found[1], wanted.real)),
          ("slope at fake", Self.error(found[2], wanted.fake)),
        ] {
          let place = "\(expected.loss), \(expected.point): \(what)'s \(part)"
          #expect(error < Self.tolerance, "\(place): \(error); found \(found), PyTorch \(wanted)")
          if error > largest.error { largest = (error, place) }
        }
      }
      if let k = expected.k {
        #expect(abs(Double(state["k"].scalar) - k[1]) < 1e-6, "\(expected.loss): k \(state["k"].scalar), PyTorch \(k[1])")
      }
    }
    print("\(golden.cases.count) cases against PyTorch \(golden.torch): largest error \(largest.error), \(largest.place)")
  }

  @Test func `every form has its cases, on moderate outputs and on large ones`() throws {
    let golden = try Golden.read()
    #expect(golden.torch.hasPrefix("2."))
    for form in DivergenceForms.all {
      let points = golden.cases.filter { $0.loss == form }.map(\.point)
      #expect(points.count == 2 && points.filter { $0.hasPrefix("large") }.count == 1, "\(form): \(points); run the script again")
    }
    #expect(golden.points["large"]?.real.contains(80) == true && golden.points["large"]?.fake.contains(-80) == true)
  }

  @Test func `a wrong number is found`() {
    #expect(Self.error([1.0001], [1]) > Self.tolerance && Self.error([.nan], [1]) == .infinity && Self.error([1, 2], [1]) == .infinity)
    #expect(Self.error([0.1], []) > 1 && Self.error([], [0.1]) > 0.5 && Self.error([1], [1]) == 0)
  }
}
