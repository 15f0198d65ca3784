import Glibc
import Synchronization

/// Freed blocks by size, so that after the second step of a run no memory is asked of the system.
public final class StoragePool: Sendable {
  /// The pool of the process.
  public static let shared = StoragePool()

  /// What the pool has handed out.
  public struct Statistics: Sendable {
    /// Blocks asked of the system because no free one fitted.
    public var misses = 0
    /// Blocks handed out again.
    public var hits = 0
    /// Bytes in use now.
    public var bytesInUse = 0
    /// Largest `bytesInUse` so far.
    public var peakBytes = 0
  }

  private struct State {
    var free: [Int: [UInt]] = [:]
    var statistics = Statistics()

    /// A free block of this size, else the smallest of up to twice the size: networks have many sizes, few of them live at once.
    mutating func reuse(_ capacity: Int) -> (address: UInt, capacity: Int)? {
      if let address = free[capacity]?.popLast() { return (address, capacity) }
      let larger = free.lazy.filter { $0.key > capacity && $0.key <= 2 * capacity && !$0.value.isEmpty }.map(\.key).min()
      guard let larger, let address = free[larger]?.popLast() else { return nil }
      return (address, larger)
    }
  }

  private static let hugePage = 1 << 21
  private let state = Mutex(State())

  /// Counts since the process began.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  func take(count: Int) -> (UnsafeMutablePointer<Float>, Int) {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    // Whole cache lines when small, whole pages when large: few distinct sizes, so freed blocks fit again.
    let capacity = bytes <= 4096 ? (bytes + 63) & ~63 : (bytes + 4095) & ~4095
    let reused: (address: UInt, capacity: Int)? = state.withLock { state in
      let found = state.reuse(capacity)
      state.statistics.bytesInUse += found?.capacity ?? capacity
      state.statistics.peakBytes = max(state.statistics.peakBytes, state.statistics.bytesInUse)
      if found == nil { state.statistics.misses += 1 } else { state.statistics.hits += 1 }
      return found
    }
    if let (address, capacity) = reused {
      // Sound: the address came from `allocate` below and is in nobody's hands while it is on the free list.
      return unsafe (UnsafeMutableRawPointer(bitPattern: address)!.bindMemory(to: Float.self, capacity: capacity / 4), capacity)
    }
    return unsafe (Self.allocate(capacity).bindMemory(to: Float.self, capacity: capacity / 4), capacity)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
    let address = UInt(bitPattern: pointer)
    state.withLock { state in
      state.free[capacity, default: []].append(address)
      state.statistics.bytesInUse -= capacity
    }
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    let alignment = capacity >= hugePage ? hugePage : 64
    let code = unsafe posix_memalign(&memory, alignment, capacity)
    guard code == 0, let memory = unsafe memory else {
      fatalError("StoragePool: \(capacity) bytes asked of the system, none left (error \(code)); lower --batch or use more nodes")
    }
    if capacity >= hugePage { unsafe madvise(memory, capacity, MADV_HUGEPAGE) }
    return unsafe memory
  }
}
