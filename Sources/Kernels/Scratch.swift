import Glibc

/// Runs `body` with scratch memory for `count` numbers, uninitialised and aligned to a cache line.
///
/// The memory is the thread's own and is lent again, so that kernels ask nothing of the system once they have run. `body` may ask for more.
@inline(__always)
func withScratch<Result>(_ count: Int, _ body: (Output) -> Result) -> Result {
  let bytes = (max(count, 1) * MemoryLayout<Float>.stride + 63) / 64 * 64
  let scratch = Scratch.current
  let memory = scratch.pointee.take(bytes)
  defer { scratch.pointee.give(memory, bytes) }
  return body(memory.bindMemory(to: Float.self, capacity: max(count, 1)))
}

/// The scratch memory of a thread: a stack of blocks, since kernels give back in the reverse order of taking. No object, as kernels take
/// some for each tile, where counting references would tell.
struct Scratch {
  /// What a thread keeps when none is in use, at most; more is returned to the system.
  private static let limit = 1 << 26

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let created = pthread_key_create(&key) { Scratch.free($0!.assumingMemoryBound(to: Scratch.self)) }
    precondition(created == 0, "Scratch: no key for a thread's memory (error \(created))")
    return key
  }()

  static var current: UnsafeMutablePointer<Scratch> {
    if let known = pthread_getspecific(key) { return known.assumingMemoryBound(to: Scratch.self) }
    let scratch = UnsafeMutablePointer<Scratch>.allocate(capacity: 1)
    scratch.initialize(to: Scratch())
    pthread_setspecific(key, scratch)
    return scratch
  }

  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private var used = 0
  /// Bytes of the blocks that did not fit, and the most in use at once since `base` was allocated.
  private var beside = 0
  private var peak = 0

  mutating func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    peak = max(peak, used + beside + bytes)
    if let base, used + bytes <= capacity {
      used += bytes
      return base + (used - bytes)
    }
    beside += bytes
    return allocateMemory(bytes: bytes)
  }

  mutating func give(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
    if let base, base <= memory, memory < base + capacity {
      used -= bytes
    } else {
      beside -= bytes
      memory.deallocate()
    }
    if used == 0 && beside == 0 && peak > capacity && peak <= Self.limit { grow() }
  }

  private mutating func grow() {
    base?.deallocate()
    capacity = (peak + hugePage - 1) / hugePage * hugePage
    base = allocateMemory(bytes: capacity)
  }

  private static func free(_ scratch: UnsafeMutablePointer<Scratch>) {
    scratch.pointee.base?.deallocate()
    scratch.deinitialize(count: 1)
    scratch.deallocate()
  }
}
