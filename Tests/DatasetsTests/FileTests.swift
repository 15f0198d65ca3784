import Archive
import Datasets
import Foundation
import Testing

@Suite struct FileTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("set.h5")
  }

  /// Writes a file of images and labels as given.
  func write<Image: ArchiveElement, Label: ArchiveElement>(
    images: [Image], shape: [Int], labels: [Label]?, storage: DataSetStorage = .contiguous, group: String = ""
  ) throws {
    try writeAtomically(to: path) { writer in
      try writer.write("\(group)imgs", images, shape: shape, storage: storage)
      if let labels { try writer.write("\(group)labels", labels, shape: [labels.count], storage: storage) }
    }
  }

  /// The error of opening, checked to have this exit code and to be one line that names the file.
  func refusal(_ exitCode: Int32 = 65, group: String = "") throws -> DatasetError {
    let error = try #require(throws: DatasetError.self) { _ = try DatasetCatalog.open(path, group: group) }
    #expect(error.path == path && error.reason.exitCode == exitCode && !error.message.isEmpty, "\(error.reason)")
    #expect(error.description.hasPrefix(path + ": ") && !error.description.contains("\n"), "\(error)")
    return error
  }

  @Test(arguments: [DataSetStorage.contiguous, .chunked(), .chunked(gzip: 1)])
  func `however a file is stored, it holds the same set`(storage: DataSetStorage) throws {
    let source = ListSource(count: 200)
    let images = try (0..<200).flatMap { try source.image($0) }
    let labels = try #require(source.labels)
    try write(images: images, shape: [200, 3, 2, 4], labels: labels.map { Int64($0) }, storage: storage)
    let file = try HDF5Source(path: path)
    #expect(file.format == source.format && file.count == 200 && file.labels == labels && file.classCount == 5 && file.name == "set.h5")
    for index in [0, 17, 199] { #expect(try file.image(index) == source.image(index)) }
    let stored = file.fingerprint
    try write(images: images, shape: [200, 3, 2, 4], labels: labels)
    #expect(try HDF5Source(path: path).fingerprint == stored)
    for place in [0, images.count - 1] {
      var changed = images
      changed[place] ^= 1
      try write(images: changed, shape: [200, 3, 2, 4], labels: labels)
      #expect(try HDF5Source(path: path).fingerprint != stored, "byte \(place)")
    }
    var changed = labels
    changed[100] ^= 1
    try write(images: images, shape: [200, 3, 2, 4], labels: changed)
    #expect(try HDF5Source(path: path).fingerprint != stored)
    try write(images: images, shape: [200, 3, 4, 2], labels: labels)
    #expect(try HDF5Source(path: path).fingerprint != stored)
  }

  @Test func `a set without labels and a set of two domains are read`() throws {
    try write(images: [UInt8](repeating: 3, count: 8), shape: [2, 1, 2, 2], labels: [Int64]?.none)
    let plain = try DatasetCatalog.open(path)
    #expect(plain.labels == nil && plain.classCount == 0)
    try write(images: [UInt8](repeating: 4, count: 8), shape: [2, 1, 2, 2], labels: [Int32(0), 1], group: "B/")
    let domain = try DatasetCatalog.open(path, group: "B")
    #expect(domain.name == "set.h5/B" && domain.labels == [0, 1])
    #expect(try domain.image(1) == [4, 4, 4, 4])
    #expect(try refusal().message.contains("has no 'imgs'; it has 'B'"))
    #expect(try refusal(group: "C").message.contains("'C"))
  }

  @Test func `sets of the wrong type, shape or size are refused`() throws {
    try write(images: [Float(1), 2, 3, 4], shape: [1, 1, 2, 2], labels: [Int64(0)])
    #expect(try refusal().message.contains("holds float32 of shape [1, 1, 2, 2], expected uint8"))
    try write(images: [UInt8(1), 2, 3, 4], shape: [1, 4], labels: [Int64(0)])
    #expect(try refusal().message.contains("shape [1, 4]"))
    try write(images: [Int64(1), 2, 3, 4], shape: [1, 1, 2, 2], labels: [Int64(0)])
    #expect(try refusal().message.contains("holds int64"))
    try write(images: [UInt8](), shape: [0, 3, 2, 2], labels: [Int64]())
    #expect(try refusal().message.contains("is empty"))
    #expect(try refusal().reason == .unsuitable)
  }

  @Test func `labels that do not fit are refused`() throws {
    let images = [UInt8](repeating: 0, count: 12)
    try write(images: images, shape: [3, 1, 2, 2], labels: [Int64(0), 1])
    #expect(try refusal().message.contains("has shape [2], expected one label for each of the 3 images"))
    try write(images: images, shape: [3, 1, 2, 2], labels: [Int64(0), -1, 1])
    #expect(try refusal().message.contains("label 1 of 'labels' is -1"))
    try write(images: images, shape: [3, 1, 2, 2], labels: [Int64(0), 0, 1 << 40])
    #expect(try refusal().message.contains("label 2 of 'labels' is 1099511627776"))
    try write(images: images, shape: [3, 1, 2, 2], labels: [Double(0), 1, 2])
    #expect(try refusal().message.contains("holds float64, expected int64"))
    #expect(try refusal().reason == .unsuitable)
  }

  @Test func `labels of any integer type are read`() throws {
    let images = [UInt8](repeating: 0, count: 12)
    try write(images: images, shape: [3, 1, 2, 2], labels: [UInt8(0), 255, 1])
    #expect(try HDF5Source(path: path).labels == [0, 255, 1])
    try write(images: images, shape: [3, 1, 2, 2], labels: [Int32(0), 999_999, 1])
    #expect(try HDF5Source(path: path).labels == [0, 999_999, 1])
    try write(images: images, shape: [3, 1, 2, 2], labels: [Int32(0), 1_000_000, 1])
    #expect(try refusal().message.contains("label 1 of 'labels' is 1000000"))
  }

  @Test func `a directory is not a set`() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    _ = try refusal(66)
  }

  @Test func `names that do not cover the classes are passed over`() throws {
    try writeAtomically(to: path) { writer in
      try writer.write("imgs", [UInt8](repeating: 0, count: 12), shape: [3, 1, 2, 2], storage: .contiguous)
      try writer.write("labels", [Int64(0), 2, 1], shape: [3], storage: .contiguous)
      try writer.setAttribute("classes", to: ["zero", "one"])
      try writer.setAttribute("license", to: "CC0")
    }
    let file = try HDF5Source(path: path)
    #expect(file.classNames == nil && file.classCount == 3 && file.license == "CC0")
  }

  @Test func `missing, foreign and truncated files are told apart`() throws {
    let missing = try refusal(64)
    #expect(missing.reason == .unknownName && missing.message.contains("emoji32, kanji32"))
    let direct = try #require(throws: DatasetError.self) { try HDF5Source(path: path) }
    #expect(direct.reason == .cannotOpen && direct.reason.exitCode == 66 && direct.message.contains("No such file or directory"))
    try Data("no HDF5".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try refusal().message.contains("not an HDF5 file"))
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(!(try refusal().message.isEmpty))
    try write(images: [UInt8](repeating: 9, count: 40_000), shape: [100, 1, 20, 20], labels: [Int64]?.none)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [100, whole.count / 2, whole.count - 1] {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(try refusal().reason == .damaged)
    }
  }

  @Test func `a file cut short while in use is noticed`() throws {
    try write(images: [UInt8](repeating: 9, count: 40_000), shape: [100, 1, 20, 20], labels: [Int64]?.none)
    let source = try HDF5Source(path: path)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 10_000)
    #expect(try source.image(0) == [UInt8](repeating: 9, count: 400))
    let error = try #require(throws: DatasetError.self) { try source.image(99) }
    #expect(error.reason == .damaged && error.message.contains("cannot read image 99 at byte"), "\(error)")
    let loader = BatchLoader(source, seed: 1, batch: 100)
    #expect(throws: DatasetError.self) { try loader.next() }
  }
}
