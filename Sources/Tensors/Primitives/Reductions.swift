import Kernels

/// The sum over adjacent axes, which vanish; over axis 0 of a sharded tensor it is the sum over the global batch.
package struct Sum: Primitive {
  package static let name = "sum"
  /// First axis and end of the summed axes.
  package let axes: Range<Int>

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      axes.lowerBound >= 0 && axes.upperBound <= inputs[0].count && !axes.isEmpty, "sum: axes \(axes) of shape \(inputs[0])")
    return Array(inputs[0][..<axes.lowerBound] + inputs[0][axes.upperBound...])
  }

  package func sumsBatch(_ inputs: [Tensor]) -> Bool { axes.lowerBound == 0 && inputs[0].layout != nil }

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let x = inputs[0]
    let inner = x.shape[axes.upperBound...].reduce(1, *)
    guard sumsBatch(inputs) else {
      let outer = x.shape[..<axes.lowerBound].reduce(1, *)
      unsafe Kernels.sum(x.input, outer: outer, middle: x.shape[axes].reduce(1, *), inner: inner, output.output)
      return
    }
    let middle = x.shape[1..<axes.upperBound].reduce(1, *)
    if middle == 1 {
      unsafe Kernels.foldRows(x.input, rowSize: inner, rows: x.rows, output.output)
    } else {
      let perSample = Storage(count: x.shape[0] * inner)
      unsafe Kernels.sum(x.input, outer: x.shape[0], middle: middle, inner: inner, perSample.pointer)
      unsafe Kernels.foldRows(perSample.pointer, rowSize: inner, rows: x.rows, output.output)
    }
  }

  package var keeps: Kept { .nothing }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let x = context.inputs[0]
    var kept = x.shape
    for axis in axes { kept[axis] = 1 }
    return [cotangent.reshaped(kept).broadcast(to: x.shape, layout: x.layout)]
  }

  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { Double(inputs[0].reduce(1, *)) }
}

/// A tensor repeated along its axes of size 1; a replicated tensor may become sharded.
package struct Broadcast: Primitive {
  package static let name = "broadcast"
  package let shape: [Int]
  let layout: BatchLayout?

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == shape.count && zip(inputs[0], shape).allSatisfy { $0 == $1 || $0 == 1 },
      "broadcast: shape \(inputs[0]) does not broadcast to \(shape)")
    return shape
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.broadcast(inputs[0].input, inputs[0].shape, output.output, shape)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent.summed(like: context.inputs[0])] }
}

/// `y = exp(x) / Σ exp(x)` over the last axis.
package struct Softmax: Primitive {
  package static let name = "softmax"
  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(!inputs[0].isEmpty, "softmax: a scalar has no last axis")
    return inputs[0]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let columns = output.shape[output.rank - 1]
    unsafe Kernels.softmax(inputs[0].input, rows: output.count / max(columns, 1), columns: columns, output.output)
  }
  package var keeps: Kept { .output }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let y = context.output
    if context.isRecording {
      let inner = (cotangent * y).sum(axes: [y.rank - 1], keepingAxes: true)
      return [y * (cotangent - inner)]
    }
    let columns = y.shape[y.rank - 1]
    return [
      evaluate("softmax gradient", y.shape, like: y) { result in
        unsafe Kernels.softmaxGradient(y.input, cotangent.input, rows: y.count / max(columns, 1), columns: columns, result.output)
      }
    ]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 4 * Double(output.reduce(1, *)) }
}

/// `y = log Σ exp(x)` over the last axis, which becomes 1.
package struct LogSumExp: Primitive {
  package static let name = "log-sum-exp"
  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(!inputs[0].isEmpty, "log-sum-exp: a scalar has no last axis")
    return inputs[0].dropLast() + [1]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.logSumExp(inputs[0].input, rows: output.count, columns: inputs[0].shape[output.rank - 1], output.output)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * context.inputs[0].softmax()] }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 4 * Double(inputs[0].reduce(1, *)) }
}
