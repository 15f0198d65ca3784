package import Tensors

extension MatrixProduct: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let product = batchedReference(inputs.map { $0.reshaped([1] + $0.shape) }, transposeA, transposeB)
    return product.reshaped(Array(product.shape.dropFirst()))
  }
}

extension BatchedProduct: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 { batchedReference(inputs, transposeA, transposeB) }
}

/// `C[i] = op(A[i]) op(B[i])`.
private func batchedReference(_ inputs: [Array64], _ transposeA: Bool, _ transposeB: Bool) -> Array64 {
  let (a, b) = (inputs[0], inputs[1])
  let (m, k) = transposeA ? (a.shape[2], a.shape[1]) : (a.shape[1], a.shape[2])
  let n = b.shape[transposeB ? 1 : 2]
  var result = Array64(repeating: 0, shape: [a.shape[0], m, n])
  for sample in 0..<a.shape[0] {
    for row in 0..<m {
      for column in 0..<n {
        var sum = 0.0
        for inner in 0..<k {
          let left = transposeA ? inner * m + row : row * k + inner
          let right = transposeB ? column * k + inner : inner * n + column
          sum += a.values[sample * m * k + left] * b.values[sample * k * n + right]
        }
        result.values[(sample * m + row) * n + column] = sum
      }
    }
  }
  return result
}

extension RowProduct: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (x, w) = (inputs[0], inputs[1])
    let k = x.shape[x.shape.count - 1]
    let product = batchedReference([x.reshaped([1, x.count / k, k]), w.reshaped([1] + w.shape)], false, transposeB)
    return product.reshaped(x.shape.dropLast() + [product.shape[2]])
  }
}

extension OuterProduct: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (a, b) = (inputs[0], inputs[1])
    let (m, n) = (a.shape[a.shape.count - 1], b.shape[b.shape.count - 1])
    var result = Array64(repeating: 0, shape: [m, n])
    for row in 0..<(a.count / m) {
      for i in 0..<m {
        for j in 0..<n { result.values[i * n + j] += a.values[row * m + i] * b.values[row * n + j] }
      }
    }
    return result
  }
}

extension SpectralDivision: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (weight, u, v) = (inputs[0], inputs[1].values, inputs[2].values)
    var sigma = 0.0
    for (index, value) in weight.values.enumerated() { sigma += value * u[index % u.count] * v[index / u.count] }
    var result = weight
    for index in weight.values.indices { result.values[index] /= sigma }
    return result
  }
}
