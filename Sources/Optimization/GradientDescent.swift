import Kernels
public import Layers

/// Gradient descent with momentum: `v ← μv + g`, `θ ← θ - αv`.
///
/// μ may follow a schedule: GAN's and cGAN's authors raise it over the first epochs.
/// - Source: Polyak 1964, in the form of Sutskever et al. 2013, section 2, with the step size outside the velocity.
public final class GradientDescent: Optimizer {
  public static let name = "sgd"
  public static let momentCount = 1
  public let learningRate: Float
  /// Momentum μ at each step.
  public let momentum: Schedule
  public var updateCount = 0
  private var velocity: FlatMemory?
  private let store: ParameterStore

  /// An optimizer of the parameters of `store`.
  public init(_ store: ParameterStore, learningRate: Float, momentum: Schedule = 0.0) {
    self.store = store
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public func update(_ store: ParameterStore, step: Int, rate: Float) {
    let (values, gradient) = store.valuesAndGradient(Self.name)
    updateCount += 1
    let first = store.share.lowerBound
    unsafe Kernels.momentumStep(
      parameters: values.pointer + first, gradient: gradient.pointer + first, velocity: allocated().pointer + first,
      count: store.share.count,
      learningRate: learningRate * rate, momentum: momentum.value(at: step))
  }

  public var state: [(name: String, memory: FlatMemory)] {
    store.values.map { _ in [("velocity", allocated())] } ?? []
  }

  private func allocated() -> FlatMemory {
    let memory = velocity ?? store.makeMemory()
    velocity = memory
    return memory
  }
}
