import Kernels

/// Rows of a table `[rows, width]` by index, `[indices, width]`: an embedding.
package struct Gather: Primitive {
  package static let name = "gather"
  package let indices: [Int32]
  let layout: BatchLayout?

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0].count == 2, "gather: the table has shape \(inputs[0]), [rows, width] is needed")
    precondition(
      indices.allSatisfy { $0 >= 0 && Int($0) < inputs[0][0] },
      "gather: indices reach from \(indices.min() ?? 0) to \(indices.max() ?? 0), the table has \(inputs[0][0]) rows")
    return [indices.count, inputs[0][1]]
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.gatherRows(inputs[0].input, width: output.shape[1], indices, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [apply(Scatter(indices: indices, tableRows: context.inputs[0].shape[0]), [cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// Rows `[indices, width]` added into a table of zeros `[rows, width]`, over the global batch.
package struct Scatter: Primitive {
  package static let name = "scatter"
  package let indices: [Int32]
  package let tableRows: Int

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == 2 && inputs[0][0] == indices.count, "scatter: rows of shape \(inputs[0]) for \(indices.count) indices")
    return [tableRows, inputs[0][1]]
  }
  package func sumsBatch(_ inputs: [Tensor]) -> Bool { inputs[0].layout != nil }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.scatterRows(
      inputs[0].input, width: output.shape[1], indices, tableRows: tableRows, rows: inputs[0].rows, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [apply(Gather(indices: indices, layout: context.inputs[0].layout), [cotangent])]
  }
}
