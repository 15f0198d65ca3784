import Kernels

/// `Y = softmax(Q Kᵀ) V` for each sample: queries `[batch, rows, d]`, keys `[batch, columns, d]`, values `[batch, columns, c]` give
/// `[batch, rows, c]`.
///
/// Fused: no matrix of rows by columns is held, neither forward nor for the gradient, which computes the scores again. When its gradient
/// is recorded it falls back to plain primitives, which do hold them.
package struct Attention: Primitive {
  package static let name = "attention"
  /// Logarithm of each row's sum of exponentials, `[batch, rows]`; filled by `forward`.
  private let sums = SumBox()

  private final class SumBox { var value: Storage? }

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2])
    precondition(
      q.count == 3 && k.count == 3 && v.count == 3 && q[0] == k[0] && q[0] == v[0] && q[2] == k[2] && k[1] == v[1],
      "attention: queries \(q), keys \(k) and values \(v) do not fit")
    return [q[0], q[1], v[2]]
  }

  private func sizes(_ inputs: [[Int]]) -> AttentionShape {
    AttentionShape(
      samples: inputs[0][0], rows: inputs[0][1], columns: inputs[1][1], keyWidth: inputs[0][2], valueWidth: inputs[2][2])
  }

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let storage = Storage(count: inputs[0].shape[0] * inputs[0].shape[1])
    unsafe Kernels.attention(
      sizes(inputs.map(\.shape)), queries: inputs[0].input, keys: inputs[1].input, values: inputs[2].input, output.output,
      logSumExp: storage.pointer)
    sums.value = storage
  }

  package var keeps: Kept { .everything }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    context.isRecording ? plainGradients(cotangent, context) : fusedGradients(cotangent, context)
  }

  /// `dV = Pᵀ C`, `dS = P (C Vᵀ - Σ P (C Vᵀ))`, `dQ = dS K`, `dK = dSᵀ Q`, from plain primitives.
  private func plainGradients(_ c: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (queries, keys, values) = (context.inputs[0], context.inputs[1], context.inputs[2])
    let shares = queries.batchedProduct(keys, transposeOther: true).softmax()
    let toValues = context.wants(2) ? shares.batchedProduct(c, transposeSelf: true) : nil
    guard context.wants(0) || context.wants(1) else { return [nil, nil, toValues] }
    let toShares = c.batchedProduct(values, transposeOther: true)
    let toScores = shares * (toShares - (toShares * shares).sum(axes: [2], keepingAxes: true))
    return [
      context.wants(0) ? toScores.batchedProduct(keys) : nil,
      context.wants(1) ? toScores.batchedProduct(queries, transposeSelf: true) : nil, toValues,
    ]
  }

  private func fusedGradients(_ c: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (inputs, shapes) = (context.inputs, context.inputs.map(\.shape))
    let sizes = sizes(shapes)
    let results = evaluate("attention gradient", shapes, like: inputs[0], flops: sizes.gradientFlops) { results in
      guard let logSumExp = sums.value else { preconditionFailure("attention: the gradient of a result that was never computed") }
      let scratch = Storage(count: sizes.gradientScratch)
      unsafe Kernels.attentionGradient(
        sizes, queries: inputs[0].input, keys: inputs[1].input, values: inputs[2].input, result: context.output.input,
        logSumExp: logSumExp.pointer, c.input, scratch: scratch.pointer, queryGradient: results[0].output,
        keyGradient: results[1].output, valueGradient: results[2].output)
    }
    return results.enumerated().map { context.wants($0) ? $1 : nil }
  }

  package var isProduct: Bool { true }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { sizes(inputs).flops }
}
