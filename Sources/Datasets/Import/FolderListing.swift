internal import Glibc
internal import Images

/// The image files below a directory, by class.
///
/// A file counts as an image when its name says so or its first bytes are those of a PNG or JPEG; hidden files and directories are passed
/// over, links are followed. With classes, each directory directly below is one, however deep its images lie, in the order of their
/// names' bytes; within a class files come in the order of their paths.
public struct FolderListing: Sendable, Equatable {
  /// What directories mean.
  public enum Classes: String, Sendable, CaseIterable {
    /// Each directory is a class, if there are any.
    case folders
    /// Images have no classes.
    case none
  }

  /// The directory.
  public let directory: String
  /// Names of the classes; empty when images have none.
  public internal(set) var classNames: [String] = []
  /// Paths below the directory.
  public internal(set) var files: [String] = []
  /// Class of each file; empty when images have none.
  public internal(set) var labels: [Int32] = []
  /// Number of files that are no images by name or content.
  public internal(set) var othersCount = 0

  /// Lists the files below a directory.
  /// - Throws: `DatasetError` when the directory cannot be read or holds no images, or when images lie beside classes.
  public init(directory: String, classes: Classes) throws {
    var directory = directory
    while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
    self.directory = directory
    var walk = DirectoryWalk(root: directory)
    let top = try walk.entries(of: "")
    var classless: [String] = []
    for file in top.files where walk.isImage(file) { classless.append(file) }
    var found: [(name: String, files: [String])] = []
    for name in top.directories {
      let files = try walk.images(below: name)
      if !files.isEmpty { found.append((name, files)) }
    }
    othersCount = walk.othersCount
    guard !classless.isEmpty || !found.isEmpty else {
      throw DatasetError(
        .unsuitable, path: directory,
        "there are no images in this directory\(othersCount == 0 ? "" : ", only \(othersCount) other files"); PNG and JPEG are read")
    }
    guard classes == .folders, !found.isEmpty else {
      files = classless + found.flatMap(\.files)
      return
    }
    guard classless.isEmpty else {
      throw DatasetError(
        .unsuitable, path: directory,
        "images lie beside the directories of classes, as '\(classless[0])' beside '\(found[0].name)'; move them into one, or give"
          + " --classes-from none")
    }
    classNames = found.map(\.name)
    for (label, part) in found.enumerated() {
      files += part.files
      labels += [Int32](repeating: Int32(label), count: part.files.count)
    }
  }

  /// A listing as `text` of another process gave it.
  public init?(text: String) {
    let parts = text.split(separator: "\u{0}", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, let others = Int(parts[1]), let classCount = Int(parts[2]), parts.count >= 3 + classCount else { return nil }
    directory = parts[0]
    othersCount = others
    classNames = Array(parts[3..<3 + classCount])
    let rest = parts[(3 + classCount)...]
    files = stride(from: rest.startIndex, to: rest.endIndex - 1, by: 2).map { rest[$0] }
    let numbers = stride(from: rest.startIndex + 1, to: rest.endIndex, by: 2).map { Int32(rest[$0]) }
    labels = classCount == 0 ? [] : numbers.compactMap(\.self)
    guard labels.count == (classCount == 0 ? 0 : files.count) else { return nil }
  }

  /// The listing for another process. No file name holds the NUL that separates them.
  public var text: String {
    let head = [directory, "\(othersCount)", "\(classNames.count)"] + classNames
    return (head + files.enumerated().flatMap { [$1, labels.isEmpty ? "" : "\(labels[$0])"] }).joined(separator: "\u{0}")
  }
}

/// Reads directories, each once, however many links lead to it.
private struct DirectoryWalk {
  private let root: String
  private var visited: Set<[UInt64]> = []
  private(set) var othersCount = 0

  /// Files by these names are images, or meant as such: when their content is not, they are bad rather than passed over.
  private static let endings = [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".avif", ".heic"]

  init(root: String) { self.root = root }

  private func path(_ name: String) -> String { name.isEmpty ? root : "\(root)/\(name)" }

  /// Names in a directory, by their bytes.
  mutating func entries(of directory: String) throws -> (files: [String], directories: [String]) {
    var status = stat()
    guard let handle = unsafe opendir(path(directory)), unsafe stat(path(directory), &status) == 0 else {
      throw DatasetError(.cannotOpen, path: path(directory), "cannot list the directory: \(unsafe String(cString: strerror(errno)))")
    }
    defer { unsafe closedir(handle) }
    guard visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted else { return ([], []) }
    var (files, directories): ([String], [String]) = ([], [])
    while let entry = unsafe readdir(handle) {
      // Sound: the name is terminated, and the entry stays until the next call.
      let text = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      guard text.first != UInt8(ascii: ".") else { continue }
      guard let name = String(validating: text, as: UTF8.self) else {
        throw DatasetError(
          .unsuitable, path: path(directory), "the name of the file '\(String(decoding: text, as: UTF8.self))' is not UTF-8; rename it")
      }
      let below = directory.isEmpty ? name : "\(directory)/\(name)"
      guard unsafe stat(path(below), &status) == 0 else {
        // A link to nothing is listed, and found bad when it is read.
        files.append(below)
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: directories.append(below)
      case S_IFREG: files.append(below)
      // Pipes and devices, found bad when they are read, if their names are those of images.
      default: if Self.isNamedImage(below) { files.append(below) } else { othersCount += 1 }
      }
    }
    return (files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, directories.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// Images in a directory and those below it.
  mutating func images(below directory: String) throws -> [String] {
    let entries = try entries(of: directory)
    var images: [String] = []
    for file in entries.files where isImage(file) { images.append(file) }
    for next in entries.directories { images += try self.images(below: next) }
    return images
  }

  /// Whether a file is an image by name or content; counts it if not.
  mutating func isImage(_ file: String) -> Bool {
    if Self.isNamedImage(file) { return true }
    let isImage =
      switch ImageKind(beginning: beginning(of: file)) {
      case .png, .jpeg: true
      case .other: false
      }
    if !isImage { othersCount += 1 }
    return isImage
  }

  private static func isNamedImage(_ file: String) -> Bool {
    let name = file.lowercased()
    return endings.contains(where: name.hasSuffix)
  }

  private func beginning(of file: String) -> [UInt8] {
    let descriptor = unsafe open(path(file), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
      count = unsafe max(0, read(descriptor, buffer.baseAddress, 16))
    }
  }
}
