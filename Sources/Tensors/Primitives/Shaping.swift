import Kernels

/// The same numbers under another shape; a sharded tensor keeps its axis 0.
package struct Reshape: Primitive {
  package static let name = "reshape"
  package let shape: [Int]

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].reduce(1, *) == shape.reduce(1, *), "reshape: \(inputs[0]) has another number of elements than \(shape)")
    return shape
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    precondition(
      inputs[0].layout == nil || inputs[0].shape.first == shape.first,
      "reshape: \(inputs[0].shape) to \(shape) would mix the samples of a sharded tensor")
    return inputs[0].layout
  }
  package var aliases: Bool { true }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {}
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent.reshaped(context.inputs[0].shape)] }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// Axes in another order: axis i of the result is axis `permutation[i]` of the input; a sharded tensor keeps its axis 0.
package struct Transpose: Primitive {
  package static let name = "transpose"
  package let permutation: [Int]

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      permutation.sorted() == Array(inputs[0].indices), "transpose: \(permutation) is no order of the axes of \(inputs[0])")
    return permutation.map { inputs[0][$0] }
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    precondition(
      inputs[0].layout == nil || permutation[0] == 0, "transpose: \(permutation) would move the batch axis of a sharded tensor")
    return inputs[0].layout
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.transpose(inputs[0].input, shape: inputs[0].shape, permutation: permutation, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    var inverse = permutation
    for (index, axis) in permutation.enumerated() { inverse[axis] = index }
    return [cotangent.transposed(inverse)]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// A window of a tensor.
package struct Slice: Primitive {
  package static let name = "slice"
  package let offsets: [Int]
  package let sizes: [Int]
  /// Layout of the result: of the input, or of a part when the batch itself is cut.
  let layout: BatchLayout?

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == sizes.count && inputs[0].indices.allSatisfy { offsets[$0] >= 0 && offsets[$0] + sizes[$0] <= inputs[0][$0] },
      "slice: window \(sizes) at \(offsets) lies outside \(inputs[0])")
    return sizes
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.copyWindow(
      from: inputs[0].input, shape: inputs[0].shape, offset: offsets, window: sizes, to: output.output, sizes,
      yOffset: sizes.map { _ in 0 })
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let x = context.inputs[0]
    return [apply(Pad(offsets: offsets, shape: x.shape, layout: x.layout), [cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// A tensor inside a larger one of zeros.
package struct Pad: Primitive {
  package static let name = "pad"
  package let offsets: [Int]
  package let shape: [Int]
  let layout: BatchLayout?

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == shape.count && inputs[0].indices.allSatisfy { offsets[$0] >= 0 && offsets[$0] + inputs[0][$0] <= shape[$0] },
      "pad: \(inputs[0]) at \(offsets) does not fit into \(shape)")
    return shape
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.fill(output.output, 0, output.count)
    let x = inputs[0]
    unsafe Kernels.copyWindow(
      from: x.input, shape: x.shape, offset: x.shape.map { _ in 0 }, window: x.shape, to: output.output, shape, yOffset: offsets)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let x = context.inputs[0]
    return [apply(Slice(offsets: offsets, sizes: x.shape, layout: x.layout), [cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// Tensors one after the other along an axis; along the batch axis of sharded ones, shard by shard.
package struct Concatenate: Primitive {
  package static let name = "concatenate"
  package let axis: Int

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    var shape = inputs[0]
    precondition(shape.indices.contains(axis), "concatenate: axis \(axis) of shape \(shape)")
    for other in inputs.dropFirst() {
      precondition(
        other.count == shape.count && shape.indices.allSatisfy { $0 == axis || other[$0] == shape[$0] },
        "concatenate: shapes \(inputs) differ beyond axis \(axis)")
      shape[axis] += other[axis]
    }
    return shape
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? {
    guard axis == 0, var layout = inputs[0].layout else { return commonLayout(inputs) }
    for input in inputs.dropFirst() {
      guard let other = input.layout else { preconditionFailure("concatenate: a replicated part among sharded ones") }
      layout = layout.concatenated(with: other)
    }
    return layout
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    var offset = output.shape.map { _ in 0 }
    for input in inputs {
      unsafe Kernels.copyWindow(
        from: input.input, shape: input.shape, offset: input.shape.map { _ in 0 }, window: input.shape, to: output.output, output.shape,
        yOffset: offset)
      offset[axis] += input.shape[axis]
    }
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    var offset = cotangent.shape.map { _ in 0 }
    return context.inputs.enumerated().map { index, input in
      defer { offset[axis] += input.shape[axis] }
      guard context.wants(index) else { return nil }
      return apply(Slice(offsets: offset, sizes: input.shape, layout: input.layout), [cotangent])
    }
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}
