package import Tensors

extension Reshape: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 { inputs[0].reshaped(shape) }
}

extension Transpose: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: permutation.map { inputs[0].shape[$0] })
    Array64.forEachIndex(inputs[0].shape) { index in result[permutation.map { index[$0] }] = inputs[0][index] }
    return result
  }
}

extension Slice: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var values: [Double] = []
    Array64.forEachIndex(sizes) { index in values.append(inputs[0][zip(index, offsets).map { $0 + $1 }]) }
    return Array64(values, shape: sizes)
  }
}

extension Pad: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: shape)
    Array64.forEachIndex(inputs[0].shape) { index in result[zip(index, offsets).map { $0 + $1 }] = inputs[0][index] }
    return result
  }
}

extension Concatenate: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var shape = inputs[0].shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    var result = Array64(repeating: 0, shape: shape)
    var start = 0
    for input in inputs {
      Array64.forEachIndex(input.shape) { index in
        var target = index
        target[axis] += start
        result[target] = input[index]
      }
      start += input.shape[axis]
    }
    return result
  }
}

extension Gather: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let width = inputs[0].shape[1]
    let values = indices.flatMap { row in (0..<width).map { inputs[0].values[Int(row) * width + $0] } }
    return Array64(values, shape: [indices.count, width])
  }
}

extension Scatter: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let width = inputs[0].shape[1]
    var result = Array64(repeating: 0, shape: [tableRows, width])
    for (row, target) in indices.enumerated() {
      for column in 0..<width { result.values[Int(target) * width + column] += inputs[0].values[row * width + column] }
    }
    return result
  }
}
