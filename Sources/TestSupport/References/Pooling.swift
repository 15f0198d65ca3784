package import Tensors

extension Window {
  /// The shape of the pooled result.
  fileprivate func pooled(_ shape: [Int]) -> [Int] {
    [shape[0], (shape[1] - size) / stride + 1, (shape[2] - size) / stride + 1, shape[3]]
  }

  /// Calls `body` with the flat index of each result of pooling `shape`, and the flat indices of its window in row-major order.
  fileprivate func forEachWindow(_ shape: [Int], _ body: (Int, [Int]) -> Void) {
    var output = 0
    Array64.forEachIndex(pooled(shape)) { index in
      var members: [Int] = []
      for row in 0..<size {
        for column in 0..<size {
          let (y, x) = (index[1] * stride + row, index[2] * stride + column)
          members.append(((index[0] * shape[1] + y) * shape[2] + x) * shape[3] + index[3])
        }
      }
      body(output, members)
      output += 1
    }
  }

  /// The member of a window where `x` has its first maximum.
  fileprivate func firstMaximum(_ members: [Int], _ x: [Double]) -> Int {
    members.dropFirst().reduce(members[0]) { x[$1] > x[$0] ? $1 : $0 }
  }
}

extension AveragePool: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: window.pooled(inputs[0].shape))
    window.forEachWindow(inputs[0].shape) { output, members in
      result.values[output] = members.reduce(0) { $0 + inputs[0].values[$1] } / Double(members.count)
    }
    return result
  }
}

extension AveragePoolGradient: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: shape)
    window.forEachWindow(shape) { output, members in
      for member in members { result.values[member] += inputs[0].values[output] / Double(members.count) }
    }
    return result
  }
}

extension MaximumPool: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: window.pooled(inputs[0].shape))
    window.forEachWindow(inputs[0].shape) { output, members in
      result.values[output] = members.reduce(-.infinity) { max($0, inputs[0].values[$1]) }
    }
    return result
  }
}

extension MaximumPoolSelect: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: window.pooled(inputs[0].shape))
    window.forEachWindow(inputs[0].shape) { output, members in
      result.values[output] = inputs[1].values[window.firstMaximum(members, inputs[0].values)]
    }
    return result
  }
}

extension MaximumPoolScatter: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = Array64(repeating: 0, shape: inputs[0].shape)
    window.forEachWindow(inputs[0].shape) { output, members in
      result.values[window.firstMaximum(members, inputs[0].values)] += inputs[1].values[output]
    }
    return result
  }
}

extension Upsample: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let s = inputs[0].shape
    let shape = [s[0], s[1] * factor, s[2] * factor, s[3]]
    var values: [Double] = []
    Array64.forEachIndex(shape) { values.append(inputs[0][[$0[0], $0[1] / factor, $0[2] / factor, $0[3]]]) }
    return Array64(values, shape: shape)
  }
}

extension UpsampleGradient: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let s = inputs[0].shape
    var result = Array64(repeating: 0, shape: [s[0], s[1] / factor, s[2] / factor, s[3]])
    Array64.forEachIndex(s) { result[[$0[0], $0[1] / factor, $0[2] / factor, $0[3]]] += inputs[0][$0] }
    return result
  }
}
