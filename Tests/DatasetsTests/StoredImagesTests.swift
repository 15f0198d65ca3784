import Archive
import Foundation
import Images
import Testing

@testable import Datasets

@Suite struct StoredImagesTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("set.h5")
  }

  func write<Image: ArchiveElement>(
    _ images: [Image], shape: [Int], name: String = "imgs", range: [Double]? = nil, storage: DataSetStorage = .contiguous
  ) throws {
    try writeAtomically(to: path) { writer in
      try writer.write(name, images, shape: shape, storage: storage)
      if let range { try writer.setAttribute("range", of: name, to: range) }
    }
  }

  func refusal(_ body: () throws -> Void) throws -> String { try #require(throws: DatasetError.self) { try body() }.message }

  @Test(arguments: [DataSetStorage.contiguous, .chunked(), .chunked(gzip: 1)])
  func `images of floats and wide integers become bytes by the stated range`(storage: DataSetStorage) throws {
    try write([Float(-1), 1, 0, -0.5, 0.5, 0.999, -0.999, 1], shape: [2, 1, 2, 2], range: [-1, 1], storage: storage)
    let source = try HDF5Source(path: path)
    #expect(try source.image(0) == [0, 255, 128, 64])
    #expect(try source.image(1) == [191, 255, 0, 255])
    try write([0, 1, 0.5, 0.25], shape: [1, 1, 2, 2], range: [0, 1], storage: storage)
    #expect(try HDF5Source(path: path).image(0) == [0, 255, 128, 64])
    try write([UInt16(0), 65535, 257, 32896], shape: [1, 1, 2, 2], storage: storage)
    #expect(try HDF5Source(path: path).image(0) == [0, 255, 1, 128])
    try write([UInt16(0), 4095, 2048, 16], shape: [1, 1, 2, 2], range: [0, 4095], storage: storage)
    #expect(try HDF5Source(path: path).image(0) == [0, 255, 128, 1])
  }

  @Test func `floats without a range, values outside of it and a senseless one are refused`() throws {
    try write([Float(0), 1, 0, 1], shape: [1, 1, 2, 2])
    #expect(try refusal { _ = try HDF5Source(path: path) }.contains("holds float32"))
    try write([Float(0), 1, 0, 1.1], shape: [1, 1, 2, 2], range: [0, 1])
    #expect(
      try refusal { _ = try HDF5Source(path: path).image(0) }.contains("image 0 of 'imgs' holds 1.1, outside of the stated range 0,1"))
    try write([0, 1, 0, 1, 0, .nan, 1, 0], shape: [2, 1, 2, 2], range: [0, 1])
    #expect(try refusal { _ = try HDF5Source(path: path).image(1) }.contains("image 1 of 'imgs' holds nan"))
    for range in [[1, 0], [0], [0, .infinity], [.nan, 1]] {
      try write([Float(0), 1, 0, 1], shape: [1, 1, 2, 2], range: range)
      #expect(try refusal { _ = try HDF5Source(path: path) }.contains("attribute 'range'"), "\(range)")
    }
  }

  @Test func `ranges are read from text`() {
    #expect(ValueRange(text: "-1,1") == ValueRange(low: -1, high: 1))
    #expect(ValueRange(text: "0, 0.5")?.description == "0,0.5")
    for text in ["", "1", "1,0", "0,0", "a,b", "0,1,2", "0,inf"] { #expect(ValueRange(text: text) == nil, "\(text)") }
  }

  @Test func `an import tells channels last by the shape, or is told`() throws {
    // Two images of 5 x 6 in three channels: the sample of row y, column x, channel c is 30 y + 5 x + c.
    var pixels: [UInt8] = []
    for place in 0..<60 { for channel in 0..<3 { pixels.append(UInt8(place % 30 / 6 * 30 + place % 6 * 5 + channel)) } }
    try write(pixels, shape: [2, 5, 6, 3], name: "x")
    var request = ImportRequest(path: path)
    request.imagesKey = "x"
    let source = try request.open()
    #expect(source.channels == 3 && source.count == 2 && !source.hasLabels)
    let picture = try source.read(1).picture
    #expect((picture.width, picture.height) == (6, 5) && picture[x: 4, y: 3, channel: 2] == 112)
    request.channelsLast = false
    #expect(try refusal { _ = try request.open() }.contains("has 5 channels"))
    try write((0..<72).map { UInt8($0) }, shape: [2, 3, 3, 4], name: "x")
    #expect(try request.open().read(0).picture[x: 1, y: 0, channel: 2] == 25)
    request.channelsLast = true
    #expect(try request.open().read(0).picture[x: 1, y: 0, channel: 2] == 6)
    request.channelsLast = nil
    try write((0..<12).map { UInt8($0) }, shape: [2, 2, 3], name: "x")
    #expect(try request.open().read(1).picture.pixels == [6, 7, 8, 9, 10, 11])
    request.imagesKey = "y"
    #expect(try refusal { _ = try request.open() }.contains("has no 'y'; it has 'x'; name the images with --images-key"))
    request.imagesKey = "x"
    request.labelsKey = "z"
    #expect(try refusal { _ = try request.open() }.contains("name the labels with --labels-key"))
  }

  @Test func `a set with channels last is not trained on by mistake`() throws {
    try write([UInt8](repeating: 0, count: 2 * 8 * 8 * 3), shape: [2, 8, 8, 3])
    #expect(try refusal { _ = try HDF5Source(path: path) }.contains("channels last"))
  }

  @Test(arguments: [1, 2, 4])
  func `images of any number of channels and of unequal sides are batched`(channels: Int) throws {
    let count = 3 * channels * 5 * 2
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 3) }
    try write(bytes, shape: [3, channels, 5, 2])
    let batch = try BatchLoader(HDF5Source(path: path), seed: 1, batch: 3).next()
    let indices = SampleOrder(count: 3, seed: 1).indices(at: 0..<3)
    for (place, index) in indices.enumerated() {
      for y in 0..<5 {
        for x in 0..<2 {
          for channel in 0..<channels {
            let byte = bytes[((index * channels + channel) * 5 + y) * 2 + x]
            #expect(batch.images[((place * 5 + y) * 2 + x) * channels + channel] == Float(byte) / 127.5 - 1)
          }
        }
      }
    }
  }
}
