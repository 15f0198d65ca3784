import Kernels

/// Square windows over the two spatial axes of `[batch, height, width, channels]`, without padding.
package struct Window: Hashable {
  package let size: Int
  package let stride: Int

  func outputShape(_ name: String, _ input: [Int]) -> [Int] {
    precondition(input.count == 4 && input[1] >= size && input[2] >= size, "\(name): a window of \(size) does not fit into \(input)")
    return [input[0], (input[1] - size) / stride + 1, (input[2] - size) / stride + 1, input[3]]
  }
}

/// The mean of each window.
package struct AveragePool: Primitive {
  package static let name = "average pool"
  package let window: Window

  package func outputShape(_ inputs: [[Int]]) -> [Int] { window.outputShape(Self.name, inputs[0]) }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let s = inputs[0].shape
    unsafe Kernels.averagePool(
      samples: s[0], height: s[1], width: s[2], channels: s[3], window: window.size, stride: window.stride, inputs[0].input, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [apply(AveragePoolGradient(window: window, shape: context.inputs[0].shape), [cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { Double(inputs[0].reduce(1, *)) }
}

/// The adjoint of `AveragePool`.
package struct AveragePoolGradient: Primitive {
  package static let name = "average pool gradient"
  package let window: Window
  package let shape: [Int]

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0] == window.outputShape(Self.name, shape), "average pool gradient: cotangent \(inputs[0]) for an input \(shape)")
    return shape
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.averagePoolGradient(
      samples: shape[0], height: shape[1], width: shape[2], channels: shape[3], window: window.size, stride: window.stride,
      inputs[0].input, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [apply(AveragePool(window: window), [cotangent])] }
}

/// From each window of `v`, the element where `x` has its first maximum; linear in `v`, its derivative in `x` is zero.
package struct MaximumPoolSelect: Primitive {
  package static let name = "maximum pool select"
  package let window: Window

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0] == inputs[1], "maximum pool: shapes \(inputs[0]) and \(inputs[1]) differ")
    return window.outputShape(Self.name, inputs[0])
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let s = inputs[0].shape
    unsafe Kernels.maximumPoolSelect(
      samples: s[0], height: s[1], width: s[2], channels: s[3], window: window.size, stride: window.stride, inputs[0].input,
      inputs[1].input, output.output)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [nil, apply(MaximumPoolScatter(window: window), [context.inputs[0].detached, cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { Double(inputs[0].reduce(1, *)) }
}

/// The adjoint of `MaximumPoolSelect` in `v`.
package struct MaximumPoolScatter: Primitive {
  package static let name = "maximum pool scatter"
  package let window: Window

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[1] == window.outputShape(Self.name, inputs[0]), "maximum pool scatter: cotangent \(inputs[1]) for an input \(inputs[0])")
    return inputs[0]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let s = inputs[0].shape
    unsafe Kernels.maximumPoolScatter(
      samples: s[0], height: s[1], width: s[2], channels: s[3], window: window.size, stride: window.stride, inputs[0].input,
      inputs[1].input, output.output)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [nil, apply(MaximumPoolSelect(window: window), [context.inputs[0].detached, cotangent])]
  }
}

/// Every pixel repeated `factor` times in both directions.
package struct Upsample: Primitive {
  package static let name = "upsample"
  package let factor: Int

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0].count == 4, "upsample: shape \(inputs[0]), [batch, height, width, channels] is needed")
    return [inputs[0][0], inputs[0][1] * factor, inputs[0][2] * factor, inputs[0][3]]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let s = inputs[0].shape
    unsafe Kernels.upsample(samples: s[0], height: s[1], width: s[2], channels: s[3], factor: factor, inputs[0].input, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [apply(UpsampleGradient(factor: factor), [cotangent])] }
}

/// The adjoint of `Upsample`: the sum of each block of `factor x factor` pixels.
package struct UpsampleGradient: Primitive {
  package static let name = "upsample gradient"
  package let factor: Int

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == 4 && inputs[0][1] % factor == 0 && inputs[0][2] % factor == 0,
      "upsample gradient: shape \(inputs[0]) is no multiple of \(factor)")
    return [inputs[0][0], inputs[0][1] / factor, inputs[0][2] / factor, inputs[0][3]]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let s = output.shape
    unsafe Kernels.upsampleGradient(
      samples: s[0], height: s[1], width: s[2], channels: s[3], factor: factor, inputs[0].input, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [apply(Upsample(factor: factor), [cotangent])] }
}

/// The maximum of each window.
package struct MaximumPool: Primitive {
  package static let name = "maximum pool"
  package let window: Window

  package func outputShape(_ inputs: [[Int]]) -> [Int] { window.outputShape(Self.name, inputs[0]) }
  package func forward(_ inputs: [Tensor], _ output: Tensor) { MaximumPoolSelect(window: window).forward([inputs[0], inputs[0]], output) }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [apply(MaximumPoolScatter(window: window), [context.inputs[0].detached, cotangent])]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { Double(inputs[0].reduce(1, *)) }
}
