import Layers
import Optimization
import Tensors
import TestSupport
import Testing

@Suite struct OptimizationTests {
  /// A store with one parameter `x`, and a function that makes its gradient `g`.
  static func store(_ count: Int) -> (ParameterStore, Parameter, ([Float]) -> Void) {
    let store = ParameterStore(name: "test")
    let parameter = Scope(store).parameter("x", [count], .normal(deviation: 1))
    store.allocate(seed: 4)
    return (store, parameter, { gradient in _ = store.gradient { (parameter.tensor * Tensor(gradient, shape: [count])).sum() } })
  }

  static let gradients = (0..<5).map { step in Samples.normal([33], step).values }

  @Test func `Adam agrees with its formula in Double`() {
    let (store, parameter, setGradient) = Self.store(33)
    let adam = Adam(store, .init(learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-6))
    var x = parameter.tensor.values.map(Double.init)
    var (m, v) = ([Double](repeating: 0, count: 33), [Double](repeating: 0, count: 33))
    for (step, gradient) in Self.gradients.enumerated() {
      setGradient(gradient)
      adam.update(store)
      let (power1, power2) = ((0...step).reduce(1.0) { p, _ in p * 0.5 }, (0...step).reduce(1.0) { p, _ in p * 0.9 })
      for index in x.indices {
        let g = Double(gradient[index])
        m[index] = 0.5 * m[index] + 0.5 * g
        v[index] = 0.9 * v[index] + 0.1 * g * g
        x[index] -= 0.01 * (m[index] / (1 - power1)) / ((v[index] / (1 - power2)).squareRoot() + 1e-6)
      }
    }
    for (found, expected) in zip(parameter.tensor.values, x) { #expect(abs(Double(found) - expected) < 1e-6) }
    #expect(adam.updateCount == 5 && adam.state.map(\.name) == ["firstMoment", "secondMoment"])
  }

  @Test func `gradient descent with momentum agrees with its formula in Double`() {
    let (store, parameter, setGradient) = Self.store(33)
    let descent = GradientDescent(store, learningRate: 0.1, momentum: 0.9)
    var x = parameter.tensor.values.map(Double.init)
    var velocity = [Double](repeating: 0, count: 33)
    for gradient in Self.gradients {
      setGradient(gradient)
      descent.update(store)
      for index in x.indices {
        velocity[index] = 0.9 * velocity[index] + Double(gradient[index])
        x[index] -= 0.1 * velocity[index]
      }
    }
    for (found, expected) in zip(parameter.tensor.values, x) { #expect(abs(Double(found) - expected) < 1e-5) }
  }

  @Test func `AdamW agrees with its formula in Double, and its decay is not Adam's gradient`() {
    let (store, parameter, setGradient) = Self.store(33)
    let adam = Adam(store, .init(learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.5))
    var x = parameter.tensor.values.map(Double.init)
    var (m, v) = ([Double](repeating: 0, count: 33), [Double](repeating: 0, count: 33))
    for (step, gradient) in Self.gradients.enumerated() {
      setGradient(gradient)
      adam.update(store, step: step, rate: 0.5)
      let (power1, power2) = ((0...step).reduce(1.0) { p, _ in p * 0.5 }, (0...step).reduce(1.0) { p, _ in p * 0.9 })
      for index in x.indices {
        let g = Double(gradient[index])
        m[index] = 0.5 * m[index] + 0.5 * g
        v[index] = 0.9 * v[index] + 0.1 * g * g
        x[index] -= 0.01 * 0.5 * x[index]
        x[index] -= 0.01 * (m[index] / (1 - power1)) / ((v[index] / (1 - power2)).squareRoot() + 1e-6)
      }
    }
    for (found, expected) in zip(parameter.tensor.values, x) { #expect(abs(Double(found) - expected) < 1e-6) }
  }

  @Test func `RMSProp agrees with its formula in Double`() {
    let (store, parameter, setGradient) = Self.store(33)
    let rule = RMSProp(store, learningRate: 0.02, decay: 0.8, epsilon: 1e-3)
    var x = parameter.tensor.values.map(Double.init)
    var v = [Double](repeating: 0, count: 33)
    for (step, gradient) in Self.gradients.enumerated() {
      setGradient(gradient)
      rule.update(store, step: step, rate: 0.5)
      for index in x.indices {
        let g = Double(gradient[index])
        v[index] = 0.8 * v[index] + 0.2 * g * g
        x[index] -= 0.01 * g / (v[index].squareRoot() + 1e-3)
      }
    }
    for (found, expected) in zip(parameter.tensor.values, x) { #expect(abs(Double(found) - expected) < 1e-6) }
    #expect(rule.updateCount == 5 && rule.state.map(\.name) == ["secondMoment"])
  }

  @Test func `momentum follows its schedule, and the step size its factor`() {
    let (store, parameter, setGradient) = Self.store(33)
    let descent = GradientDescent(store, learningRate: 0.2, momentum: .linear(from: 0.5, to: 0.9, after: 1, over: 2))
    var x = parameter.tensor.values.map(Double.init)
    var velocity = [Double](repeating: 0, count: 33)
    for (step, gradient) in Self.gradients.enumerated() {
      setGradient(gradient)
      descent.update(store, step: step, rate: step == 0 ? 1 : 0.5)
      let momentum = [0.5, 0.5, 0.7, 0.9, 0.9][step]
      for index in x.indices {
        velocity[index] = momentum * velocity[index] + Double(gradient[index])
        x[index] -= (step == 0 ? 0.2 : 0.1) * velocity[index]
      }
    }
    for (found, expected) in zip(parameter.tensor.values, x) { #expect(abs(Double(found) - expected) < 1e-5) }
  }

  @Test func `an average copies before its start and decays after it`() {
    let (store, parameter, setGradient) = Self.store(5)
    let average = WeightAverage(store, decay: 0.75, start: 2)
    let descent = GradientDescent(store, learningRate: 0.1)
    var expected: [Float] = []
    for step in 0..<4 {
      setGradient(Array(Self.gradients[step][..<5]))
      descent.update(store)
      average.update(step: step)
      let x = parameter.tensor.values
      expected = step < 2 ? x : zip(expected, x).map { 0.75 * $0 + 0.25 * $1 }
      let found = average.allocated.values
      for index in 0..<5 { #expect(unsafe abs(found.pointer[index] - expected[index]) < 1e-6, "step \(step)") }
    }
  }
}
