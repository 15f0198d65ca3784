import Kernels

/// How an array gets its first values. Fans count a kernel `[..., inputs, outputs]`: its last axis is the output, all others the input.
public enum Initializer: Sendable, Equatable {
  case zeros
  case ones
  /// `value` everywhere.
  case constant(Float)
  /// N(mean, deviation²).
  case normal(mean: Float = 0, deviation: Float)
  /// U(low, high).
  case uniform(Float, Float)
  /// U(-a, a), a = √(6 / (fanIn + fanOut)). Glorot, Bengio 2010, eq. (16).
  case xavier
  /// Haar-distributed orthonormal rows or columns, whichever are fewer. Saxe et al. 2014.
  case orthogonal

  /// Draws from a stream keyed by `seed` and `path`, so that a value never depends on what else the network holds.
  func fill(_ target: UnsafeMutablePointer<Float>, shape: [Int], seed: UInt64, path: String) {
    let count = shape.reduce(1, *)
    let key = RandomKey(seed: seed, purpose: textHash(path), step: 0)
    let outputs = shape.last ?? 1
    let inputs = count / max(outputs, 1)
    switch self {
    case .zeros: unsafe target.update(repeating: 0, count: count)
    case .ones: unsafe target.update(repeating: 1, count: count)
    case .constant(let value): unsafe target.update(repeating: value, count: count)
    case .normal(let mean, let deviation):
      unsafe Kernels.fillNormal(key, firstRow: 0, rowCount: 1, rowSize: count, target)
      unsafe Kernels.affine(target, scale: deviation, offset: mean, target, count)
    case .uniform(let low, let high):
      unsafe Kernels.fillUniform(key, firstRow: 0, rowCount: 1, rowSize: count, target)
      unsafe Kernels.affine(target, scale: high - low, offset: low, target, count)
    case .xavier:
      // A kernel [height, width, inputs, outputs] has fanOut = outputs·height·width.
      let pixels = shape.dropLast(2).reduce(1, *)
      let bound = (6 / Float(inputs + outputs * pixels)).squareRoot()
      unsafe Kernels.fillUniform(key, firstRow: 0, rowCount: 1, rowSize: count, target)
      unsafe Kernels.affine(target, scale: 2 * bound, offset: -bound, target, count)
    case .orthogonal:
      unsafe Kernels.fillNormal(key, firstRow: 0, rowCount: 1, rowSize: count, target)
      unsafe Kernels.orthonormalize(target, rows: inputs, columns: outputs)
    }
  }
}
