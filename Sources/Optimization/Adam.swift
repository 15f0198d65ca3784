import Kernels
public import Layers

/// Adam: `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`, `θ ← (1 - αλ)θ - α · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)`; with a weight decay λ it is
/// AdamW.
/// - Source: Kingma, Ba 2015, algorithm 1. https://arxiv.org/abs/1412.6980; AdamW: Loshchilov, Hutter 2019, algorithm 2, with the step
///   size in the decay as PyTorch has it. https://arxiv.org/abs/1711.05101
public final class Adam: Optimizer {
  public static let name = "adam"
  public static let momentCount = 2

  /// Step size and decay rates.
  public struct Settings: Sendable, Equatable {
    /// Step size α.
    public var learningRate: Float
    /// Decay of the first moment.
    public var beta1: Float
    /// Decay of the second moment.
    public var beta2: Float
    /// Added to the root of the second moment.
    public var epsilon: Float
    /// Decoupled decay λ of the parameters; 0: plain Adam.
    public var weightDecay: Float
    /// Settings of these numbers; β and ε default to the paper's.
    public init(learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// Step size and decay rates.
  public let settings: Settings
  public var learningRate: Float { settings.learningRate }
  public var updateCount = 0
  private var moments: (first: FlatMemory, second: FlatMemory)?
  private let store: ParameterStore

  /// An optimizer of the parameters of `store`.
  public init(_ store: ParameterStore, _ settings: Settings) {
    self.store = store
    self.settings = settings
  }

  public func update(_ store: ParameterStore, step: Int, rate: Float) {
    let (values, gradient) = store.valuesAndGradient(Self.name)
    let moments = allocated()
    updateCount += 1
    let correction1 = 1 - Float(power(settings.beta1, updateCount))
    let correction2 = 1 - Float(power(settings.beta2, updateCount))
    let learningRate = settings.learningRate * rate
    let first = store.share.lowerBound
    unsafe Kernels.adam(
      parameters: values.pointer + first, gradient: gradient.pointer + first, firstMoment: moments.first.pointer + first,
      secondMoment: moments.second.pointer + first, count: store.share.count, learningRate: learningRate, beta1: settings.beta1,
      beta2: settings.beta2, epsilon: settings.epsilon,
      correction1: correction1, correction2: correction2, keep: 1 - learningRate * settings.weightDecay)
  }

  public var state: [(name: String, memory: FlatMemory)] {
    guard store.values != nil else { return [] }
    let moments = allocated()
    return [("firstMoment", moments.first), ("secondMoment", moments.second)]
  }

  private func allocated() -> (first: FlatMemory, second: FlatMemory) {
    let memory = moments ?? (store.makeMemory(), store.makeMemory())
    moments = memory
    return memory
  }
}
