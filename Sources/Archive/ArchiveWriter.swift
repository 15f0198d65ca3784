import CHDF5
import Glibc
import Synchronization

/// An HDF5 file being written, in the checksummed format of HDF5 1.10, without time stamps: equal contents give equal bytes.
///
/// Used from one thread; groups on the way to a data set or attribute are created as needed. Prefer `writeAtomically(to:_:)`, which
/// never leaves half a file behind.
public final class ArchiveWriter {
  /// Path of the file.
  public let path: String
  private var file: Identifier?

  /// Creates the file at `path`, or empties an existing one.
  /// - Throws: `ArchiveError` when the file cannot be created.
  public init(creating path: String) throws(ArchiveError) {
    self.path = path
    let creation = try Identifier("prepare writing", .cannotCreate, path: path) { H5Pcreate(H5P_FILE_CREATE) }
    let access = try Identifier("prepare writing", .cannotCreate, path: path) { H5Pcreate(H5P_FILE_ACCESS) }
    try Library.attempt("prepare writing", .cannotCreate, path: path) { H5Pset_obj_track_times(creation.raw, false) }
    // The format of 1.10 has a checksum on every piece of metadata, the older default format has none.
    try Library.attempt("prepare writing", .cannotCreate, path: path) {
      H5Pset_libver_bounds(access.raw, H5F_LIBVER_V110, H5F_LIBVER_V110)
    }
    try Library.attempt("prepare writing", .cannotCreate, path: path) { H5Pset_fclose_degree(access.raw, H5F_CLOSE_STRONG) }
    file = try Identifier("create the file", .cannotCreate, path: path) {
      unsafe chdf5_own(H5Fcreate(path, H5F_ACC_TRUNC, creation.raw, access.raw))
    }
  }

  /// Creates the group at the slash-separated `name`, and the groups on the way to it; existing ones stay.
  public func createGroup(_ name: String) throws(ArchiveError) {
    let properties = try Identifier("create group '\(name)'", .cannotWrite, path: path) { H5Pcreate(H5P_GROUP_CREATE) }
    try Library.attempt("create group '\(name)'", .cannotWrite, path: path) { H5Pset_obj_track_times(properties.raw, false) }
    let file = raw
    var location = ""
    for part in name.split(separator: "/") {
      location += "/" + part
      let step = location
      guard Library.perform({ unsafe H5Lexists(file, step, H5P_DEFAULT) }) <= 0 else { continue }
      _ = try Identifier("create group '\(step)'", .cannotWrite, path: path) {
        unsafe H5Gcreate2(file, step, H5P_DEFAULT, properties.raw, H5P_DEFAULT)
      }
    }
  }

  /// Creates the group that holds the object `name`.
  func createParent(of name: String) throws(ArchiveError) {
    let parts = name.split(separator: "/")
    if parts.count > 1 { try createGroup(parts.dropLast().joined(separator: "/")) }
  }

  /// Flushes and closes the file; all later use traps.
  /// - Throws: `ArchiveError` when HDF5 reports failure. A full disk is reported by the write that meets it, not here.
  public func close() throws(ArchiveError) {
    let file = raw
    try Library.attempt("flush the file", .cannotWrite, path: path) { H5Fflush(file, H5F_SCOPE_GLOBAL) }
    unlock(file)
    try self.file.take()?.close("close the file", .cannotWrite, path: path)
  }

  /// Gives back the lock that HDF5 1.10 took when it created the file.
  ///
  /// A process that was started meanwhile has inherited the open file; closing it here would leave the lock with that process, and the
  /// finished file could not be opened. May go with an HDF5 that unlocks before it closes (its pull request 967).
  private func unlock(_ file: hid_t) {
    Library.perform {
      var handle: UnsafeMutableRawPointer?
      // Sound: the handle of the default driver, the only one in use here, points to its descriptor for as long as the file is open.
      if unsafe H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0, let descriptor = unsafe handle?.load(as: Int32.self) {
        flock(descriptor, LOCK_UN)
      } else {
        H5Eclear2(H5E_DEFAULT)
      }
    }
  }

  /// HDF5's identifier of the file.
  /// - Precondition: the file is open.
  var raw: hid_t {
    switch file {
    case .some(let file): return file.raw
    case .none: preconditionFailure("ArchiveWriter: \(path) was used after it was closed")
    }
  }
}
