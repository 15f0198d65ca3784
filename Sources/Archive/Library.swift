import CHDF5
import Glibc
import Synchronization

/// The one door to HDF5: every call of the library is made inside `perform` or `attempt`.
///
/// Debian's build has its own global lock, others are not thread-safe at all; one lock here makes them equal. The error stack is read
/// under the same lock, so that it belongs to the failing call.
enum Library {
  private static let isPrepared = Mutex(false)

  /// Runs `body` with HDF5 to itself.
  /// - Precondition: `body` calls only C functions; it must not come back here, for the lock is not recursive.
  static func perform<Value: Sendable>(_ body: () -> Value) -> Value {
    isPrepared.withLock { prepared in
      if !prepared {
        prepare()
        prepared = true
      }
      // Thread-safe builds keep one error stack, and one printing switch, for each thread.
      H5Eset_auto2(H5E_DEFAULT, nil, nil)
      return body()
    }
  }

  /// Runs a call whose negative result means failure.
  /// - Parameters:
  ///   - action: what was attempted, as in `cannot \(action): reason`.
  ///   - path: the file the call is about.
  /// - Throws: `ArchiveError` of category `code` with HDF5's error stack.
  @discardableResult
  static func attempt<Result: SignedInteger & Sendable>(
    _ action: @autoclosure () -> String, _ code: ArchiveError.Code, path: String, _ body: () -> Result
  ) throws(ArchiveError) -> Result {
    let (result, stack) = perform {
      let result = body()
      return (result, result < 0 ? ErrorStack.take() : nil)
    }
    guard let stack else { return result }
    throw ArchiveError(code, "cannot \(action()): \(stack.reason)", path: path, cause: stack.lines)
  }

  private static func prepare() {
    // On file systems without flock (some NFS, Lustre) files still open; a lock really held by another process is still refused.
    unsafe setenv("HDF5_USE_FILE_LOCKING", "BEST_EFFORT", 0)
    // After a failed write HDF5's own tidying at exit crashes on what it could not close; every file is closed by its owner anyway.
    H5dont_atexit()
    H5open()
    // A data file must not be able to name a plug-in that is then loaded as code.
    H5PLset_loading_state(0)
    LZF.register()
  }
}
