import Kernels
package import Tensors

extension ConvolutionGeometry {
  /// Calls `body` with the flat indices (input, weight, output) of every product of the convolution of `samples` images.
  fileprivate func forEachProduct(_ samples: Int, _ body: (Int, Int, Int) -> Void) {
    let (inputsPerGroup, outputsPerGroup) = (inputChannels / groups, outputChannels / groups)
    for sample in 0..<samples {
      for row in 0..<outputHeight {
        for column in 0..<outputWidth {
          for kernelRow in 0..<kernelHeight {
            for kernelColumn in 0..<kernelWidth {
              let (y, x) = (row * stride + kernelRow - padTop, column * stride + kernelColumn - padLeft)
              guard y >= 0, y < height, x >= 0, x < width else { continue }
              for output in 0..<outputChannels {
                for input in 0..<inputsPerGroup {
                  let channel = output / outputsPerGroup * inputsPerGroup + input
                  body(
                    ((sample * height + y) * width + x) * inputChannels + channel,
                    ((kernelRow * kernelWidth + kernelColumn) * inputsPerGroup + input) * outputChannels + output,
                    ((sample * outputHeight + row) * outputWidth + column) * outputChannels + output)
                }
              }
            }
          }
        }
      }
    }
  }
}

extension Convolution: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (x, w, samples) = (inputs[0].values, inputs[1].values, inputs[0].shape[0])
    var result = Array64(repeating: 0, shape: [samples, geometry.outputHeight, geometry.outputWidth, geometry.outputChannels])
    geometry.forEachProduct(samples) { result.values[$2] += x[$0] * w[$1] }
    return result
  }
}

extension ConvolutionInputGradient: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (dy, w, samples) = (inputs[0].values, inputs[1].values, inputs[0].shape[0])
    var result = Array64(repeating: 0, shape: [samples, geometry.height, geometry.width, geometry.inputChannels])
    geometry.forEachProduct(samples) { result.values[$0] += dy[$2] * w[$1] }
    return result
  }
}

extension ConvolutionWeightGradient: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (x, dy) = (inputs[0].values, inputs[1].values)
    var result = Array64(repeating: 0, shape: geometry.weightShape)
    geometry.forEachProduct(inputs[0].shape[0]) { result.values[$1] += x[$0] * dy[$2] }
    return result
  }
}
