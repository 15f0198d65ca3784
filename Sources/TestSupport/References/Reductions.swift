import Glibc
package import Tensors

extension Sum: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let x = inputs[0]
    var result = Array64(repeating: 0, shape: Array(x.shape[..<axes.lowerBound] + x.shape[axes.upperBound...]))
    Array64.forEachIndex(x.shape) { index in
      result[Array(index[..<axes.lowerBound] + index[axes.upperBound...])] += x[index]
    }
    return result
  }
}

extension Softmax: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var result = inputs[0]
    forEachRow(inputs[0]) { row, columns in
      let powers = inputs[0].values[row].map { exp($0) }
      let sum = powers.reduce(0, +)
      for column in 0..<columns { result.values[row.lowerBound + column] = powers[column] / sum }
    }
    return result
  }
}

extension LogSumExp: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var values: [Double] = []
    forEachRow(inputs[0]) { row, _ in values.append(log(inputs[0].values[row].reduce(0) { $0 + exp($1) })) }
    return Array64(values, shape: inputs[0].shape.dropLast() + [1])
  }
}

/// Calls `body` with the elements of each row along the last axis, and their number.
private func forEachRow(_ x: Array64, _ body: (Range<Int>, Int) -> Void) {
  let columns = x.shape[x.shape.count - 1]
  for start in stride(from: 0, to: x.count, by: columns) { body(start..<(start + columns), columns) }
}

extension Standardize: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let x = inputs[0]
    let channels = x.shape[x.shape.count - 1]
    let rows = x.count / channels
    var result = x
    for channel in 0..<channels {
      let column = (0..<rows).map { x.values[$0 * channels + channel] }
      let mean = column.reduce(0, +) / Double(rows)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      for row in 0..<rows {
        let normal = (column[row] - mean) / (variance + Double(epsilon)).squareRoot()
        let place = inputs[1].shape.count == 2 ? row / (rows / x.shape[0]) * channels + channel : channel
        let y = inputs[1].values[place] * normal + inputs[2].values[place]
        result.values[row * channels + channel] = y > 0 ? y : Double(slope) * y
      }
    }
    return result
  }
}
