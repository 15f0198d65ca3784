import Glibc
import Synchronization

/// The memory of tensors: one run of addresses that grows, whose freed parts are lent again, so that after the second step of a run no
/// memory is asked of the system and what is resident is little more than what was in use at once.
public final class StoragePool: Sendable {
  /// The pool of the process.
  public static let shared = StoragePool()

  /// What the pool has handed out.
  public struct Statistics: Sendable {
    /// Blocks for which memory was asked of the system.
    public var misses = 0
    /// Blocks of memory that had been in use before.
    public var hits = 0
    /// Bytes in use now.
    public var bytesInUse = 0
    /// Largest `bytesInUse` so far.
    public var peakBytes = 0
    /// Bytes asked of the system so far.
    public var residentBytes = 0
  }

  private struct State {
    var extents = Extents()
    /// Free small blocks by size.
    var small: [Int: [Int]] = [:]
    /// Addresses that may be touched.
    var usable = 0
    var statistics = Statistics()
  }

  /// Blocks up to here are kept by size: they are many, and must not cut the large ones' room to pieces.
  private static let smallest = 1 << 16
  private static let page = 1 << 12
  private static let hugePage = 1 << 21
  /// Small blocks are cut from runs of this size, and memory is asked of the system in such steps.
  private static let run = 1 << 24

  private let state = Mutex(State())
  private let base: UInt
  private let reserved: Int

  private init() {
    // Addresses only: memory comes with the first touch. Twice what the machine has leaves room for parts that fit nothing.
    let physical = max(1 << 32, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
    reserved = (2 * physical + Self.run) / Self.run * Self.run
    let mapped = unsafe mmap(nil, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("StoragePool: no \(reserved) bytes of address space (error \(errno)); raise the limit (ulimit -v unlimited)")
    }
    base = (UInt(bitPattern: mapped) + UInt(Self.hugePage) - 1) / UInt(Self.hugePage) * UInt(Self.hugePage)
  }

  /// Counts since the process began.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Room for `count` floats, not cleared, and the bytes lent.
  func take(count: Int) -> (UnsafeMutablePointer<Float>, Int) {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let isSmall = bytes <= Self.smallest
    let capacity = isSmall ? Self.smallClass(bytes) : (bytes + Self.page - 1) / Self.page * Self.page
    let offset = state.withLock { state in
      let before = state.usable
      let offset = isSmall ? takeSmall(capacity, &state) : state.extents.take(capacity)
      makeUsable(&state)
      if state.usable > before { state.statistics.misses += 1 } else { state.statistics.hits += 1 }
      state.statistics.bytesInUse += capacity
      state.statistics.peakBytes = max(state.statistics.peakBytes, state.statistics.bytesInUse)
      return offset
    }
    // Sound: the offset lies in the mapping of this object, which lives as long as the process, and is in nobody else's hands.
    let address = unsafe UnsafeMutableRawPointer(bitPattern: base + UInt(offset))!
    return unsafe (address.bindMemory(to: Float.self, capacity: capacity / 4), capacity)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
    let offset = Int(UInt(bitPattern: pointer) - base)
    state.withLock { state in
      if capacity <= Self.smallest {
        state.small[capacity, default: []].append(offset)
      } else {
        state.extents.give(offset..<(offset + capacity))
      }
      state.statistics.bytesInUse -= capacity
    }
  }

  /// Cache lines up to a page, then quarters of powers of two: few distinct sizes, so freed blocks fit again.
  private static func smallClass(_ bytes: Int) -> Int {
    if bytes <= page { return (bytes + 63) / 64 * 64 }
    var step = page / 4
    while step * 8 < bytes { step *= 2 }
    return (bytes + step - 1) / step * step
  }

  private func takeSmall(_ capacity: Int, _ state: inout State) -> Int {
    if let offset = state.small[capacity]?.popLast() { return offset }
    // A whole run of blocks of this size at once.
    let count = max(1, min(64, Self.smallest * 4 / capacity))
    let first = state.extents.take((count * capacity + Self.page - 1) / Self.page * Self.page)
    state.small[capacity, default: []] += (1..<count).reversed().map { first + $0 * capacity }
    return first
  }

  /// Makes everything below the extents' end readable and writable.
  private func makeUsable(_ state: inout State) {
    guard state.extents.end > state.usable else { return }
    let end = (state.extents.end + Self.run - 1) / Self.run * Self.run
    let start = unsafe UnsafeMutableRawPointer(bitPattern: base + UInt(state.usable))
    guard end + Self.hugePage <= reserved, unsafe mprotect(start, end - state.usable, PROT_READ | PROT_WRITE) == 0 else {
      fatalError("StoragePool: \(end) bytes asked of the system, which has them not (error \(errno)); lower --batch or use more nodes")
    }
    unsafe madvise(start, end - state.usable, MADV_HUGEPAGE)
    state.usable = end
    state.statistics.residentBytes = end
  }
}
