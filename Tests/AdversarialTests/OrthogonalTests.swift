import Layers
import Tensors
import Testing

@testable import Adversarial

@Suite struct OrthogonalTests {
  /// A store of one weight with drawn numbers.
  func store(_ shape: [Int]) -> (ParameterStore, Parameter) {
    let store = ParameterStore(name: "net")
    let weight = Scope(store).parameter("weight", shape, .normal(deviation: 0.7))
    store.allocate(seed: 3)
    return (store, weight)
  }

  @Test(arguments: [[9, 4], [3, 3, 2, 5], [4, 9], [2, 11], [5, 5]], Orthogonal.Form.allCases)
  func `value and gradient are those of all pairs of filters`(_ shape: [Int], _ form: Orthogonal.Form) throws {
    let (store, weight) = store(shape)
    let columns = shape[shape.count - 1]
    let rows = shape.reduce(1, *) / columns
    let numbers = weight.tensor.values.map(Double.init)
    func product(_ i: Int, _ j: Int) -> Double { (0..<rows).reduce(0) { $0 + numbers[$1 * columns + i] * numbers[$1 * columns + j] } }
    var value = 0.0
    var slope = [Double](repeating: 0, count: numbers.count)
    for i in 0..<columns {
      for j in 0..<columns where i != j || form == .plain {
        let excess = product(i, j) - (i == j ? 1 : 0)
        value += excess * excess
        for row in 0..<rows { slope[row * columns + i] += 4 * numbers[row * columns + j] * excess }
      }
    }
    var term = Orthogonal(strength: 0.01)
    term.form = form
    let found = store.gradient { term.penalty(store) }
    #expect(abs(Double(found.scalar) - 0.01 * value) < 1e-6 * 0.01 * value)
    let flat = try #require(store.gradientValues)
    let scale = slope.map(abs).max() ?? 1
    for index in slope.indices { #expect(abs(Double(unsafe flat.pointer[index]) - 0.01 * slope[index]) < 2e-6 * 0.01 * scale) }
  }
}
