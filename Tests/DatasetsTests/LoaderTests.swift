import Datasets
import Testing

@Suite struct LoaderTests {
  let source = ListSource()

  @Test func `values are bytes scaled and pixels are interleaved`() throws {
    let loader = BatchLoader(source, seed: 1, batch: 4)
    let batch = try loader.next()
    let format = source.format
    let order = SampleOrder(count: source.count, seed: 1)
    #expect(batch.images.count == 4 * format.sampleCount && batch.format == format && batch.count == 4)
    for image in 0..<4 {
      let index = order.index(at: image)
      #expect(batch.labels[image] == Int32(index % 5))
      for row in 0..<format.height {
        for column in 0..<format.width {
          for channel in 0..<format.channels {
            let value = batch.images[((image * format.height + row) * format.width + column) * format.channels + channel]
            let byte = source.byte(index, (channel * format.height + row) * format.width + column)
            #expect(value == Float(byte) / 127.5 - 1)
          }
        }
      }
    }
    #expect(batch.images.allSatisfy { (-1...1).contains($0) })
  }

  @Test func `mirrored images are mirrored left to right`() throws {
    let plain = try BatchLoader(source, seed: 5, batch: 20).next()
    let flipped = try BatchLoader(source, seed: 5, batch: 20, flips: true).next()
    let order = SampleOrder(count: source.count, seed: 5)
    let row = source.format.width * source.format.channels
    for image in 0..<20 {
      let range = (image * source.format.sampleCount)..<((image + 1) * source.format.sampleCount)
      var expected = Array(plain.images[range])
      if order.isFlipped(at: image) {
        expected = stride(from: 0, to: expected.count, by: row).flatMap { start in
          stride(from: row - 3, through: 0, by: -3).flatMap { expected[(start + $0)..<(start + $0 + 3)] }
        }
      }
      #expect(Array(flipped.images[range]) == expected, "image \(image)")
    }
    #expect(plain.images != flipped.images)
  }

  @Test(arguments: [1, 2, 3, 4]) func `ranks together see what one rank sees`(ranks: Int) throws {
    let whole = BatchLoader(source, seed: 9, batch: 10, flips: true)
    let parts = (0..<ranks).map {
      BatchLoader(source, seed: 9, batch: 10, samples: ($0 * 10 / ranks)..<(($0 + 1) * 10 / ranks), flips: true)
    }
    for step in 0..<7 {
      let batch = try whole.next()
      let shares = try parts.map { try $0.next() }
      #expect(batch.positions == (step * 10)..<(step * 10 + 10))
      #expect(shares.flatMap(\.images) == batch.images && shares.flatMap(\.labels) == batch.labels)
      #expect(shares.flatMap(\.positions) == Array(batch.positions))
    }
  }

  @Test func `an epoch of batches shows every image once`() throws {
    let loader = BatchLoader(source, seed: 2, batch: 13)
    for _ in 0..<3 { #expect(try loader.next().labels.sorted() == source.labels?.sorted()) }
  }

  @Test func `going to a position equals running there`() throws {
    let running = BatchLoader(source, seed: 4, batch: 6, flips: true)
    for _ in 0..<9 { _ = try running.next() }
    #expect(running.position == 54)
    let seeking = BatchLoader(source, seed: 4, batch: 6, flips: true)
    _ = try seeking.next()
    seeking.seek(to: 54)
    let starting = BatchLoader(source, seed: 4, batch: 6, flips: true, from: 54, depth: 1)
    for _ in 0..<5 {
      let expected = try running.next()
      for loader in [seeking, starting] {
        let batch = try loader.next()
        #expect(batch.images == expected.images && batch.labels == expected.labels && batch.positions == expected.positions)
      }
    }
    running.seek(to: 0)
    #expect(try running.next().positions == 0..<6)
  }

  @Test func `a failure of the thread surfaces at its batch and stays until one goes elsewhere`() throws {
    let order = SampleOrder(count: 13, seed: 8)
    let failing = order.index(at: 9)
    let loader = BatchLoader(ListSource(failing: failing), seed: 8, batch: 4)
    #expect(try loader.next().positions == 0..<4)
    #expect(try loader.next().positions == 4..<8)
    for _ in 0..<2 { #expect(throws: ListSource.Failure()) { try loader.next() } }
    #expect(loader.position == 8)
    loader.seek(to: 0)
    #expect(try loader.next().positions == 0..<4)
  }

  @Test func `a dropped loader ends its thread`() async throws {
    final class Token: Sendable {}
    struct Source: ImageSource {
      let list = ListSource()
      let token: Token
      var name: String { list.name }
      var format: ImageFormat { list.format }
      var count: Int { list.count }
      var labels: [Int32]? { nil }
      var classNames: [String]? { nil }
      var fingerprint: UInt64 { 0 }
      func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws { try unsafe list.read(index, into: buffer) }
    }
    weak var token: Token?
    do {
      let strong = Token()
      token = strong
      let batch = try BatchLoader(Source(token: strong), seed: 0, batch: 3).next()
      #expect(batch.labels.isEmpty)
    }
    // The thread holds the source; it lets go of it soon after the loader is gone.
    for _ in 0..<500 where token != nil { try await Task.sleep(for: .milliseconds(10)) }
    #expect(token == nil)
  }

  @Test func `a loader of no images and samples outside of the batch trap`() async {
    await #expect(processExitsWith: .failure) { _ = BatchLoader(ListSource(), seed: 0, batch: 4, samples: 2..<5) }
    await #expect(processExitsWith: .failure) { _ = BatchLoader(ListSource(), seed: 0, batch: 0) }
  }
}
