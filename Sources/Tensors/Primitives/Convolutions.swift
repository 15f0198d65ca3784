package import Kernels

/// `y = x ∗ w + b`, `[batch, height, width, inputs]` with `w [kernelHeight, kernelWidth, inputs / groups, outputs]` and, if it is there,
/// `b [outputs]`.
///
/// Convolution and its two gradients are three primitives, each one's `vjp` made of the other two.
package struct Convolution: Primitive {
  package static let name = "convolution"
  package let geometry: ConvolutionGeometry

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    geometry.check(Self.name, input: inputs[0], weight: inputs[1])
    checkBias(Self.name, inputs, channels: geometry.outputChannels)
    return geometry.outputShape(inputs[0][0])
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { inputs[0].layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let w = unsafe inputs[1].product
    unsafe Kernels.convolution(
      geometry, samples: output.shape[0], inputs[0].input, w.numbers, scale: w.factor, bias: bias(inputs)?.input, output.output)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (x, w) = (context.inputs[0], context.inputs[1])
    return [
      context.wants(0) ? apply(ConvolutionInputGradient(geometry: geometry), [cotangent, w]) : nil,
      context.wants(1) ? apply(ConvolutionWeightGradient(geometry: geometry), [x, cotangent]) : nil,
    ] + biasCotangent(cotangent, context)
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { geometry.flops * Double(output[0]) }
}

/// The adjoint of `Convolution` in its images, and a bias `[inputs]` if it is there: also the transposed convolution.
package struct ConvolutionInputGradient: Primitive {
  package static let name = "convolution input gradient"
  package let geometry: ConvolutionGeometry

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    geometry.check(Self.name, output: inputs[0], weight: inputs[1])
    checkBias(Self.name, inputs, channels: geometry.inputChannels)
    return geometry.inputShape(inputs[0][0])
  }
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { inputs[0].layout }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let w = unsafe inputs[1].product
    unsafe Kernels.convolutionInputGradient(
      geometry, samples: output.shape[0], inputs[0].input, w.numbers, scale: w.factor, bias: bias(inputs)?.input, output.output)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (dy, w) = (context.inputs[0], context.inputs[1])
    return [
      context.wants(0) ? apply(Convolution(geometry: geometry), [cotangent, w]) : nil,
      context.wants(1) ? apply(ConvolutionWeightGradient(geometry: geometry), [cotangent, dy]) : nil,
    ] + biasCotangent(cotangent, context)
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { geometry.flops * Double(output[0]) }
}

/// The adjoint of `Convolution` in its weights, summed over the global batch.
package struct ConvolutionWeightGradient: Primitive {
  package static let name = "convolution weight gradient"
  package let geometry: ConvolutionGeometry

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0] == geometry.inputShape(inputs[0].first ?? 0) && inputs[1] == geometry.outputShape(inputs[0].first ?? 0),
      "convolution weight gradient: images \(inputs[0]) and cotangents \(inputs[1]) do not fit \(geometry)")
    return geometry.weightShape
  }
  package func sumsBatch(_ inputs: [Tensor]) -> Bool { commonLayout(inputs) != nil }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.convolutionWeightGradient(geometry, rows: inputs[0].rows, inputs[0].input, inputs[1].input, output.output)
  }
  package var isProduct: Bool { true }
  package var keeps: Kept { .factors }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (x, dy) = (context.inputs[0], context.inputs[1])
    return [
      context.wants(0) ? apply(ConvolutionInputGradient(geometry: geometry), [dy, cotangent]) : nil,
      context.wants(1) ? apply(Convolution(geometry: geometry), [x, cotangent]) : nil,
    ]
  }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { geometry.flops * Double(inputs[0][0]) }
}

/// The third of the inputs, if it is there.
private func bias(_ inputs: [Tensor]) -> Tensor? { inputs.count > 2 ? inputs[2] : nil }

private func checkBias(_ name: String, _ inputs: [[Int]], channels: Int) {
  precondition(inputs.count < 3 || inputs[2] == [channels], "\(name): bias \(inputs.last ?? []), [\(channels)] is needed")
}

/// What flows back into the bias, in a list; empty without a bias.
private func biasCotangent(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
  context.inputs.count < 3 ? [] : [context.wants(2) ? cotangent.sum(axes: [0, 1, 2]) : nil]
}

extension ConvolutionGeometry {
  package var weightShape: [Int] { [kernelHeight, kernelWidth, inputChannels / groups, outputChannels] }
  func inputShape(_ samples: Int) -> [Int] { [samples, height, width, inputChannels] }
  func outputShape(_ samples: Int) -> [Int] { [samples, outputHeight, outputWidth, outputChannels] }

  fileprivate func check(_ name: String, input: [Int], weight: [Int]) {
    precondition(
      input == inputShape(input.first ?? 0) && weight == weightShape,
      "\(name): images \(input) and weight \(weight); \(inputShape(input.first ?? 0)) and \(weightShape) are needed")
  }
  fileprivate func check(_ name: String, output: [Int], weight: [Int]) {
    precondition(
      output == outputShape(output.first ?? 0) && weight == weightShape,
      "\(name): cotangents \(output) and weight \(weight); \(outputShape(output.first ?? 0)) and \(weightShape) are needed")
  }
}
