package import Kernels

/// A 3x3 kernel `[3, 3, inputs, outputs]` as one of 4x4 for convolutions of stride 2; see `Widening`.
package struct WidenKernel: Primitive {
  package static let name = "widen kernel"
  package let widening: Widening

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == 4 && inputs[0].starts(with: [3, 3]), "widen kernel: shape \(inputs[0]), [3, 3, inputs, outputs] is needed")
    return [4, 4] + widening.channels(inputs[0])
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let w = unsafe inputs[0].product
    unsafe widening.widen(inputs: inputs[0].shape[2], outputs: inputs[0].shape[3], w.numbers, scale: w.factor, output.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [apply(NarrowKernel(widening: widening), [cotangent])] }
}

/// The adjoint of `WidenKernel`.
package struct NarrowKernel: Primitive {
  package static let name = "narrow kernel"
  package let widening: Widening

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(
      inputs[0].count == 4 && inputs[0].starts(with: [4, 4]), "narrow kernel: shape \(inputs[0]), four axes from 4x4 on are needed")
    return [3, 3] + widening.channels(inputs[0])
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let w = output
    unsafe widening.narrow(inputs: w.shape[2], outputs: w.shape[3], inputs[0].input, w.output)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [apply(WidenKernel(widening: widening), [cotangent])] }
}

extension Widening {
  /// The channel axes of the other kernel.
  fileprivate func channels(_ shape: [Int]) -> [Int] { self == .upsampling ? [shape[3], shape[2]] : [shape[2], shape[3]] }
}
