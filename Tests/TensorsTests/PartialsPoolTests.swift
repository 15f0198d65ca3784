import Kernels
import Sharding
import Synchronization
import Testing

@testable import Tensors

/// Partial sums in memory that a group lends.
@Suite struct PartialsPoolTests {
  /// The first of two ranks, which lends memory and notes what it is sent.
  @safe final class LendingGroup: BatchGroup {
    let plan = ShardPlan(batch: 4, shardCount: 4, keepsShardsApart: true)
    let ownedShards = 0..<2
    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 14)
    let pool: PartialsPool
    var owners: [AnyObject] = []
    var lentSums = 0
    var waits = 0
    private var sums: [Float] = []
    private let results = UnsafeMutablePointer<Float>.allocate(capacity: 1 << 14)

    init(room: Int = 1 << 14) {
      pool = unsafe PartialsPool(memory, shortest: 64) { $0 <= room }
    }

    deinit {
      unsafe memory.deallocate()
      unsafe results.deallocate()
    }

    func partialsPool() -> PartialsPool? { pool }
    func isLent(_ pointer: UnsafePointer<Float>) -> Bool {
      unsafe pointer >= UnsafePointer(memory.baseAddress!) && pointer < UnsafePointer(memory.baseAddress! + memory.count)
    }

    func isLent(_ storage: Storage) -> Bool { unsafe isLent(storage.pointer) }

    func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) {
      for index in 0..<count { unsafe result[index] = partials[index] + partials[count + index] }
    }
    func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> {
      sums += (0..<count).map { unsafe partials[$0] + partials[count + $0] }
      return (sums.count - count)..<sums.count
    }
    func send(_ partials: UnsafePointer<Float>, count: Int, keeping owner: AnyObject) -> Range<Int> {
      owners.append(owner)
      if unsafe isLent(partials) { lentSums += 1 }
      return unsafe send(partials, count: count)
    }
    func flushLongSums() {}
    func longSums() -> UnsafePointer<Float> {
      waits += 1
      for (index, value) in sums.enumerated() { unsafe results[index] = value }
      return unsafe UnsafePointer(results)
    }
    func forgetLongSums(count: Int) { sums = [] }
  }

  /// The gradient of Σ over both parts and samples of `x w`, with parts of two local samples each.
  private func gradient(_ group: LendingGroup, columns: Int, parts: Int) -> [Float] {
    let layout = BatchLayout(group)
    let leaf = Tensor([Float](repeating: 1, count: 2 * columns), shape: [2, columns]).asLeaf()
    let gradient = ParameterGradient(at: [leaf])
    for part in 0..<parts {
      let rows = Tensor(rows: (0..<4).map { Float($0 + 10 * part) }, shape: [2, 2], layout: layout)
      gradient.add(rows.rowProduct(leaf).sum(), isLast: part == parts - 1)
    }
    var found: [Float] = []
    gradient.finish { _, tensor in found = tensor.values }
    return found
  }

  @Test(arguments: [1, 2]) func `long sums into parameters are made in lent memory, and kept by whoever reads them`(parts: Int) {
    let group = LendingGroup()
    // Samples are (0, 1) and (2, 3), in the second part (10, 11) and (12, 13): Σ x is (2, 4), then (22, 24) more.
    let expected: [Float] = parts == 1 ? [2, 4] : [24, 28]
    let found = gradient(group, columns: 600, parts: parts)
    #expect(found == [Float](repeating: expected[0], count: 600) + [Float](repeating: expected[1], count: 600))
    #expect(group.lentSums == 1 && group.owners.count == 1)
    // Its owner still has the memory: the next sum is elsewhere.
    let kept = group.owners.compactMap { $0 as? Storage }
    #expect(kept.count == 1 && group.isLent(kept[0]))
    let other = Storage(partialsOf: group, blockSize: 1200, blocks: 2)
    #expect(group.isLent(other) && Self.address(other) != Self.address(kept[0]))
  }

  private static func address(_ storage: Storage) -> UInt { UInt(bitPattern: unsafe storage.pointer) }

  @Test func `memory returns to the pool with its last owner`() {
    let group = LendingGroup()
    var first: Storage? = Storage(partialsOf: group, blockSize: 1024, blocks: 2)
    let address = first.map(Self.address)
    #expect(first.map(group.isLent) == true)
    let second = Storage(partialsOf: group, blockSize: 1024, blocks: 2)
    #expect(Self.address(second) != address)
    first = nil
    #expect(Self.address(Storage(partialsOf: group, blockSize: 1024, blocks: 2)) == address)
  }

  @Test func `short sums, and those that find no room, are in other memory`() {
    let group = LendingGroup()
    #expect(!group.isLent(Storage(partialsOf: group, blockSize: 63, blocks: 2)))
    let large = Storage(partialsOf: group, blockSize: 1 << 13, blocks: 2)
    #expect(group.isLent(large))
    #expect(!group.isLent(Storage(partialsOf: group, blockSize: 1 << 10, blocks: 2)))
    // A host that has no memory behind the addresses.
    let poor = LendingGroup(room: 0)
    #expect(!poor.isLent(Storage(partialsOf: poor, blockSize: 1 << 10, blocks: 2)))
    #expect(gradient(poor, columns: 600, parts: 2) == gradient(LendingGroup(), columns: 600, parts: 2))
    #expect(poor.lentSums == 0)
  }

  @Test func `memory that was refused once is not asked for again, while what there is goes on being lent`() {
    var asked: [Int] = []
    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3 << 20)
    defer { unsafe memory.deallocate() }
    let pool = unsafe PartialsPool(memory, shortest: 64) { count in
      asked.append(count)
      return count <= 1 << 20
    }
    func isLent(_ count: Int) -> Bool { unsafe pool.take(count: count) != nil }
    #expect(isLent(1 << 19) && !isLent(1 << 20) && !isLent(1 << 21) && isLent(1 << 19) && !isLent(1))
    #expect(asked == [1 << 20, 2 << 20])
  }

  @Test func `a sum that was sent does not change before all have read it`() {
    let group = LendingGroup()
    let storage = Storage(partialsOf: group, blockSize: 128, blocks: 2)
    for index in 0..<256 { unsafe storage.pointer[index] = Float(index) }
    storage.pending = (group, 128)
    #expect(storage.send() == 0..<128)
    #expect(group.waits == 0)
    storage.resolve()
    #expect(group.waits == 1)
    #expect(unsafe UnsafeBufferPointer(start: storage.pointer, count: 128).elementsEqual((0..<128).map { Float(2 * $0 + 128) }))
  }

  /// Notes what runs, and what a group is sent meanwhile.
  private final class Events: PrimitiveObserver {
    let group: LendingGroup
    var names: [String] = []
    init(_ group: LendingGroup) { self.group = group }
    func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
      names.append("\(type(of: primitive).name) after \(group.owners.count)")
    }
  }

  @Test func `the gradient of a matrix is sent before the cotangent of its rows is computed`() {
    let group = LendingGroup()
    let leaves = [[2, 3], [3, 64]].map { Tensor([Float](repeating: 1, count: $0[0] * $0[1]), shape: $0).asLeaf() }
    let rows = Tensor(rows: [1, 2, 3, 4], shape: [2, 2], layout: BatchLayout(group))
    let loss = rows.rowProduct(leaves[0]).rowProduct(leaves[1]).sum()
    let gradient = ParameterGradient(at: leaves)
    let events = Events(group)
    Observation.observing(events) { gradient.add(loss, isLast: true) }
    let products = events.names.filter { $0.contains("product") }
    #expect(products == ["outer product after 0", "row product after 1", "outer product after 1"], "\(events.names)")
    gradient.finish { _, _ in }
  }
}
