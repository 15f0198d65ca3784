public import Tensors

/// A weight as its layer computes with it: as learned, over its largest singular value, or by direction and length.
public struct Weight {
  private let parameter: Parameter
  private let norm: (any WeightTransformation)?

  /// Registers `weight` in `scope`.
  /// - Parameters:
  ///   - scope: where the weight is registered.
  ///   - shape: lengths of its axes.
  ///   - initializer: what its first values are drawn from.
  ///   - spectral: settings of its spectral norm, nil for none.
  ///   - isTable: whether it is a table of rows by class, as embeddings are.
  ///   - outputAxis: the axis of the layer's outputs, nil for the last one.
  public init(
    _ scope: Scope, _ shape: [Int], _ initializer: Initializer, spectral: SpectralNorm.Settings?, isTable: Bool = false,
    outputAxis: Int? = nil
  ) {
    parameter = scope.parameter("weight", shape, initializer, isTable: isTable)
    let rule = scope.store.weights
    if rule == .normalized && !isTable {
      norm = WeightNorm(scope, weight: parameter, shape: shape, axis: outputAxis ?? shape.count - 1)
    } else {
      let weight = parameter
      norm = rule.spectral(spectral, isTable: isTable).map { SpectralNorm(scope, weight: weight, shape: shape, settings: $0) }
    }
  }

  /// The weight to compute with.
  public func callAsFunction(_ mode: Mode) -> Tensor {
    guard let norm else { return parameter.tensor }
    return parameter.store.remembering("\(norm.path) \(mode)") { norm(parameter.tensor, mode) }
  }
  /// The weight as learned.
  public var raw: Tensor { parameter.tensor }
}

/// What is done to a weight before a layer computes with it.
protocol WeightTransformation {
  /// Dotted path of the layer.
  var path: String { get }
  /// The weight to compute with, in the shape of `weight`.
  func callAsFunction(_ weight: Tensor, _ mode: Mode) -> Tensor
}

/// What becomes of the weights that a store's layers register.
public enum WeightRule: Sendable, Equatable {
  /// What the network's author gave each layer.
  case asBuilt
  /// No spectral norm.
  case plain
  /// Spectral norm on every weight; tables keep what their author gave them.
  case spectral(SpectralNorm.Settings)
  /// Direction and length on every weight, no spectral norm; tables keep what their author gave them.
  case normalized

  func spectral(_ given: SpectralNorm.Settings?, isTable: Bool) -> SpectralNorm.Settings? {
    switch self {
    case .asBuilt: given
    case .plain: nil
    case .spectral(let settings): isTable ? given : settings
    case .normalized: isTable ? given : nil
    }
  }
}
