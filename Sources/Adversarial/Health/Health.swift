/// How a game stands at one moment, beside its losses.
///
/// Measured on the global batch, with the numbers that the networks have after a step; the same bits on any number of ranks.
public struct Health: Sendable, Equatable {
  /// Something measured on real images and on generated ones.
  public struct Pair: Sendable, Equatable {
    /// On real images; nil where it is undefined.
    public var real: Float?
    /// On generated images.
    public var fake: Float

    /// A pair of numbers.
    public init(real: Float?, fake: Float) {
      self.real = real
      self.fake = fake
    }
  }

  /// A number by name.
  public struct Entry: Sendable, Equatable {
    /// Name within its quantity.
    public var name: String
    /// The number.
    public var value: Float

    /// A number of this name.
    public init(_ name: String, _ value: Float) {
      self.name = name
      self.value = value
    }
  }

  /// Share of the critic's logits on the right side of the divergence's `threshold`, in [0, 1]; nil for a divergence without one.
  public var accuracy: Pair?
  /// Mean length of the critic's slope `‖∇ₓ D(x)‖` over an image's numbers, in logits (energy, witness) per unit of pixels in [-1, 1]. In a critic
  /// with batch norm it includes what an image does to the others' logits. Of the witness where the loss compares features.
  public var slopes: Pair
  /// What the generator's loss makes of the critic's slope: `Σᵢ |∂L/∂D(G(zᵢ))|` over the global batch. 1 for losses that are linear in the
  /// logits, near 0 where the loss is flat whatever the critic's slope. Nil where the loss compares features.
  public var lossSlope: Float?
  /// Root of the mean squared difference of two images' numbers, in [0, 2]: real images of the batch, pair by pair; generated ones of the
  /// same class from different z. Real ones are nil for a batch of one.
  public var distances: Pair
  /// Norm of the last gradient of each network over all its parameters, after gradient clipping.
  public var gradients: [Entry]
  /// Root of the mean square of the generator's last gradient over its parameters.
  public var generatorGradient: Float
  /// Largest singular value among the weights of each group of the critic's layers: a block, or a layer outside of blocks.
  public var singularValues: [Entry]

  /// A state of these numbers.
  public init(
    accuracy: Pair?, slopes: Pair, lossSlope: Float?, distances: Pair, gradients: [Entry], generatorGradient: Float,
    singularValues: [Entry]
  ) {
    self.accuracy = accuracy
    self.slopes = slopes
    self.lossSlope = lossSlope
    self.distances = distances
    self.gradients = gradients
    self.generatorGradient = generatorGradient
    self.singularValues = singularValues
  }

  /// All numbers by quantity, as logs and curves show them; those that are undefined are left out.
  public var quantities: [(name: String, entries: [Entry])] {
    func entries(_ pair: Pair?) -> [Entry] {
      guard let pair else { return [] }
      return (pair.real.map { [Entry("real", $0)] } ?? []) + [Entry("fake", pair.fake)]
    }
    return [
      ("accuracy", entries(accuracy)), ("slope", entries(slopes)), ("loss slope", lossSlope.map { [Entry("fake", $0)] } ?? []),
      ("distance", entries(distances)), ("gradient", gradients), ("singular value", singularValues),
    ].filter { !$0.1.isEmpty }
  }
}

/// A model whose health can be measured.
public protocol Examined: Recipe {
  /// Measures; all ranks come here after a step. Nothing that training reads or draws is changed.
  /// - Parameter context: real images of the step, and random streams that no phase has.
  func health(_ context: StepContext) -> Health
}
