import Kernels

/// `y = W / σ` with `σ = vᵀ W u`: the weight `W [..., columns]`, as a matrix of `columns`, divided by the singular value of the fixed vectors
/// `u [columns]` and `v [rows]`; the gradient flows through σ.
///
/// `dW = (c - Σ(c·W) v uᵀ / σ) / σ` for the cotangent `c`: two passes over the weight. Convolutions read W and the factor 1 / σ; for others
/// the quotient is made when they read it.
package struct SpectralDivision: Primitive {
  package static let name = "spectral division"
  /// σ where it is known.
  private let sigma: Float?
  /// 1 / σ, filled by `factor`.
  private let inverse = ScaleBox()

  private final class ScaleBox { var value: Float = 0 }

  /// - Parameter sigma: `vᵀ W u`, nil to have it computed.
  package init(sigma: Float? = nil) { self.sigma = sigma }

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    let (rows, columns) = Self.sizes(inputs[0])
    precondition(
      inputs[1] == [columns] && inputs[2] == [rows],
      "spectral division: weight \(inputs[0]) with vectors \(inputs[1]) and \(inputs[2]); [\(columns)] and [\(rows)] are needed")
    return inputs[0]
  }

  private static func sizes(_ shape: [Int]) -> (rows: Int, columns: Int) {
    let columns = shape.last ?? 1
    return (shape.reduce(1, *) / max(columns, 1), columns)
  }

  package var aliases: Bool { true }
  package func factor(_ inputs: [Tensor]) -> Float {
    inverse.value = 1 / (sigma ?? singularValue(inputs[0], inputs[1], inputs[2]))
    return inverse.value
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {}

  private func singularValue(_ weight: Tensor, _ u: Tensor, _ v: Tensor) -> Float {
    let (rows, columns) = Self.sizes(weight.shape)
    let image = Tensor.uninitialized([rows])
    let sigma = Tensor.uninitialized([])
    unsafe Kernels.replicatedProduct(
      weight.input, u.input, image.output, m: rows, n: 1, k: columns, transposeA: false, transposeB: false)
    unsafe Kernels.sumProducts(image.input, v.input, outer: 1, middle: rows, inner: 1, sigma.output)
    return sigma.scalar
  }

  package var keeps: Kept { .inputs(0, 1, 2) }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (weight, u, v) = (context.inputs[0], context.inputs[1].detached, context.inputs[2].detached)
    return [context.isRecording ? plainGradient(cotangent, weight, u, v) : fusedGradient(cotangent, weight, u, v), nil, nil]
  }

  private func plainGradient(_ c: Tensor, _ weight: Tensor, _ u: Tensor, _ v: Tensor) -> Tensor {
    let (rows, columns) = Self.sizes(weight.shape)
    let image = weight.reshaped([rows, columns]).matrixProduct(u.reshaped([columns, 1])).reshaped([rows])
    let sigma = (image * v).sum()
    let outer = v.reshaped([rows, 1]).matrixProduct(u.reshaped([1, columns])).reshaped(weight.shape)
    return (c - (c * weight / sigma).sum() * outer) / sigma
  }

  private func fusedGradient(_ c: Tensor, _ weight: Tensor, _ u: Tensor, _ v: Tensor) -> Tensor {
    let (rows, columns) = Self.sizes(weight.shape)
    return evaluate("spectral gradient", weight.shape, like: weight) { result in
      let products = Tensor.uninitialized([rows])
      let sum = Tensor.uninitialized([])
      unsafe Kernels.sumProducts(c.input, weight.input, outer: rows, middle: columns, inner: 1, products.output)
      unsafe Kernels.sum(products.input, outer: 1, middle: rows, inner: 1, sum.output)
      let share = inverse.value * (inverse.value * sum.scalar)
      unsafe Kernels.subtractOuterProduct(
        c.input, scale: inverse.value, factor: share, v.input, u.input, rows: rows, columns: columns, result.output)
    }
  }

  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { sigma == nil ? 2 * Double(output.reduce(1, *)) : 0 }
}

extension Tensor {
  /// `self / σ` with `σ = vᵀ W u`, where W is this weight as a matrix of as many columns as its last axis; `u` and `v` are constants.
  /// - Parameters:
  ///   - u: `[columns]`, of length 1.
  ///   - v: `[rows]`, of length 1.
  ///   - sigma: σ where it is known.
  public func dividedBySingularValue(u: Tensor, v: Tensor, sigma: Float? = nil) -> Tensor {
    apply(SpectralDivision(sigma: sigma), [self, u, v])
  }

  /// `W u` and `Wᵀ W u` of this matrix `W [rows, columns]`, in one pass over it; not recorded.
  public func powerIteration(_ u: Tensor) -> (image: Tensor, coimage: Tensor) {
    precondition(
      rank == 2 && u.shape == [shape[1]], "power iteration: matrix \(shape) and vector \(u.shape); [rows, columns] and [columns] are needed"
    )
    let results = evaluate("power iteration", [[shape[0]], [shape[1]]], like: self) { results in
      unsafe Kernels.powerIteration(
        input, u.input, rows: shape[0], columns: shape[1], image: results[0].output, coimage: results[1].output)
    }
    return (results[0], results[1])
  }
}
