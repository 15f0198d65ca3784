package import Kernels

/// `y = a ∘ b` element by element with broadcasting: axes are aligned from the last, sizes of 1 and missing axes repeat.
package struct Arithmetic: Primitive {
  package static let name = "arithmetic"
  package let operation: BinaryOperation

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    let rank = max(inputs[0].count, inputs[1].count)
    let (a, b) = (inputs[0].padded(to: rank), inputs[1].padded(to: rank))
    return zip(a, b).map { x, y in
      precondition(x == y || x == 1 || y == 1, "\(operation): shapes \(inputs[0]) and \(inputs[1]) do not broadcast")
      return x == 1 ? y : x
    }
  }

  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    let layout = commonLayout(inputs)
    let rank = max(inputs[0].rank, inputs[1].rank)
    if layout != nil {
      for input in inputs {
        let first = input.shape.padded(to: rank)[0]
        precondition(
          input.layout == nil ? first == 1 : input.rank == rank,
          "\(operation): \(input.layout == nil ? "a replicated" : "a sharded") operand \(input.shape) does not fit the sharded batch")
      }
    }
    return layout
  }

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let rank = output.rank
    unsafe Kernels.apply(
      operation, inputs[0].input, inputs[0].shape.padded(to: rank), inputs[1].input, inputs[1].shape.padded(to: rank), output.output,
      output.shape)
  }

  package var keeps: Kept {
    switch operation {
    case .add, .subtract: .nothing
    case .multiply: .factors
    case .divide: .inputs(0, 1)
    }
  }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    let (wantsA, wantsB) = (context.wants(0), context.wants(1))
    switch operation {
    case .add:
      return [wantsA ? cotangent.summed(like: a) : nil, wantsB ? cotangent.summed(like: b) : nil]
    case .subtract:
      return [wantsA ? cotangent.summed(like: a) : nil, wantsB ? (-cotangent).summed(like: b) : nil]
    case .multiply:
      return [wantsA ? (cotangent * b).summed(like: a) : nil, wantsB ? (cotangent * a).summed(like: b) : nil]
    case .divide:
      return [
        wantsA ? (cotangent / b).summed(like: a) : nil, wantsB ? (-(cotangent * a / b.squared())).summed(like: b) : nil,
      ]
    }
  }
}

extension [Int] {
  /// The shape with leading axes of size 1 up to `rank`.
  package func padded(to rank: Int) -> [Int] { Array(repeating: 1, count: rank - count) + self }
}

extension Tensor {
  /// The sum over the axes along which `operand` was repeated: the cotangent of a broadcast operand.
  func summed(like operand: Tensor) -> Tensor {
    if shape == operand.shape && (layout == nil) == (operand.layout == nil) { return self }
    let aligned = operand.shape.padded(to: rank)
    var axes = (0..<rank).filter { aligned[$0] == 1 && shape[$0] != 1 }
    // A sharded axis of one local row is still the batch.
    if layout != nil && operand.layout == nil && !axes.contains(0) { axes.insert(0, at: 0) }
    return sum(axes: axes).reshaped(operand.shape)
  }
}
