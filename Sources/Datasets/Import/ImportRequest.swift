internal import Glibc

/// What to import, as the user says it.
public struct ImportRequest: Sendable {
  /// Kinds of sources.
  public enum Kind: String, Sendable, CaseIterable {
    /// Told by what is there.
    case auto
    /// PNG and JPEG files below a directory.
    case folder
    /// CIFAR-10 in its binary form.
    case cifar10
    /// CIFAR-100 in its binary form.
    case cifar100
    /// MNIST's IDX files, plain or by gzip.
    case mnist
    /// An HDF5 file.
    case hdf5
  }

  /// Parts of sets that come as training and test images.
  public enum Part: String, Sendable, CaseIterable {
    case train, test, all
  }

  /// A file or directory.
  public var path: String
  /// Kind of the source.
  public var kind: Kind = .auto
  /// Part of CIFAR or MNIST.
  public var part: Part = .train
  /// What directories of images mean.
  public var classes: FolderListing.Classes = .folders
  /// Whether CIFAR-100 has its 20 coarse classes.
  public var isCoarse = false
  /// Name of the images in an HDF5 file.
  public var imagesKey = "imgs"
  /// Name of the labels in an HDF5 file; `nil` for `labels`, if there are any.
  public var labelsKey: String?
  /// Whether images of an HDF5 file have their channels last; `nil` to tell it by the shape.
  public var channelsLast: Bool?
  /// Values of black and white in an HDF5 file; `nil` for what it states.
  public var range: ValueRange?

  /// A request for a file or directory, all else by default.
  public init(path: String) { self.path = path }
}

extension ImportRequest {
  /// Opens the source.
  /// - Parameter listing: the files of a folder, if they are known already.
  /// - Throws: `DatasetError` when there is no such source, or it is damaged.
  public func open(listing: FolderListing? = nil) throws -> any ImportSource {
    if let listing { return FolderSource(listing) }
    switch try resolvedKind() {
    case .cifar10: return try cifar(.ten)
    case .cifar100: return try cifar(.hundred)
    case .mnist: return try idx()
    case .hdf5:
      return try HDF5ImportSource(path: path, imagesKey: imagesKey, labelsKey: labelsKey, channelsLast: channelsLast, range: range)
    case .folder, .auto: return FolderSource(try FolderListing(directory: path, classes: classes))
    }
  }

  /// The kind asked for, or the kind of what is there.
  /// - Throws: `DatasetError` when nothing is there, or nothing that can be imported.
  public func resolvedKind() throws -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw DatasetError(.cannotOpen, path: path, "cannot open the source: \(unsafe String(cString: strerror(errno)))")
    }
    guard kind == .auto else { return kind }
    if status.st_mode & S_IFMT == S_IFDIR {
      if exists("data_batch_1.bin") || exists("test_batch.bin") { return .cifar10 }
      // Other sets have files of these names too.
      if try ["train.bin", "test.bin"].contains(where: { try exists($0) && holdsRecords("\(path)/\($0)", .hundred) }) { return .cifar100 }
      return idxFile("train", "images") != nil || idxFile("t10k", "images") != nil ? .mnist : .folder
    }
    let file = try DirectFile(path: path)
    let size = try file.byteCount()
    var start = [UInt8](repeating: 0, count: min(size, 8))
    try unsafe start.withUnsafeMutableBufferPointer { try unsafe file.read(at: 0, into: $0) { "the beginning" } }
    if start == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] || path.hasSuffix(".h5") || path.hasSuffix(".hdf5") { return .hdf5 }
    if start.starts(with: [0x1F, 0x8B]) && !path.hasSuffix("tar.gz") && !path.hasSuffix(".tgz") || start.starts(with: [0, 0, 8]) {
      return .mnist
    }
    let (ten, hundred) = (size % CIFARSource.Variant.ten.recordSize == 0, size % CIFARSource.Variant.hundred.recordSize == 0)
    if path.hasSuffix(".bin"), size > 0, ten != hundred { return ten ? .cifar10 : .cifar100 }
    throw DatasetError(
      .unsuitable, path: path,
      "the file is neither HDF5 nor CIFAR's binary form nor MNIST's IDX; unpack archives first, name the kind with --format, or give a"
        + " directory of PNG and JPEG files")
  }

  private var isDirectory: Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func holdsRecords(_ file: String, _ variant: CIFARSource.Variant) throws -> Bool {
    let size = try DirectFile(path: file).byteCount()
    return size > 0 && size % variant.recordSize == 0
  }

  private func exists(_ name: String) -> Bool { Self.isThere("\(path)/\(name)") }

  private static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  private func cifar(_ variant: CIFARSource.Variant) throws -> CIFARSource {
    guard isDirectory else {
      let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      return try CIFARSource(
        variant, files: [path], names: names(of: variant, in: folder.isEmpty ? "." : folder), coarse: isCoarse,
        name: SourceName.last(of: path))
    }
    var files: [String] = []
    if part != .test { files += variant == .ten ? (1...5).map { "\(path)/data_batch_\($0).bin" } : ["\(path)/train.bin"] }
    if part != .train { files.append(variant == .ten ? "\(path)/test_batch.bin" : "\(path)/test.bin") }
    return try CIFARSource(
      variant, files: files, names: names(of: variant, in: path), coarse: isCoarse, name: "cifar\(variant.rawValue)-\(part.rawValue)")
  }

  private func names(of variant: CIFARSource.Variant, in folder: String) -> String {
    "\(folder)/" + (variant == .ten ? "batches.meta.txt" : isCoarse ? "coarse_label_names.txt" : "fine_label_names.txt")
  }

  private func idx() throws -> IDXSource {
    guard isDirectory else {
      let name = SourceName.last(of: path)
      let folder = String(path.dropLast(name.count))
      let beside = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
      let other = beside.hasSuffix(".gz") ? String(beside.dropLast(3)) : "\(beside).gz"
      let candidates: [String] = [folder + beside, folder + other]
      let labels = candidates.first { candidate in candidate != path && Self.isThere(candidate) }
      return try IDXSource(images: path, labels: labels, name: name)
    }
    guard part != .all else {
      throw DatasetError(.unsuitable, path: path, "MNIST's parts are imported one by one; give --part train or --part test")
    }
    let prefix = part == .train ? "train" : "t10k"
    guard let images = idxFile(prefix, "images"), let labels = idxFile(prefix, "labels") else {
      throw DatasetError(
        .cannotOpen, path: path,
        "there is no \(prefix)-images-idx3-ubyte with its \(prefix)-labels-idx1-ubyte, plain or .gz, in the directory")
    }
    return try IDXSource(images: images, labels: labels, name: "\(SourceName.last(of: path))-\(part.rawValue)")
  }

  /// `train-images-idx3-ubyte`, with a dot for the second hyphen as some copies have it, plain or `.gz`.
  private func idxFile(_ prefix: String, _ what: String) -> String? {
    let axes = what == "images" ? 3 : 1
    let names = ["-", "."].flatMap { ["\(prefix)-\(what)\($0)idx\(axes)-ubyte", "\(prefix)-\(what)\($0)idx\(axes)-ubyte.gz"] }
    return names.first(where: exists).map { "\(path)/\($0)" }
  }
}
