import Layers
import Tensors
import Testing

@Suite struct InitializerTests {
  static func drawn(_ shape: [Int], _ initializer: Initializer, path: String = "weight", seed: UInt64 = 5) -> [Float] {
    let store = ParameterStore(name: "net")
    let parameter = Scope(store).parameter(path, shape, initializer)
    store.allocate(seed: seed)
    return parameter.tensor.values
  }

  static func moments(_ values: [Float]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    return (mean, values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count))
  }

  @Test func `constants are constant`() {
    #expect(Self.drawn([3, 2], .zeros).allSatisfy { $0 == 0 })
    #expect(Self.drawn([3, 2], .ones).allSatisfy { $0 == 1 })
    #expect(Self.drawn([3, 2], .constant(-1.5)).allSatisfy { $0 == -1.5 })
  }

  @Test func `normal numbers have their mean and deviation`() {
    let (mean, variance) = Self.moments(Self.drawn([100, 100], .normal(mean: 1, deviation: 0.02)))
    // Four standard errors of 10,000 draws.
    #expect(abs(mean - 1) < 4 * 0.02 / 100)
    let ratio = variance / 0.0004
    #expect(abs(ratio - 1) < 4 * (2.0 / 10_000).squareRoot())
  }

  @Test(arguments: [([100, 150], 250.0), ([3, 3, 20, 30], 450.0)])
  func `Xavier's numbers are uniform within the root of 6 over the fans`(_ shape: [Int], _ fans: Double) {
    let values = Self.drawn(shape, .xavier)
    let bound = (6 / fans).squareRoot()
    let (mean, variance) = Self.moments(values)
    let count = Double(values.count)
    #expect(values.allSatisfy { abs(Double($0)) <= bound * 1.000001 } && values.contains { abs(Double($0)) > 0.99 * bound })
    #expect(abs(mean) < 4 * (bound * bound / 3 / count).squareRoot())
    // A uniform square has variance 4/45 of the bound's fourth power.
    let ratio = variance / (bound * bound / 3)
    #expect(abs(ratio - 1) < 4 * (0.8 / count).squareRoot())
  }

  @Test(arguments: [[3, 3, 4, 8], [4, 9], [9, 4], [6, 6], [5, 1]])
  func `orthogonal matrices have orthonormal rows or columns, whichever are fewer`(_ shape: [Int]) {
    let values = Self.drawn(shape, .orthogonal).map(Double.init)
    let columns = shape[shape.count - 1]
    let rows = values.count / columns
    let fewer = min(rows, columns)
    for i in 0..<fewer {
      for j in 0..<fewer {
        let product = (0..<max(rows, columns)).reduce(0.0) {
          rows >= columns
            ? $0 + values[$1 * columns + i] * values[$1 * columns + j] : $0 + values[i * columns + $1] * values[j * columns + $1]
        }
        let expected: Double = i == j ? 1 : 0
        #expect(abs(product - expected) < 1e-6)
      }
    }
  }

  @Test func `streams of different paths and seeds are independent`() {
    let streams = [
      Self.drawn([10_000], .normal(deviation: 1), path: "a"), Self.drawn([10_000], .normal(deviation: 1), path: "b"),
      Self.drawn([10_000], .normal(deviation: 1), path: "a", seed: 6),
    ]
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
      let correlation = zip(streams[first], streams[second]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / 10_000
      #expect(abs(correlation) < 4 / 100)
    }
    #expect(streams[0] == Self.drawn([10_000], .normal(deviation: 1), path: "a"))
  }
}
