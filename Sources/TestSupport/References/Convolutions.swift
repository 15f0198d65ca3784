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

extension Array64 {
  /// Adds a number to each channel, the last axis.
  fileprivate mutating func add(bias: [Double]) {
    for index in values.indices { values[index] += bias[index % bias.count] }
  }
}

extension Convolution: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (x, w, samples) = (inputs[0].values, inputs[1].values, inputs[0].shape[0])
    var result = Array64(repeating: 0, shape: [samples, geometry.outputHeight, geometry.outputWidth, geometry.outputChannels])
    geometry.forEachProduct(samples) { result.values[$2] += x[$0] * w[$1] }
    if inputs.count > 2 { result.add(bias: inputs[2].values) }
    return result
  }
}

extension ConvolutionInputGradient: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (dy, w, samples) = (inputs[0].values, inputs[1].values, inputs[0].shape[0])
    var result = Array64(repeating: 0, shape: [samples, geometry.height, geometry.width, geometry.inputChannels])
    geometry.forEachProduct(samples) { result.values[$0] += dy[$2] * w[$1] }
    if inputs.count > 2 { result.add(bias: inputs[2].values) }
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

extension Widening {
  /// Calls `body` with the index of each tap of a 4x4 kernel and each tap of the 3x3 kernel that is part of it.
  fileprivate func forEachPair(_ body: (_ wide: [Int], _ narrow: [Int]) -> Void) {
    Array64.forEachIndex([3, 3, 2, 2]) { index in
      let (row, column) = (index[0] + index[2], index[1] + index[3])
      body(self == .pooling ? [row, column] : [3 - row, 3 - column], [index[0], index[1]])
    }
  }

  /// Adds up over all pairs of taps and channels.
  fileprivate func sum(
    _ shape: [Int], narrowShape: [Int], _ add: (inout Array64, _ wide: [Int], _ narrow: [Int], Double) -> Void
  ) -> Array64 {
    var result = Array64(repeating: 0, shape: shape)
    forEachPair { wide, narrow in
      Array64.forEachIndex(Array(narrowShape[2...])) { channels in
        add(&result, wide + (self == .pooling ? channels : channels.reversed()), narrow + channels, self == .pooling ? 0.25 : 1)
      }
    }
    return result
  }
}

extension WidenKernel: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    widening.sum(outputShape([inputs[0].shape]), narrowShape: inputs[0].shape) { $0[$1] += $3 * inputs[0][$2] }
  }
}

extension NarrowKernel: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let shape = outputShape([inputs[0].shape])
    return widening.sum(shape, narrowShape: shape) { $0[$2] += $3 * inputs[0][$1] }
  }
}
