public import Tensors

/// In training every number is 0 with probability `rate`, and otherwise divided by `1 - rate`; in inference nothing happens.
///
/// The mask is drawn by the global sample and the layer's path.
/// - Source: Srivastava et al. 2014, "Dropout", section 4 (which scales the weights at test time instead).
///   https://jmlr.org/papers/v15/srivastava14a.html
public struct Dropout {
  private let rate: Float
  private let path: String

  /// A layer in `scope` that leaves out a share of `rate`, from 0 to below 1.
  public init(_ scope: Scope, rate: Float) {
    precondition((0..<1).contains(rate), "\(scope.path): dropout of rate \(rate); 0 to below 1 is needed")
    self.rate = rate
    path = scope.path
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode, _ draws: PassDraws) -> Tensor {
    guard mode != .inference, rate > 0 else { return x }
    return named(path) {
      // 1 for every number below the share that stays, 0 for all others.
      let kept = ((1 - rate - draws.uniform(path, like: x)) * Float.greatestFiniteMagnitude).clamped(from: 0, to: 1)
      return x * (kept * (1 / (1 - rate)))
    }
  }
}

/// In training, normal numbers of this deviation are added; in inference nothing happens.
public struct GaussianNoise {
  private let deviation: Float
  private let path: String

  /// A layer in `scope`.
  public init(_ scope: Scope, deviation: Float) {
    self.deviation = deviation
    path = scope.path
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode, _ draws: PassDraws) -> Tensor {
    guard mode != .inference, deviation > 0 else { return x }
    return named(path) { x + draws.normal(path, like: x) * deviation }
  }
}
