import Kernels
public import Layers

/// RMSProp: `v ← ρv + (1-ρ)g²`, `θ ← θ - α g / (√v + ε)`.
///
/// ε stands outside of the root, as in PyTorch; TensorFlow has it inside.
/// - Source: Hinton, Srivastava, Swersky 2012, "Neural Networks for Machine Learning", lecture 6e.
///   https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
public final class RMSProp: Optimizer {
  public static let name = "rmsprop"
  public static let momentCount = 1
  public let learningRate: Float
  /// Decay ρ of the second moment.
  public let decay: Float
  /// Added to the root of the second moment.
  public let epsilon: Float
  public var updateCount = 0
  private var secondMoment: FlatMemory?
  private let store: ParameterStore

  /// An optimizer of the parameters of `store`; ρ and ε default to PyTorch's, which WGAN's authors used.
  public init(_ store: ParameterStore, learningRate: Float, decay: Float = 0.99, epsilon: Float = 1e-8) {
    self.store = store
    self.learningRate = learningRate
    self.decay = decay
    self.epsilon = epsilon
  }

  public func update(_ store: ParameterStore, step: Int, rate: Float) {
    let (values, gradient) = store.valuesAndGradient(Self.name)
    updateCount += 1
    let first = store.share.lowerBound
    unsafe Kernels.rmsPropStep(
      parameters: values.pointer + first, gradient: gradient.pointer + first, secondMoment: allocated().pointer + first,
      count: store.share.count, learningRate: learningRate * rate, decay: decay, epsilon: epsilon)
  }

  public var state: [(name: String, memory: FlatMemory)] {
    store.values.map { _ in [("secondMoment", allocated())] } ?? []
  }

  private func allocated() -> FlatMemory {
    let memory = secondMoment ?? store.makeMemory()
    secondMoment = memory
    return memory
  }
}
