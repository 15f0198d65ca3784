import Kernels

/// `C = op(A) op(B)` of replicated matrices.
package struct MatrixProduct: Primitive {
  package static let name = "matrix product"
  package let transposeA: Bool
  package let transposeB: Bool

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    productShape(Self.name, inputs[0], inputs[1], transposeA, transposeB, leading: 0)
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    precondition(commonLayout(inputs) == nil, "matrix product: an operand is sharded; rowProduct or batchedProduct is meant")
    return nil
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let k = inputs[0].shape[transposeA ? 0 : 1]
    unsafe Kernels.replicatedProduct(
      inputs[0].input, inputs[1].input, output.output, m: output.shape[0], n: output.shape[1], k: k, transposeA: transposeA,
      transposeB: transposeB)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    productGradients(cotangent, context, transposeA, transposeB) { apply(MatrixProduct(transposeA: $2, transposeB: $3), [$0, $1]) }
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double {
    2 * Double(output.reduce(1, *)) * Double(inputs[0][transposeA ? 0 : 1])
  }
}

/// `Cᵢ = op(Aᵢ) op(Bᵢ)` for each sample i: `[batch, m, k]` and `[batch, k, n]`.
package struct BatchedProduct: Primitive {
  package static let name = "batched product"
  package let transposeA: Bool
  package let transposeB: Bool

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    productShape(Self.name, inputs[0], inputs[1], transposeA, transposeB, leading: 1)
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let (m, n, k) = (output.shape[1], output.shape[2], inputs[0].shape[transposeA ? 1 : 2])
    unsafe Kernels.batchedProduct(
      inputs[0].input, m * k, inputs[1].input, k * n, output.output, m * n, batch: output.shape[0], m: m, n: n, k: k,
      transposeA: transposeA, transposeB: transposeB)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    productGradients(cotangent, context, transposeA, transposeB) { apply(BatchedProduct(transposeA: $2, transposeB: $3), [$0, $1]) }
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double {
    2 * Double(output.reduce(1, *)) * Double(inputs[0][transposeA ? 1 : 2])
  }
}

/// `y = x op(W)`: every row of `x [..., k]` times one replicated matrix, `[..., n]`.
package struct RowProduct: Primitive {
  package static let name = "row product"
  package let transposeB: Bool

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    let (x, w) = (inputs[0], inputs[1])
    precondition(
      x.count >= 1 && w.count == 2 && x.last == w[transposeB ? 1 : 0],
      "row product: rows of shape \(x) and a matrix \(w)\(transposeB ? ", transposed," : "") do not fit")
    return x.dropLast() + [w[transposeB ? 0 : 1]]
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    precondition(inputs[1].layout == nil, "row product: the matrix is sharded")
    return inputs[0].layout
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let (x, n) = (inputs[0], output.shape[output.rank - 1])
    unsafe Kernels.rowProduct(
      x.input, inputs[1].input, output.output, rows: output.count / max(n, 1), n: n, k: x.shape[x.rank - 1], transposeB: transposeB)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (x, w) = (context.inputs[0], context.inputs[1])
    let toX = context.wants(0) ? apply(RowProduct(transposeB: !transposeB), [cotangent, w]) : nil
    let toW = context.wants(1) ? apply(OuterProduct(), transposeB ? [cotangent, x] : [x, cotangent]) : nil
    return [toX, toW]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double {
    2 * Double(output.reduce(1, *)) * Double(inputs[0][inputs[0].count - 1])
  }
}

/// `C = Σ aᵣᵀ bᵣ` over all rows r of `a [..., m]` and `b [..., n]`, over the global batch: the gradient of a matrix.
package struct OuterProduct: Primitive {
  package static let name = "outer product"

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count >= 1 && inputs[0].dropLast() == inputs[1].dropLast(),
      "outer product: rows of shapes \(inputs[0]) and \(inputs[1]) do not pair")
    return [inputs[0][inputs[0].count - 1], inputs[1][inputs[1].count - 1]]
  }
  package func sumsBatch(_ inputs: [Tensor]) -> Bool { commonLayout(inputs) != nil }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let (a, b) = (inputs[0], inputs[1])
    let samples = a.rank > 1 ? a.shape[0] : 1
    unsafe Kernels.shardedOuterProduct(
      a.input, b.input, output.output, rows: a.rank > 1 ? a.rows : BatchLayout.replicatedRows(1),
      rowsPerSample: a.count / max(samples * output.shape[0], 1), m: output.shape[0], n: output.shape[1])
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    return [
      context.wants(0) ? apply(RowProduct(transposeB: true), [b, cotangent]) : nil,
      context.wants(1) ? apply(RowProduct(transposeB: false), [a, cotangent]) : nil,
    ]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 2 * Double(inputs[0].reduce(1, *)) * Double(output[1]) }
}

private func productShape(_ name: String, _ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool, leading: Int) -> [Int] {
  precondition(
    a.count == leading + 2 && b.count == leading + 2 && a.prefix(leading) == b.prefix(leading)
      && a[leading + (transposeA ? 0 : 1)] == b[leading + (transposeB ? 1 : 0)],
    "\(name): shapes \(a)\(transposeA ? " transposed" : "") and \(b)\(transposeB ? " transposed" : "") do not fit")
  return a.prefix(leading) + [a[leading + (transposeA ? 1 : 0)], b[leading + (transposeB ? 0 : 1)]]
}

/// The two cotangents of `C = op(A) op(B)`, by the same product.
private func productGradients(
  _ c: Tensor, _ context: VJPContext, _ transposeA: Bool, _ transposeB: Bool, _ product: (Tensor, Tensor, Bool, Bool) -> Tensor
) -> [Tensor?] {
  let (a, b) = (context.inputs[0], context.inputs[1])
  let toA = context.wants(0) ? (transposeA ? product(b, c, transposeB, true) : product(c, b, false, !transposeB)) : nil
  let toB = context.wants(1) ? (transposeB ? product(c, a, true, transposeA) : product(a, c, !transposeA, false)) : nil
  return [toA, toB]
}
