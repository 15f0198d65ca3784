public import Tensors

/// `y = x W + b`, `[..., inputs]` to `[..., outputs]`.
public struct Dense {
  /// The matrix `[inputs, outputs]`.
  public let weight: Weight
  private let bias: Parameter?
  private let path: String

  /// A dense layer in `scope`, its bias starting at 0 unless `biasInitializer` says otherwise.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, bias: Bool = true, initializer: Initializer = .orthogonal,
    biasInitializer: Initializer = .zeros, spectral: SpectralNorm.Settings? = nil
  ) {
    path = scope.path
    weight = Weight(scope, [inputs, outputs], initializer, spectral: spectral)
    self.bias = bias ? scope.parameter("bias", [outputs], biasInitializer) : nil
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      let y = x.rowProduct(weight(mode))
      return bias.map { y + $0.tensor } ?? y
    }
  }
}

/// One learned row for each class: `[batch, width]` from class labels.
public struct Embedding {
  /// The table `[classes, width]`.
  public let weight: Weight
  private let path: String

  /// A table in `scope`.
  public init(
    _ scope: Scope, classes: Int, width: Int, initializer: Initializer = .orthogonal, spectral: SpectralNorm.Settings? = nil
  ) {
    path = scope.path
    weight = Weight(scope, [classes, width], initializer, spectral: spectral, isTable: true)
  }

  /// The rows of `labels`; between two classes the rows on the straight line between theirs.
  public func callAsFunction(_ labels: Labels, _ mode: Mode) -> Tensor {
    named(path) {
      let table = weight(mode)
      let rows = table.gathered(labels.values, layout: labels.layout)
      guard let blend = labels.blend else { return rows }
      let shares = Tensor(blend.shares, shape: [blend.shares.count, 1])
      return rows * (1 - shares) + table.gathered(blend.others, layout: labels.layout) * shares
    }
  }
}

/// One class index for each local sample.
public struct Labels {
  /// Class indices from 0.
  public let values: [Int32]
  /// Shards of the samples; nil when replicated.
  public let layout: BatchLayout?
  /// Second classes, for samples between two; nil in training.
  public let blend: Blend?

  /// A second class for each sample, and how far the sample is on the way to it.
  public struct Blend {
    /// Class indices from 0.
    public let others: [Int32]
    /// 0: the first class; 1: the second.
    public let shares: [Float]
  }

  /// Replicated labels on the way from `values` to `others`, as far as `shares` say.
  public init(_ values: [Int32], toward others: [Int32], shares: [Float]) {
    precondition(
      values.count == others.count && values.count == shares.count,
      "Labels: \(values.count) labels, \(others.count) second ones and \(shares.count) shares")
    self.values = values
    layout = nil
    blend = Blend(others: others, shares: shares)
  }

  /// Labels of the samples of `layout`, or replicated ones.
  public init(_ values: [Int32], layout: BatchLayout? = nil) {
    precondition(layout.map { $0.count == values.count } ?? true, "Labels: \(values.count) labels for \(layout?.count ?? 0) samples")
    self.values = values
    self.layout = layout
    blend = nil
  }

  /// These labels, then `other`'s, as in `concatenated([…], axis: 0)`.
  public func concatenated(with other: Labels) -> Labels {
    let joined = layout.flatMap { own in other.layout.map { own.concatenated(with: $0) } }
    return Labels(values + other.values, layout: joined)
  }
}
