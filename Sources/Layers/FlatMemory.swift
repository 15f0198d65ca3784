/// One contiguous run of floats, cleared at first: all parameters of a network, its gradient, a moment of its optimizer.
@safe public final class FlatMemory {
  /// The floats; valid as long as this object lives.
  public let pointer: UnsafeMutablePointer<Float>
  /// Number of floats.
  public let count: Int

  /// `count` zeros on a 64-byte boundary.
  public init(count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    unsafe pointer = unsafe raw.bindMemory(to: Float.self, capacity: max(count, 1))
    unsafe pointer.initialize(repeating: 0, count: max(count, 1))
  }

  /// The same numbers in memory of their own.
  public func copy() -> FlatMemory {
    let result = FlatMemory(count: count)
    result.update(from: self)
    return result
  }

  /// Overwrites the numbers with those of `other`.
  public func update(from other: FlatMemory) {
    precondition(count == other.count, "FlatMemory: \(other.count) floats into \(count)")
    unsafe pointer.update(from: other.pointer, count: count)
  }

  deinit { unsafe pointer.deallocate() }
}
