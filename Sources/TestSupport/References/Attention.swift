import Glibc
package import Tensors

extension Attention: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (queries, keys, values) = (inputs[0], inputs[1], inputs[2])
    let (rows, columns) = (queries.shape[1], keys.shape[1])
    let (keyWidth, valueWidth) = (queries.shape[2], values.shape[2])
    var result = Array64(repeating: 0, shape: [queries.shape[0], rows, valueWidth])
    for query in 0..<(queries.shape[0] * rows) {
      let first = query / rows * columns
      let powers = (0..<columns).map { column in
        exp(
          (0..<keyWidth).reduce(0.0) {
            $0 + queries.values[query * keyWidth + $1] * keys.values[(first + column) * keyWidth + $1]
          })
      }
      let sum = powers.reduce(0, +)
      for column in 0..<columns {
        for i in 0..<valueWidth {
          result.values[query * valueWidth + i] += powers[column] / sum * values.values[(first + column) * valueWidth + i]
        }
      }
    }
    return result
  }
}
