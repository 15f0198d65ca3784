import Kernels

/// One contiguous run of floats, cleared at first: all parameters of a network, its gradient, a moment of its optimizer.
@safe public final class FlatMemory {
  /// The floats; valid as long as this object lives.
  public let pointer: UnsafeMutablePointer<Float>
  /// Number of floats.
  public let count: Int
  /// Owner of memory that other processes see; nil for memory of this object.
  private let anchor: AnyObject?

  /// `count` zeros on a 64-byte boundary.
  public init(count: Int) {
    self.count = count
    unsafe pointer = unsafe allocateMemory(bytes: max(count, 1) * 4).bindMemory(to: Float.self, capacity: max(count, 1))
    unsafe pointer.initialize(repeating: 0, count: max(count, 1))
    anchor = nil
  }

  /// `count` zeros that `anchor` keeps alive and other processes see.
  public init(sharing pointer: UnsafeMutablePointer<Float>, count: Int, anchor: AnyObject) {
    unsafe self.pointer = unsafe pointer
    self.count = count
    self.anchor = anchor
  }

  /// The same numbers in memory of this process.
  public func copy() -> FlatMemory {
    let result = FlatMemory(count: count)
    result.update(from: self, in: 0..<count)
    return result
  }

  /// Overwrites the numbers in `range` with those of `other`.
  public func update(from other: FlatMemory, in range: Range<Int>) {
    precondition(
      count == other.count && range.clamped(to: 0..<count) == range, "FlatMemory: \(range) of \(other.count) floats into \(count)")
    unsafe (pointer + range.lowerBound).update(from: other.pointer + range.lowerBound, count: range.count)
  }

  /// Whether other processes see the same memory.
  public var isShared: Bool { anchor != nil }

  deinit { if anchor == nil { unsafe pointer.deallocate() } }
}

/// Where the numbers of stores live, and which part of them this process updates.
public protocol StoreMemory {
  /// `count` zeros. Every process that shares them asks at the same point of its program.
  func floats(_ count: Int) -> FlatMemory
  /// Number of this process among those that share the memory, and how many they are.
  var share: (index: Int, count: Int) { get }
  /// Waits for all processes that share the memory.
  func barrier()
}

/// Memory of one process.
public struct PrivateMemory: StoreMemory {
  /// Memory that nobody shares.
  public init() {}
  public func floats(_ count: Int) -> FlatMemory { FlatMemory(count: count) }
  public var share: (index: Int, count: Int) { (0, 1) }
  public func barrier() {}
}
