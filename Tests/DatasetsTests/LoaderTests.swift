import Datasets
import Dispatch
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
  }

  @Test(arguments: [(0, -1), (51, -0.6), (255, 1)] as [(UInt8, Float)])
  func `black is -1 and white is 1`(byte: UInt8, value: Float) throws {
    struct Plain: ImageSource {
      let byte: UInt8
      var name: String { "plain" }
      var format: ImageFormat { ImageFormat(channels: 1, height: 2, width: 3) }
      var count: Int { 1 }
      var labels: [Int32]? { nil }
      var classNames: [String]? { nil }
      var fingerprint: UInt64 { 0 }
      func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) { unsafe buffer.update(repeating: byte) }
    }
    let images = try BatchLoader(Plain(byte: byte), seed: 1, batch: 2).next().images
    // One rounding of the quotient, below 1 ulp of a number up to 2.
    #expect(images.count == 12 && images.allSatisfy { abs($0 - value) <= 2 * Float.ulpOfOne }, "\(images)")
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

  /// Image, label and mirroring at each of the first `count` positions.
  func sequence(_ count: Int, batch: Int, depth: Int = 2) throws -> (images: [Float], labels: [Int32]) {
    let loader = BatchLoader(source, seed: 6, batch: batch, flips: true, depth: depth)
    var images: [Float] = []
    var labels: [Int32] = []
    while labels.count < count {
      let batch = try loader.next()
      images += batch.images
      labels += batch.labels
    }
    return (Array(images.prefix(count * source.format.sampleCount)), Array(labels.prefix(count)))
  }

  @Test(arguments: [2, 5, 13, 17, 30], [1, 3]) func `a position's image and mirroring do not depend on the batch`(batch: Int, depth: Int)
    throws
  {
    let single = try sequence(30, batch: 1)
    let found = try sequence(30, batch: batch, depth: depth)
    #expect(found.images == single.images && found.labels == single.labels)
  }

  /// The set has 13 images: places at the start, inside and at the end of epochs, on and off the grid of batches.
  @Test(arguments: [0, 1, 6, 13, 17, 26, 54, 13_000_000_003]) func `going to a position equals running there`(position: Int) throws {
    let seed: UInt64 = 4
    let seeking = BatchLoader(source, seed: seed, batch: 6, flips: true)
    _ = try seeking.next()
    seeking.seek(to: position)
    #expect(seeking.position == position)
    let starting = BatchLoader(source, seed: seed, batch: 6, flips: true, from: position, depth: 1)
    let order = SampleOrder(count: 13, seed: seed)
    for step in 0..<5 {
      let first = position + 6 * step
      let batches = [try seeking.next(), try starting.next()]
      #expect(batches[0].images == batches[1].images)
      for batch in batches {
        #expect(batch.positions == first..<(first + 6))
        #expect(batch.labels == (first..<(first + 6)).map { Int32(order.index(at: $0) % 5) })
      }
    }
  }

  @Test func `going on after a checkpoint equals running on`() throws {
    let running = BatchLoader(source, seed: 4, batch: 6, flips: true)
    for _ in 0..<9 { _ = try running.next() }
    #expect(running.position == 54)
    let resumed = BatchLoader(source, seed: 4, batch: 6, flips: true, from: running.position)
    for _ in 0..<5 {
      let expected = try running.next()
      let batch = try resumed.next()
      #expect(batch.images == expected.images && batch.labels == expected.labels && batch.positions == expected.positions)
    }
    running.seek(to: 54)
    resumed.seek(to: 0)
    #expect(try running.next().positions == 54..<60)
    #expect(try resumed.next().positions == 0..<6)
  }

  @Test func `a failure of the thread surfaces at its batch and stays until one goes elsewhere`() throws {
    let order = SampleOrder(count: 13, seed: 8)
    let failing = order.index(at: 9)
    let loader = BatchLoader(ListSource(failing: failing), seed: 8, batch: 4)
    #expect(try loader.next().positions == 0..<4)
    #expect(try loader.next().positions == 4..<8)
    for _ in 0..<2 { #expect(throws: ListSource.Failure()) { try loader.next() } }
    #expect(loader.position == 8)
    loader.seek(to: 8)
    #expect(throws: ListSource.Failure()) { try loader.next() }
    loader.seek(to: 0)
    #expect(try loader.next().positions == 0..<4)
    loader.seek(to: 10)
    #expect(try loader.next().positions == 10..<14)
  }

  @Test func `a batch that was being read while one went elsewhere is dropped`() throws {
    /// Where the reader of the first batch waits.
    final class Gate: Sendable {
      let arrived = DispatchSemaphore(value: 0)
      let open = DispatchSemaphore(value: 0)
    }
    struct Source: ImageSource {
      let list = ListSource()
      let gate = Gate()
      let slow: Int
      var name: String { list.name }
      var format: ImageFormat { list.format }
      var count: Int { list.count }
      var labels: [Int32]? { list.labels }
      var classNames: [String]? { nil }
      var fingerprint: UInt64 { 0 }
      func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
        if index == slow {
          gate.arrived.signal()
          _ = gate.open.wait(timeout: .now() + 10)
          // It stays open.
          gate.open.signal()
        }
        try unsafe list.read(index, into: buffer)
      }
    }
    let source = Source(slow: SampleOrder(count: 13, seed: 3).index(at: 0))
    let loader = BatchLoader(source, seed: 3, batch: 4)
    #expect(source.gate.arrived.wait(timeout: .now() + 10) == .success)
    loader.seek(to: 4)
    source.gate.open.signal()
    #expect(try loader.next().positions == 4..<8)
    #expect(try loader.next().positions == 8..<12)
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
