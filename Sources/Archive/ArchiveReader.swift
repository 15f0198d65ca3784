import CHDF5
import Glibc

/// An HDF5 file open for reading.
///
/// Files of others are read with care: links that lead out of the file, virtual and external storage, and unknown filters are refused,
/// and every number that memory is sized by is checked against the file's length first. May be used from several threads; calls take
/// turns.
public final class ArchiveReader: Sendable {
  /// One member of a group.
  public struct Entry: Sendable, Equatable {
    /// What a member is.
    public enum Kind: String, Sendable {
      case group, dataSet
      /// A symbolic link, or a link into another file: never followed.
      case link
      /// A named type or an object of unknown kind.
      case other
    }
    /// Name within its group.
    public let name: String
    /// What it is.
    public let kind: Kind
  }

  /// Path of the file.
  public let path: String
  /// Length of the file in bytes.
  public let fileSize: Int
  let file: Identifier

  /// Opens the file at `path`.
  /// - Throws: `ArchiveError` when the file is missing, unreadable, locked, not HDF5, or truncated.
  public init(path: String) throws(ArchiveError) {
    self.path = path
    fileSize = try Self.size(ofFile: path)
    guard Library.perform({ unsafe H5Fis_hdf5(path) }) > 0 else {
      Library.perform { _ = H5Eclear2(H5E_DEFAULT) }
      guard unsafe access(path, R_OK) == 0 else {
        throw ArchiveError(.cannotOpen, "cannot open the file for reading: \(systemErrorText(errno))", path: path)
      }
      throw ArchiveError(
        .notHDF5, fileSize == 0 ? "the file is empty; HDF5 was expected" : "the file is not an HDF5 file, or its beginning is damaged",
        path: path)
    }
    let properties = try Identifier("prepare reading", .cannotOpen, path: path) { H5Pcreate(H5P_FILE_ACCESS) }
    // Closing the file closes what is still open in it.
    try Library.attempt("prepare reading", .cannotOpen, path: path) { H5Pset_fclose_degree(properties.raw, H5F_CLOSE_STRONG) }
    do {
      file = try Identifier("open the file for reading", .cannotOpen, path: path) {
        unsafe chdf5_own(H5Fopen(path, H5F_ACC_RDONLY, properties.raw))
      }
    } catch {
      let isDamage = error.cause.contains { $0.contains("truncated") || $0.contains("checksum") || $0.contains("H5F_super") }
      throw ArchiveError(isDamage ? .damaged : .cannotOpen, error.message, path: path, cause: error.cause)
    }
  }

  /// Members of a group, sorted by name.
  public func entries(in group: String = "/") throws(ArchiveError) -> [Entry] {
    let object = try open(group, as: H5I_GROUP)
    var info = H5G_info_t()
    try Library.attempt("list group '\(group)'", .damaged, path: path) { unsafe H5Gget_info(object.raw, &info) }
    guard info.nlinks <= 100_000 else {
      throw ArchiveError(.refused, "group '\(group)' has \(info.nlinks) members, at most 100000 are read", path: path)
    }
    var entries: [Entry] = []
    for index in 0..<info.nlinks {
      let name = try name(ofLink: index, in: object.raw, group: group)
      entries.append(Entry(name: name, kind: try kind(of: name, in: object.raw)))
    }
    return entries
  }

  /// Whether `name` leads to a group or data set by plain (hard) links.
  public func contains(_ name: String) -> Bool {
    guard let object = try? open(name) else { return false }
    return Library.perform { H5Iget_type(object.raw) == H5I_GROUP || H5Iget_type(object.raw) == H5I_DATASET }
  }

  /// Opens the object at the slash-separated `name`, following hard links only.
  func open(_ name: String) throws(ArchiveError) -> Identifier {
    var walked = ""
    for part in name.split(separator: "/") {
      walked += "/" + part
      let location = walked
      guard Library.perform({ unsafe H5Lexists(file.raw, location, H5P_DEFAULT) }) > 0 else {
        Library.perform { _ = H5Eclear2(H5E_DEFAULT) }
        throw ArchiveError(.missing, "the file has no '\(location.dropFirst())'\(neighbours(of: location))", path: path)
      }
      let type = try Library.attempt("follow '\(location)'", .damaged, path: path) { unsafe chdf5_link_type(file.raw, location) }
      guard type == H5L_TYPE_HARD.rawValue else {
        throw ArchiveError(.refused, "'\(location.dropFirst())' is a symbolic or external link, which is not followed", path: path)
      }
    }
    let location = walked.isEmpty ? "/" : walked
    do {
      return try Identifier("open '\(name)'", .damaged, path: path) { unsafe H5Oopen(file.raw, location, H5P_DEFAULT) }
    } catch {
      guard error.cause.contains(where: { $0.contains("bad version number") }) else { throw error }
      throw ArchiveError(
        error.code, error.message + "; if the file is not damaged, a newer HDF5 has written it: write it anew with its \"v110\" format",
        path: path, cause: error.cause)
    }
  }

  /// Opens the object at `name`, which must be of the given kind.
  func open(_ name: String, as type: H5I_type_t) throws(ArchiveError) -> Identifier {
    let object = try open(name)
    guard Library.perform({ H5Iget_type(object.raw) }) == type else {
      throw ArchiveError(.wrongType, "'\(name)' is not a \(type == H5I_GROUP ? "group" : "data set")", path: path)
    }
    return object
  }

  private func name(ofLink index: UInt64, in object: hid_t, group: String) throws(ArchiveError) -> String {
    let length = try Library.attempt("list group '\(group)'", .damaged, path: path) {
      unsafe H5Lget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, H5P_DEFAULT)
    }
    var buffer = [CChar](repeating: 0, count: length + 1)
    try Library.attempt("list group '\(group)'", .damaged, path: path) {
      unsafe H5Lget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, &buffer, buffer.count, H5P_DEFAULT)
    }
    return String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func kind(of name: String, in group: hid_t) throws(ArchiveError) -> Entry.Kind {
    let type = try Library.attempt("follow '\(name)'", .damaged, path: path) { unsafe chdf5_link_type(group, name) }
    guard type == H5L_TYPE_HARD.rawValue else { return .link }
    let object = try Identifier("open '\(name)'", .damaged, path: path) { unsafe H5Oopen(group, name, H5P_DEFAULT) }
    return switch Library.perform({ H5Iget_type(object.raw) }) {
    case H5I_GROUP: .group
    case H5I_DATASET: .dataSet
    default: .other
    }
  }

  /// `; it has 'a', 'b'`: what lies beside a missing member, or nothing when its group is not there either.
  private func neighbours(of location: String) -> String {
    let group = location.split(separator: "/").dropLast().joined(separator: "/")
    guard let entries = try? entries(in: group), !entries.isEmpty else { return "" }
    let names = entries.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
    return "; \(group.isEmpty ? "it" : "'\(group)'") has \(names)\(entries.count > 8 ? ", …" : "")"
  }

  private static func size(ofFile path: String) throws(ArchiveError) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw ArchiveError(.cannotOpen, "cannot open the file for reading: \(systemErrorText(errno))", path: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ArchiveError(.cannotOpen, "cannot open the file for reading: it is not a regular file", path: path)
    }
    return status.st_size
  }
}

/// The system's words for an `errno`.
func systemErrorText(_ number: Int32) -> String {
  unsafe String(cString: strerror(number))
}
