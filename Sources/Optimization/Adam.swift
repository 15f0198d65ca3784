import Kernels
public import Layers

/// Adam: `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`, `θ ← θ - α · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)`.
/// - Source: Kingma, Ba 2015, algorithm 1. https://arxiv.org/abs/1412.6980
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
    /// Settings of these numbers; β and ε default to the paper's.
    public init(learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
    }
  }

  /// Step size and decay rates.
  public let settings: Settings
  public var updateCount = 0
  private var moments: (first: FlatMemory, second: FlatMemory)?
  private let store: ParameterStore

  /// An optimizer of the parameters of `store`.
  public init(_ store: ParameterStore, _ settings: Settings) {
    self.store = store
    self.settings = settings
  }

  public func update(_ store: ParameterStore) {
    let (values, gradient) = store.valuesAndGradient(Self.name)
    let moments = allocated()
    updateCount += 1
    let correction1 = 1 - power(settings.beta1, updateCount)
    let correction2 = 1 - power(settings.beta2, updateCount)
    let first = store.share.lowerBound
    unsafe Kernels.adam(
      parameters: values.pointer + first, gradient: gradient.pointer + first, firstMoment: moments.first.pointer + first,
      secondMoment: moments.second.pointer + first, count: store.share.count, learningRate: settings.learningRate, beta1: settings.beta1,
      beta2: settings.beta2, epsilon: settings.epsilon,
      correction1: correction1, correction2: correction2)
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

  /// `βᵗ` in Double by repeated squaring: the library's `pow` may differ in the last bit between machines.
  private func power(_ base: Float, _ exponent: Int) -> Float {
    var result = 1.0
    var factor = Double(base)
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return Float(result)
  }
}
