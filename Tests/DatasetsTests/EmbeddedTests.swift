import Datasets
import Foundation
import Testing

@Suite struct EmbeddedTests {
  @Test(arguments: [("emoji32", 3, 1861, 14), ("kanji32", 1, 11993, 10)])
  func `embedded sets open by name`(name: String, channels: Int, count: Int, classes: Int) throws {
    let source = try DatasetCatalog.open(name)
    #expect(source.format == ImageFormat(channels: channels, height: 32, width: 32) && source.count == count)
    #expect(source.classNames?.count == classes && source.classCount == classes && source.license != nil)
    let labels = try #require(source.labels)
    #expect(labels.count == count)
    #expect(LabelReport(labels, classCount: classes).warnings == [])
    // The last tile is an image, not the white filling of the atlas.
    #expect(try source.image(count - 1).contains { $0 < 200 })
    #expect(try source.image(0) != source.image(1))
    #expect(source.name == name && source.fingerprint != 0)
    #expect(try DatasetCatalog.open(name).fingerprint == source.fingerprint)
  }

  @Test func `the catalogue names two sets, which differ`() throws {
    #expect(DatasetCatalog.names.sorted() == ["emoji32", "kanji32"])
    #expect(try Set(DatasetCatalog.names.map { try DatasetCatalog.open($0).fingerprint }).count == 2)
  }

  @Test(arguments: [false, true]) func `a set in memory written to a file is the same set`(labelled: Bool) throws {
    let directory = try TemporaryDirectory()
    var source = ListSource(count: 100)
    source.labels = labelled ? source.labels : nil
    source.classNames = labelled ? ["a", "b", "c", "d", "e"] : nil
    try writeHDF5(source, to: directory.file("list.h5"))
    let file = try HDF5Source(path: directory.file("list.h5"))
    #expect(file.format == source.format && file.count == 100 && file.name == "list" && file.license == nil)
    #expect(file.labels == source.labels && file.classNames == source.classNames && file.classCount == (labelled ? 5 : 0))
    for index in 0..<100 { #expect(try file.image(index) == source.image(index)) }
  }

  @Test func `a set that cannot be read leaves no file`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: ListSource.Failure()) { try writeHDF5(ListSource(failing: 12), to: directory.file("list.h5")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }

  /// Sums of `(place + 1) * byte`, from the atlas by a second decoder, in Python: the first tile, both sides of the end of the first
  /// row of 64 tiles, and the last one.
  @Test(
    arguments: [
      ("emoji32", [0: 809_727_343, 63: 812_232_533, 64: 793_239_778, 1860: 823_431_918]),
      ("kanji32", [0: 124_810_855, 63: 116_095_635, 64: 122_131_128, 11992: 120_420_044]),
    ])
  func `images are the tiles of the atlas`(name: String, sums: [Int: Int]) throws {
    let source = try EmbeddedSource(name: name)
    for (index, sum) in sums {
      let found = try source.image(index).enumerated().reduce(0) { $0 + ($1.offset + 1) * Int($1.element) }
      #expect(found == sum, "image \(index)")
    }
  }

  @Test func `a set written to a file is the same set`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("emoji.h5")
    let source = try EmbeddedSource(name: "emoji32")
    try writeHDF5(source, to: path)
    let file = try HDF5Source(path: path)
    #expect(file.fingerprint == source.fingerprint && file.labels == source.labels && file.classNames == source.classNames)
    #expect(file.name == "emoji32" && file.license == source.license && file.format == source.format)
    for index in [0, 64, 1000, 1860] { #expect(try file.image(index) == source.image(index)) }
  }

  @Test func `a file that cannot be written names file and reason`() throws {
    let error = try #require(throws: DatasetError.self) { try writeHDF5(ListSource(), to: "/nowhere/set.h5") }
    #expect(error.reason == .cannotWrite && error.reason.exitCode == 74 && error.description.hasPrefix("/nowhere/set.h5: "), "\(error)")
    #expect(error.message.contains("No such file or directory"))
  }

  @Test func `an unknown name lists the known ones`() throws {
    let error = try #require(throws: DatasetError.self) { try DatasetCatalog.open("emoji64") }
    #expect(
      error.reason == .unknownName && error.reason.exitCode == 64 && error.message.contains("emoji32, kanji32") && error.path == "emoji64")
    let embedded = try #require(throws: DatasetError.self) { try EmbeddedSource(name: "emoji64") }
    #expect(embedded.reason == .unknownName && embedded.message.contains("emoji32, kanji32"))
    let group = try #require(throws: DatasetError.self) { try DatasetCatalog.open("emoji32", group: "A") }
    #expect(group.reason == .unsuitable && group.message.contains("no group 'A'"))
  }

  @Test func `a report counts labels and warns of odd ones`() {
    let report = LabelReport([2, 0, 2, 2], classCount: 5)
    #expect(report.histogram == [1, 0, 3, 0, 0] && report.missingClasses == [1, 3, 4])
    #expect(report.warnings == ["3 of 5 classes have no images: 1, 3, 4"])
    #expect(LabelReport([0, 0, 0]).warnings == ["all 3 labels are 0: the set has one class, or its labels were lost"])
    let sparse = LabelReport([0, 10])
    #expect(sparse.histogram.count == 11 && sparse.missingClasses == Array(1..<10))
    #expect(sparse.warnings == ["9 of 11 classes have no images: 1, 2, 3, 4, 5, 6, 7, 8, …"])
    // One image is not suspicious, one class among several is, twice.
    #expect(LabelReport([0]).warnings.isEmpty && LabelReport([1, 1]).warnings.count == 2)
    #expect(LabelReport([0, 1]).warnings.isEmpty && LabelReport([]).histogram.isEmpty)
  }
}
