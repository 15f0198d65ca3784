import Tensors

extension ParameterStore {
  /// The largest singular value of each weight, of a kernel's matrix `[all other axes, last axis]`, as the weight is learned: what spectral
  /// norm divides by.
  ///
  /// `σ = ‖Wᵀv‖`, `v = W u / ‖W u‖`, which is never above the largest. Where spectral norm keeps a u, it is one power iteration from there,
  /// else eight from normal numbers: a few per cent too low where singular values lie close together. Tables of classes are left out, and
  /// all weights by direction and length, whose lengths say nothing. Nothing of the store changes.
  public func largestSingularValues() -> [(path: String, value: Float)] {
    guard weights != .normalized, let memory = values, let buffers = bufferValues else { return [] }
    return parameters.filter { $0.shape.count > 1 && !$0.isTable }.map { entry in
      let columns = entry.shape.last ?? 1
      let matrix = unsafe Tensor(viewing: memory.pointer + entry.offset, shape: [entry.count / columns, columns], anchor: memory)
      let layer = entry.path.split(separator: ".").dropLast().joined(separator: ".")
      if let kept = self.buffers.first(where: { $0.path == "\(layer).u" && $0.shape == [columns] }) {
        let u = unsafe Tensor(viewing: buffers.pointer + kept.offset, shape: [columns], anchor: buffers)
        return (entry.path, Self.singularValue(matrix, from: u, iterations: 1))
      }
      var start = [Float](repeating: 0, count: columns)
      unsafe start.withUnsafeMutableBufferPointer { numbers in
        if let base = numbers.baseAddress {
          unsafe Initializer.normal(deviation: 1).fill(base, shape: [columns], seed: 0, path: entry.path)
        }
      }
      return (entry.path, Self.singularValue(matrix, from: Tensor(start, shape: [columns]), iterations: 8))
    }
  }

  private static func singularValue(_ matrix: Tensor, from start: Tensor, iterations: Int) -> Float {
    var (u, sigma) = (start, Float(0))
    for _ in 0..<iterations {
      let (image, coimage) = matrix.powerIteration(u)
      let length = norm(image)
      guard length > 0 else { return 0 }
      let turned = coimage / length
      sigma = norm(turned)
      u = turned / max(sigma, .leastNormalMagnitude)
    }
    return sigma
  }

  private static func norm(_ x: Tensor) -> Float { x.squared().sum().squareRoot().scalar }
}
