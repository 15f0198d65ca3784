import Kernels
import Sharding

/// Memory of a tensor: a run of floats that returns to the pool when the last tensor over it is gone.
///
/// A sum over the batch whose ranks have not been added yet is *pending*: the memory holds one block for each tree node this rank brings,
/// and `resolve()` adds over all ranks into the first block. Laziness lets gradients of parameters travel while others are computed.
@safe package final class Storage {
  /// First float; valid as long as this object lives.
  let pointer: UnsafeMutablePointer<Float>
  /// Bytes the pool lent, 0 for memory that belongs to `anchor`.
  private let capacity: Int
  /// Owner of memory that is not the pool's.
  private let anchor: AnyObject?
  /// The group and block count of a sum that has not crossed ranks.
  var pending: (group: any BatchGroup, blockSize: Int)?

  /// Pool memory for `count` floats, not cleared.
  init(count: Int) {
    (unsafe pointer, capacity) = unsafe StoragePool.shared.take(count: count)
    anchor = nil
  }

  /// Memory that `anchor` owns and keeps alive.
  init(borrowing pointer: UnsafeMutablePointer<Float>, anchor: AnyObject) {
    unsafe self.pointer = unsafe pointer
    capacity = 0
    self.anchor = anchor
  }

  /// Adds a pending sum over all ranks, in tree order; every rank must come here at the same point of its program.
  func resolve() {
    guard let sum = pending else { return }
    pending = nil
    guard sum.group.isAlone else { return unsafe sum.group.sum(pointer, count: sum.blockSize, into: pointer) }
    let blocks = unsafe sum.group.nodes.indices.map { unsafe UnsafePointer(pointer + $0 * sum.blockSize) }
    let steps = sum.group.plan.tree.rootSteps(of: sum.group.nodes)
    unsafe Kernels.combine(blocks, steps: steps, count: sum.blockSize, into: pointer)
  }

  deinit {
    if capacity > 0 { unsafe StoragePool.shared.give(pointer, capacity: capacity) }
  }
}
