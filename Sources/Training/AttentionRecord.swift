internal import Foundation
internal import Tensors

/// What a self-attention layer did for one image: from its queries and keys, where each output point looked.
public struct AttentionRecord: Sendable {
  /// Dotted path of the layer.
  public let layer: String
  /// Number of points that look, and of places looked at.
  public let counts: (queries: Int, keys: Int)
  private let queries: [Float]
  private let keys: [Float]

  init(layer: String, counts: (queries: Int, keys: Int), queries: [Float], keys: [Float]) {
    precondition(queries.count * counts.keys == keys.count * counts.queries, "AttentionRecord: queries and keys of different widths")
    self.layer = layer
    self.counts = counts
    self.queries = queries
    self.keys = keys
  }

  /// The row of the softmax of one point: shares of all places, which add up to 1.
  public func shares(ofQuery index: Int) -> [Float] {
    precondition((0..<counts.queries).contains(index), "AttentionRecord: point \(index) of \(counts.queries)")
    let width = queries.count / counts.queries
    let scores = (0..<counts.keys).map { key in
      (0..<width).reduce(Float(0)) { $0 + queries[index * width + $1] * keys[key * width + $1] }
    }
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

/// Notes the queries and keys of every self-attention that runs, one record for each sample.
final class AttentionObserver: PrimitiveObserver {
  private(set) var records: [AttentionRecord] = []

  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
    guard primitive is Attention, !inputs[0].isAbstract else { return }
    let (queries, keys) = (inputs[0], inputs[1])
    let (rows, columns, width) = (queries.shape[1], keys.shape[1], queries.shape[2])
    let (queryValues, keyValues) = (queries.values, keys.values)
    for sample in 0..<queries.shape[0] {
      records.append(
        AttentionRecord(
          layer: Observation.path, counts: (rows, columns),
          queries: Array(queryValues[(sample * rows * width)..<((sample + 1) * rows * width)]),
          keys: Array(keyValues[(sample * columns * width)..<((sample + 1) * columns * width)])))
    }
  }
}
