import CHDF5

/// Sole owner of one HDF5 identifier; the object is closed when the owner goes out of scope.
struct Identifier: ~Copyable, Sendable {
  /// The number HDF5 knows the object by.
  let raw: hid_t

  /// Takes over the identifier that `body` returns.
  /// - Throws: `ArchiveError` as `Library.attempt` does, when `body` returns a negative number.
  init(
    _ action: @autoclosure () -> String, _ code: ArchiveError.Code, path: String, _ body: () -> hid_t
  ) throws(ArchiveError) {
    raw = try Library.attempt(action(), code, path: path, body)
  }

  /// Closes the object now and reports failure, which `deinit` cannot.
  consuming func close(_ action: String, _ code: ArchiveError.Code, path: String) throws(ArchiveError) {
    let raw = raw
    discard self
    try Library.attempt(action, code, path: path) { H5Idec_ref(raw) }
  }

  deinit {
    // Works for every kind of object. Fails harmlessly when the file, closed first, has taken its objects along.
    let raw = raw
    Library.perform {
      if H5Idec_ref(raw) < 0 { H5Eclear2(H5E_DEFAULT) }
    }
  }
}
