import Kernels
import Sharding

/// Memory of a tensor: a run of floats that returns to its pool when the last tensor over it is gone.
///
/// A sum over the batch whose ranks have not been added yet is *pending*: the memory holds one block for each tree node this rank brings,
/// and `resolve()` adds over all ranks into the first block. Laziness lets gradients of parameters travel while others are computed.
@safe package final class Storage {
  /// First float; valid as long as this object lives.
  var pointer: UnsafeMutablePointer<Float> {
    if let product { compute(product) }
    return unsafe memory
  }
  private var memory: UnsafeMutablePointer<Float>
  /// Bytes that `StoragePool` lent, 0 for memory of others.
  private var capacity: Int
  /// What the numbers are before somebody reads them.
  private(set) var product: Product?
  /// The pool of partial sums that lent the memory, and how many floats; nil for other memory.
  private let loan: (pool: PartialsPool, count: Int)?
  /// Owner of memory that is not the pool's.
  private let anchor: AnyObject?
  /// The group and block size of a sum that has not crossed ranks.
  var pending: (group: any BatchGroup, blockSize: Int)?
  /// Whether the pending sum was sent, so that others may be reading it.
  private(set) var isSent = false

  /// Numbers that are those of another storage times a factor.
  struct Product {
    let source: Storage
    let factor: Float
    fileprivate let count: Int
  }

  /// Pool memory for `count` floats, not cleared.
  init(count: Int) {
    (unsafe memory, capacity) = unsafe StoragePool.shared.take(count: count)
    (anchor, loan) = (nil, nil)
  }

  /// The numbers of `source` times a factor, multiplied when they are first read; until then `source` must keep its numbers.
  init(count: Int, source: Storage, factor: Float) {
    unsafe memory = unsafe source.pointer
    (capacity, anchor, loan) = (0, nil, nil)
    product = Product(source: source, factor: factor, count: count)
  }

  private func compute(_ wanted: Product) {
    product = nil
    (unsafe memory, capacity) = unsafe StoragePool.shared.take(count: wanted.count)
    unsafe Kernels.affine(wanted.source.pointer, scale: wanted.factor, offset: 0, memory, wanted.count)
  }

  /// Memory for the partial sums of `group`, `blocks` of `blockSize` floats, where the group's other processes can read them if there is
  /// room; not cleared.
  init(partialsOf group: any BatchGroup, blockSize: Int, blocks: Int) {
    if let pool = group.partialsPool(), blockSize >= pool.shortest, let lent = unsafe pool.take(count: blockSize * blocks) {
      unsafe memory = unsafe lent.0
      loan = unsafe (pool, lent.1)
      capacity = 0
    } else {
      (unsafe memory, capacity) = unsafe StoragePool.shared.take(count: blockSize * blocks)
      loan = nil
    }
    anchor = nil
  }

  /// Memory that `anchor` owns and keeps alive.
  init(borrowing pointer: UnsafeMutablePointer<Float>, anchor: AnyObject) {
    unsafe memory = unsafe pointer
    (capacity, loan) = (0, nil)
    self.anchor = anchor
  }

  /// Sends the pending sum over the ranks.
  /// - Returns: where the sum will be among the group's long sums.
  func send() -> Range<Int> {
    guard let sum = pending else { preconditionFailure("Storage: no sum is pending") }
    isSent = true
    return unsafe sum.group.send(pointer, count: sum.blockSize, keeping: self)
  }

  /// Adds a pending sum over all ranks, in tree order; every rank must come here at the same point of its program.
  func resolve() {
    guard let sum = pending else { return }
    pending = nil
    // What is sent is read where it is, and must not change before all have read it.
    if isSent { unsafe _ = sum.group.longSums() }
    guard sum.group.isAlone else { return unsafe sum.group.sum(pointer, count: sum.blockSize, into: pointer) }
    let blocks = unsafe sum.group.nodes.indices.map { unsafe UnsafePointer(pointer + $0 * sum.blockSize) }
    let steps = sum.group.plan.tree.rootSteps(of: sum.group.nodes)
    unsafe Kernels.combine(blocks, steps: steps, count: sum.blockSize, into: pointer)
  }

  deinit {
    if capacity > 0 { unsafe StoragePool.shared.give(memory, capacity: capacity) }
    if let loan { unsafe loan.pool.give(memory, count: loan.count) }
  }
}
