internal import Glibc

/// A file of /dev/shm that the ranks of one host have mapped. It has no name any more once all have, so nothing stays after a kill.
@safe final class SharedMemory {
  /// First byte; valid as long as this object lives.
  let base: UnsafeMutableRawPointer
  /// Bytes of address space; those in use must have been reserved.
  let capacity: Int
  private let descriptor: Int32
  private var reserved = 0

  /// Bytes that /dev/shm has left, or nil where there is none.
  static var room: Int? {
    var found = statvfs()
    guard unsafe statvfs("/dev/shm", &found) == 0 else { return nil }
    return Int(found.f_bavail) * Int(found.f_frsize)
  }

  /// Maps the file `name`, of which `capacity` bytes may be used.
  /// - Parameter isNew: whether to create it; one rank of a host does.
  init(name: String, isNew: Bool, capacity: Int) throws(CommunicationError) {
    let page = 4096
    let bytes = (capacity + page - 1) / page * page
    let file = unsafe shm_open(name, isNew ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0o600)
    guard file >= 0 else { throw Self.failure("opening \(name) in /dev/shm", errno) }
    func given(up attempted: String) -> CommunicationError {
      let error = Self.failure(attempted, errno)
      close(file)
      if isNew { Self.unlink(name) }
      return error
    }
    if isNew && ftruncate(file, bytes) != 0 { throw given(up: "sizing \(name) in /dev/shm") }
    let mapped = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw given(up: "mapping \(bytes) bytes of /dev/shm") }
    self.capacity = bytes
    descriptor = file
    unsafe base = unsafe mapped
  }

  /// Takes the name away; those who mapped the file keep it.
  static func unlink(_ name: String) { unsafe _ = shm_unlink(name) }

  /// Makes sure that the first `bytes` have memory behind them: touching what has none would kill the process.
  func reserve(_ bytes: Int) throws(CommunicationError) {
    guard bytes > reserved else { return }
    try reserve(reserved..<bytes)
    reserved = bytes
  }

  /// Makes sure that the bytes in `range` have memory behind them.
  func reserve(_ range: Range<Int>) throws(CommunicationError) {
    if range.isEmpty { return }
    precondition(range.lowerBound >= 0 && range.upperBound <= capacity, "SharedMemory: bytes \(range) of \(capacity)")
    var code: Int32
    // Older kernels end the call at any signal, such as one that asks for a checkpoint, whatever SA_RESTART says.
    repeat { code = posix_fallocate(descriptor, off_t(range.lowerBound), off_t(range.count)) } while code == EINTR
    guard code == 0 else { throw Self.failure("reserving \(range.count) bytes of /dev/shm", code) }
  }

  private static func failure(_ attempted: String, _ code: Int32) -> CommunicationError {
    CommunicationError(
      attempted: attempted, found: unsafe String(cString: strerror(code)),
      remedy: "enlarge /dev/shm (docker: --shm-size) or use --reduce messages")
  }

  deinit {
    unsafe munmap(base, capacity)
    close(descriptor)
  }
}

/// Floats that all ranks of a host see, zero at first.
@safe public final class SharedFloats {
  /// First float; valid as long as this object lives.
  public let pointer: UnsafeMutablePointer<Float>
  private let memory: SharedMemory

  init(_ memory: SharedMemory, count: Int) {
    self.memory = memory
    unsafe pointer = unsafe memory.base.bindMemory(to: Float.self, capacity: count)
  }
}
