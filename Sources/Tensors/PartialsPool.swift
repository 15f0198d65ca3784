import Synchronization

/// Memory for long partial sums that the other processes of a host read where they are, lent and taken back like that of `StoragePool`.
///
/// Who finds no room here takes other memory, whose sums are copied when they are sent.
@safe public final class PartialsPool {
  /// Floats of a block from which on it is worth lending.
  public let shortest: Int
  private let memory: UnsafeMutableBufferPointer<Float>
  private let reserve: (_ count: Int) -> Bool
  private let state: Mutex<State>
  private static let page = 1024
  /// Memory is reserved in steps of this many floats, since each one is a call of the system.
  private static let step = 1 << 20

  private struct State {
    var extents = Extents()
    /// Floats that may be touched.
    var usable = 0
    /// Floats that may be asked for: once more were refused, those in use, since trying costs time.
    var limit: Int
  }

  /// - Parameters:
  ///   - memory: what is lent; `reserve` keeps it alive.
  ///   - shortest: floats of a block from which on it is worth lending.
  ///   - reserve: makes sure that the first `count` floats may be touched, and says whether they may.
  public init(_ memory: UnsafeMutableBufferPointer<Float>, shortest: Int, reserve: @escaping (_ count: Int) -> Bool) {
    unsafe self.memory = unsafe memory
    self.shortest = shortest
    self.reserve = reserve
    state = Mutex(State(limit: memory.count))
  }

  /// Room for `count` floats, not cleared, and the floats lent; nil when there is none.
  func take(count: Int) -> (UnsafeMutablePointer<Float>, Int)? {
    let size = max(1, (count + Self.page - 1) / Self.page) * Self.page
    let start: Int? = state.withLock { state in
      var extents = state.extents
      let start = extents.take(size)
      guard makeUsable(extents.end, &state) else { return nil }
      state.extents = extents
      return start
    }
    guard let start, let base = unsafe memory.baseAddress else { return nil }
    return unsafe (base + start, size)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, count: Int) {
    guard let base = unsafe memory.baseAddress else { return }
    let start = unsafe pointer - base
    state.withLock { $0.extents.give(start..<(start + count)) }
  }

  private func makeUsable(_ end: Int, _ state: inout State) -> Bool {
    if end <= state.usable { return true }
    guard end <= state.limit else { return false }
    let rounded = min((end + Self.step - 1) / Self.step * Self.step, state.limit)
    guard reserve(rounded) else {
      state.limit = state.usable
      return false
    }
    state.usable = rounded
    return true
  }
}
