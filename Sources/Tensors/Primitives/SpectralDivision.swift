import Kernels

/// `y = W / σ` with `σ = vᵀ W u`: the weight `W [..., columns]`, as a matrix of `columns`, divided by the singular value of the fixed vectors
/// `u [columns]` and `v [rows]`; the gradient flows through σ.
///
/// `dW = (c - Σ(c·y) v uᵀ) / σ` for the cotangent `c`: two passes over the weight.
package struct SpectralDivision: Primitive {
  package static let name = "spectral division"
  /// 1 / σ, filled by `forward`.
  private let inverse = ScaleBox()

  private final class ScaleBox { var value: Float = 0 }

  package init() {}

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

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let (rows, columns) = Self.sizes(output.shape)
    let image = Tensor.uninitialized([rows])
    let sigma = Tensor.uninitialized([])
    unsafe Kernels.replicatedProduct(
      inputs[0].input, inputs[1].input, image.output, m: rows, n: 1, k: columns, transposeA: false, transposeB: false)
    unsafe Kernels.sumProducts(image.input, inputs[2].input, outer: 1, middle: rows, inner: 1, sigma.output)
    inverse.value = 1 / sigma.scalar
    unsafe Kernels.affine(inputs[0].input, scale: inverse.value, offset: 0, output.output, output.count)
  }

  package var keeps: Kept { .everything }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (weight, u, v) = (context.inputs[0], context.inputs[1].detached, context.inputs[2].detached)
    return [context.isRecording ? plainGradient(cotangent, weight, u, v) : fusedGradient(cotangent, context.output, u, v), nil, nil]
  }

  private func plainGradient(_ c: Tensor, _ weight: Tensor, _ u: Tensor, _ v: Tensor) -> Tensor {
    let (rows, columns) = Self.sizes(weight.shape)
    let image = weight.reshaped([rows, columns]).matrixProduct(u.reshaped([columns, 1])).reshaped([rows])
    let sigma = (image * v).sum()
    let outer = v.reshaped([rows, 1]).matrixProduct(u.reshaped([1, columns])).reshaped(weight.shape)
    return (c - (c * weight / sigma).sum() * outer) / sigma
  }

  private func fusedGradient(_ c: Tensor, _ y: Tensor, _ u: Tensor, _ v: Tensor) -> Tensor {
    let (rows, columns) = Self.sizes(y.shape)
    return evaluate("spectral gradient", y.shape, like: y) { result in
      let products = Tensor.uninitialized([rows])
      let sum = Tensor.uninitialized([])
      unsafe Kernels.sumProducts(c.input, y.input, outer: rows, middle: columns, inner: 1, products.output)
      unsafe Kernels.sum(products.input, outer: 1, middle: rows, inner: 1, sum.output)
      unsafe Kernels.subtractOuterProduct(
        c.input, scale: inverse.value, factor: inverse.value * sum.scalar, v.input, u.input, rows: rows, columns: columns, result.output)
    }
  }

  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 3 * Double(output.reduce(1, *)) }
}

extension Tensor {
  /// `self / σ` with `σ = vᵀ W u`, where W is this weight as a matrix of as many columns as its last axis; `u` and `v` are constants.
  public func dividedBySingularValue(u: Tensor, v: Tensor) -> Tensor { apply(SpectralDivision(), [self, u, v]) }
}
