import Archive
import Foundation
import Images
import Testing

@testable import Datasets

@Suite struct ImportTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A picture whose samples tell its number.
  func picture(_ number: Int, width: Int = 4, height: Int = 4, channels: Int = 3) -> Picture {
    Picture(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { UInt8(truncatingIfNeeded: number * 31 + $0 * 5) })
  }

  /// Writes a picture as a PNG, and the directories on the way to it.
  func save(_ picture: Picture, _ name: String) throws {
    let path = directory.file(name)
    try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try picture.writePNG(to: path)
  }

  func save(_ bytes: [UInt8], _ name: String) throws {
    let path = directory.file(name)
    try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  func error(_ body: () throws -> Void) throws -> DatasetError { try #require(throws: DatasetError.self) { try body() } }

  /// Imports all of a source on one thread.
  @discardableResult
  func write(_ source: any ImportSource, _ preparation: ImagePreparation, to path: String, skipsBad: Bool = false) throws -> Int {
    try writeImport(of: source, as: preparation.format, name: "set", license: nil, to: path, mayLose: skipsBad) { writer in
      for start in stride(from: 0, to: source.count, by: 3) {
        let block = try ImportBlock(start..<min(source.count, start + 3), of: source, preparation, skipsBad: skipsBad) { count, body in
          for index in (0..<count).reversed() { body(index) }
        }
        try writer.append(ImportBlock(message: block.message))
      }
    }.count
  }

  @Test func `directories are classes, however deep their images lie`() throws {
    try save(picture(2), "set/dog/b.png")
    try save(picture(1), "set/dog/a/deep/x.png")
    try save(picture(0), "set/Cat/z.png")
    try save(picture(3), "set/eel/without-ending")
    try save(Array("words".utf8), "set/dog/README")
    try save(Array("words".utf8), "set/labels.csv")
    try save(Array("hidden".utf8), "set/.DS_Store")
    let listing = try FolderListing(directory: directory.file("set/"), classes: .folders)
    #expect(listing.classNames == ["Cat", "dog", "eel"] && listing.labels == [0, 1, 1, 2] && listing.othersCount == 2)
    #expect(listing.files == ["Cat/z.png", "dog/b.png", "dog/a/deep/x.png", "eel/without-ending"])
    #expect(FolderListing(text: listing.text) == listing)
    let plain = try FolderListing(directory: directory.file("set"), classes: .none)
    #expect(plain.labels.isEmpty && plain.classNames.isEmpty && plain.files == listing.files && FolderListing(text: plain.text) == plain)

    let path = directory.file("set.h5")
    try write(FolderSource(listing), ImagePreparation(format: ImageFormat(channels: 3, height: 4, width: 4), resizes: false), to: path)
    let set = try HDF5Source(path: path)
    #expect(
      set.labels == [0, 1, 1, 2] && set.classNames == ["Cat", "dog", "eel"] && set.name == "set" && set.storage == "uint8, in one run")
    for (index, number) in [0, 2, 1, 3].enumerated() {
      #expect(try Picture(planes: set.image(index), width: 4, height: 4, channels: 3) == picture(number))
    }
  }

  @Test func `images beside classes, no images and a circle of links are dealt with`() throws {
    try save(picture(0), "set/a/1.png")
    try FileManager.default.createSymbolicLink(atPath: directory.file("set/a/back"), withDestinationPath: "..")
    #expect(try FolderListing(directory: directory.file("set"), classes: .folders).files == ["a/1.png"])
    try save(picture(0), "set/top.png")
    let mixed = try error { _ = try FolderListing(directory: directory.file("set"), classes: .folders) }
    #expect(mixed.message.contains("'top.png' beside 'a'") && mixed.message.contains("--classes-from none"))
    try FileManager.default.createDirectory(atPath: directory.file("empty"), withIntermediateDirectories: false)
    #expect(try error { _ = try FolderListing(directory: directory.file("empty"), classes: .folders) }.reason == .unsuitable)
    #expect(try error { _ = try ImportRequest(path: directory.file("nowhere")).open() }.reason == .cannotOpen)
  }

  @Test func `a bad image is named, or left out and counted`() throws {
    for number in 0..<7 { try save(picture(number), "set/\(number).png") }
    try save(Array("no picture".utf8), "set/2.png")
    try save(Array(picture(5).pngData().dropLast(20)), "set/5.png")
    let source = try ImportRequest(path: directory.file("set")).open()
    let preparation = ImagePreparation(format: ImageFormat(channels: 3, height: 4, width: 4))
    let path = directory.file("set.h5")
    let refusal = try error { try write(source, preparation, to: path) }
    #expect(refusal.path == directory.file("set/2.png") && refusal.message.contains("--skip-bad"), "\(refusal)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["set"])
    #expect(try write(source, preparation, to: path, skipsBad: true) == 5)
    let set = try HDF5Source(path: path)
    #expect(set.count == 5 && set.labels == nil && set.classNames == nil)
    for (index, number) in [0, 1, 3, 4, 6].enumerated() {
      #expect(try Picture(planes: set.image(index), width: 4, height: 4, channels: 3) == picture(number))
    }
    #expect(try Set(FileManager.default.contentsOfDirectory(atPath: directory.path)) == ["set", "set.h5"])
  }

  @Test func `images of other sizes need a size`() throws {
    try save(picture(0), "set/a.png")
    try save(picture(1, width: 8, height: 6), "set/b.png")
    let source = try ImportRequest(path: directory.file("set")).open()
    let format = ImageFormat(channels: 3, height: 4, width: 4)
    let path = directory.file("set.h5")
    let refusal = try error { try write(source, ImagePreparation(format: format, resizes: false), to: path, skipsBad: true) }
    #expect(refusal.path.hasSuffix("b.png") && refusal.message.contains("8 x 6 pixels") && refusal.message.contains("--size"))
    try write(source, ImagePreparation(format: format), to: path)
    let centre = picture(1, width: 8, height: 6).cropped(x: 1, y: 0, width: 6, height: 6).resized(width: 4, height: 4, by: .area)
    #expect(try Picture(planes: HDF5Source(path: path).image(1), width: 4, height: 4, channels: 3) == centre)
    try write(source, ImagePreparation(format: format, crop: .none, resampling: .bilinear), to: path)
    let whole = picture(1, width: 8, height: 6).resized(width: 4, height: 4, by: .bilinear)
    #expect(try Picture(planes: HDF5Source(path: path).image(1), width: 4, height: 4, channels: 3) == whole)
    try write(source, ImagePreparation(format: ImageFormat(channels: 1, height: 4, width: 4)), to: path)
    #expect(try HDF5Source(path: path).image(0) == picture(0).converted(toChannels: 1).pixels)
  }

  @Test func `CIFAR's records are read, and labels beyond the classes are bad`() throws {
    func record(_ labels: [UInt8], _ number: Int) -> [UInt8] { labels + (0..<3072).map { UInt8(truncatingIfNeeded: number + $0) } }
    for batch in 1...5 { try save((0..<2).flatMap { record([UInt8(batch)], batch * 10 + $0) }, "data_batch_\(batch).bin") }
    try save(record([9], 99), "test_batch.bin")
    var request = ImportRequest(path: directory.path)
    let ten = try request.open()
    #expect(ten.count == 10 && ten.classNames?[9] == "truck" && ten.kind == "CIFAR-10 in 5 files")
    let image = try ten.read(7)
    #expect(image.label == 4 && image.picture[x: 1, y: 0, channel: 0] == 42 && image.picture[x: 0, y: 0, channel: 1] == 41)
    request.part = .all
    #expect(try request.open().read(10).label == 9)
    try save(record([19, 77], 0), "hundred.bin")
    var hundred = ImportRequest(path: directory.file("hundred.bin"))
    #expect(try hundred.open().read(0).label == 77)
    hundred.isCoarse = true
    #expect(try hundred.open().read(0).label == 19)
    // Without the files of names too; other sets have files of these names.
    try save(record([3, 5], 0), "hundred/test.bin")
    var test = ImportRequest(path: directory.file("hundred"))
    test.part = .test
    #expect(try test.open().read(0).label == 5)
    try save(record([3, 5], 0) + [0], "other/train.bin")
    #expect(try ImportRequest(path: directory.file("other")).resolvedKind() == .folder)
    try save(record([10], 0), "data_batch_1.bin")
    let bad = try error { _ = try ImportRequest(path: directory.path).open().read(0) }
    #expect(bad.message.contains("record 0 has label 10"))
    try save(Array(record([1], 0).dropLast()), "data_batch_1.bin")
    #expect(try error { _ = try ImportRequest(path: directory.path).open() }.reason == .damaged)
  }

  @Test func `MNIST's files are read, plain and compressed, and damage is found`() throws {
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]
    let images = header + (1...12).map { UInt8($0) }
    try save(images, "train-images-idx3-ubyte")
    try save([0, 0, 8, 1, 0, 0, 0, 2, 7, 3], "train-labels-idx1-ubyte")
    let source = try ImportRequest(path: directory.path).open()
    #expect(source.count == 2 && source.channels == 1 && source.hasLabels)
    #expect(try source.read(1).picture == Picture(width: 3, height: 2, channels: 1, pixels: [7, 8, 9, 10, 11, 12]))
    #expect(try source.read(0).label == 7)
    #expect(try ImportRequest(path: directory.file("train-images-idx3-ubyte")).open().read(1).label == 3)
    // The same images, by Python's gzip.
    let packed = try #require(Data(base64Encoded: gzipped))
    try save([UInt8](packed), "train-images-idx3-ubyte.gz")
    try FileManager.default.removeItem(atPath: directory.file("train-images-idx3-ubyte"))
    #expect(try ImportRequest(path: directory.path).open().read(1).picture.pixels == [7, 8, 9, 10, 11, 12])
    for length in [1, 5, 12, 20, packed.count - 1] {
      try save([UInt8](packed.prefix(length)), "train-images-idx3-ubyte.gz")
      #expect(throws: DatasetError.self, "\(length) bytes") { try ImportRequest(path: directory.path).open() }
    }
    try FileManager.default.removeItem(atPath: directory.file("train-images-idx3-ubyte.gz"))
    for bytes in [
      Array(images.dropLast()), images + [0], Array(images[..<10]), [0, 0, 9, 3] + images.dropFirst(4),
      [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12),
    ] {
      try save(bytes, "train-images-idx3-ubyte")
      #expect(throws: DatasetError.self) { try ImportRequest(path: directory.path).open() }
    }
  }

  private let gzipped = "H4sIAAAAAAACA2Ng4GBmYGBggmJmRiZmFlY2dg5OLm4eAEgRDIQcAAAA"
}
