import Layers
import Sharding
import Tensors

/// A named result of a computation, bit by bit.
struct Numbers {
  /// Path of the tensor, or what it is.
  let name: String
  /// Number of the first shard held here; nil for a result that every rank holds whole.
  let firstShard: Int?
  /// Bit patterns by shard; one block for a replicated result.
  let blocks: [[UInt32]]

  /// The numbers of a tensor: of a sharded one the rows of each shard.
  init(_ name: String, _ tensor: Tensor) {
    self.name = name
    let bits = tensor.values.map(\.bitPattern)
    guard let layout = tensor.layout else {
      (firstShard, blocks) = (nil, [bits])
      return
    }
    firstShard = layout.group.ownedShards.lowerBound
    let size = layout.count == 0 ? 0 : bits.count / layout.count
    blocks = layout.rows.segments.map { $0.flatMap { bits[($0.lowerBound * size)..<($0.upperBound * size)] } }
  }

  /// Numbers that every rank holds whole.
  init(_ name: String, replicated values: [Float]) {
    self.name = name
    (firstShard, blocks) = (nil, [values.map(\.bitPattern)])
  }

  /// The arrays of flat memory, by path.
  static func arrays(_ kind: String, _ entries: [ParameterStore.Entry], _ memory: FlatMemory?) -> [Numbers] {
    guard let memory else { return [] }
    return entries.map { entry in
      let values = unsafe Array(UnsafeBufferPointer(start: memory.pointer + entry.offset, count: entry.count))
      return Numbers("\(kind) \(entry.path)", replicated: values)
    }
  }

  /// Everything in words, for a message: lengths before bits. Names are the receiver's own.
  static func encoded(_ numbers: [Numbers]) -> [UInt32] {
    numbers.reduce(into: [UInt32(numbers.count)]) { words, next in
      words.append(UInt32(next.blocks.count))
      for block in next.blocks {
        words.append(UInt32(block.count))
        words += block
      }
    }
  }

  /// The blocks of each result of a message.
  static func decoded(_ bytes: [UInt8]) -> [[[UInt32]]] {
    let words = unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt32.self)) }
    var place = 0
    func next() -> Int {
      defer { place += 1 }
      return Int(words[place])
    }
    return (0..<next()).map { _ in
      (0..<next()).map { _ in
        let count = next()
        defer { place += count }
        return Array(words[place..<(place + count)])
      }
    }
  }

  /// Where the numbers found here first differ from those of one process, or why they prove nothing; nil when all is well.
  static func difference(of found: [Numbers], from expected: [[[UInt32]]]) -> String? {
    guard found.count == expected.count else { return "\(found.count) results, one process has \(expected.count)" }
    for (numbers, blocks) in zip(found, expected) {
      for (index, block) in numbers.blocks.enumerated() {
        let shard = numbers.firstShard.map { $0 + index }
        let place = shard.map { "\(numbers.name), shard \($0)" } ?? numbers.name
        let whole = blocks[shard ?? 0]
        guard block.count == whole.count else { return "\(place): \(block.count) numbers, one process has \(whole.count)" }
        if let element = block.indices.first(where: { block[$0] != whole[$0] }) {
          let (own, other) = (Float(bitPattern: block[element]), Float(bitPattern: whole[element]))
          return "\(place), element \(element): \(own), one process has \(other)"
        }
        if let element = block.firstIndex(where: { !Float(bitPattern: $0).isFinite }) {
          return "\(place), element \(element): \(Float(bitPattern: block[element])) proves nothing"
        }
      }
    }
    let isZero = found.allSatisfy { $0.blocks.allSatisfy { $0.allSatisfy { $0 << 1 == 0 } } }
    return isZero ? "all results are 0, which proves nothing" : nil
  }
}
