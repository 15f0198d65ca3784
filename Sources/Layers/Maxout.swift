public import Tensors

/// The largest of several linear functions, for each unit: `yᵤ = maxₚ (x W + b)ₚᵤ`, `[batch, inputs]` to `[batch, units]`.
///
/// The dense layer's columns hold all units of piece 0, then those of piece 1, and so on. At ties the gradient goes to the first piece.
/// - Source: Goodfellow et al. 2013, "Maxout Networks", section 3. https://arxiv.org/abs/1302.4389
public struct Maxout {
  private let dense: Dense
  private let units: Int
  private let pieces: Int
  private let path: String

  /// A layer in `scope`.
  public init(
    _ scope: Scope, from inputs: Int, to units: Int, pieces: Int, initializer: Initializer = .orthogonal,
    spectral: SpectralNorm.Settings? = nil
  ) {
    precondition(units > 0 && pieces > 0, "\(scope.path): maxout of \(units) units with \(pieces) pieces; 1 or more are needed")
    (self.units, self.pieces) = (units, pieces)
    path = scope.path
    dense = Dense(scope, from: inputs, to: units * pieces, initializer: initializer, spectral: spectral)
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      let y = dense(x, mode)
      func piece(_ index: Int) -> Tensor { y.slice(axis: 1, (index * units)..<((index + 1) * units)) }
      // max(a, b) = a + max(b - a, 0).
      return (1..<pieces).reduce(piece(0)) { largest, index in largest + (piece(index) - largest).rectified() }
    }
  }
}
