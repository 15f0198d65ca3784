import Adversarial
import Communication
import Datasets
import Images
import Training

/// Images drawn by all ranks in rounds: in each, every rank draws a block of the next ones.
final class SharedDrawing {
  /// Rounds until all are drawn.
  var rounds: Int { (orders.count + block * communicator.size - 1) / (block * communicator.size) }
  /// Number of images.
  var count: Int { orders.count }
  let format: DataFormat
  private let drawing: Drawing
  private let orders: [ImageOrder]
  private let communicator: any Communicator
  /// Images that a rank draws in a round.
  private let block: Int

  init(_ drawing: Drawing, _ orders: [ImageOrder], _ format: DataFormat, _ communicator: any Communicator) {
    self.drawing = drawing
    self.orders = orders
    self.format = format
    self.communicator = communicator
    block = max(1, min(drawing.batch, (orders.count + communicator.size - 1) / communicator.size))
  }

  /// Bytes of an image.
  var imageSize: Int { format.height * format.width * format.channels }

  /// The first image of a round.
  func start(of round: Int) -> Int { min(orders.count, round * block * communicator.size) }
  /// The image after the last of a round.
  func end(of round: Int) -> Int { start(of: round + 1) }
  /// The round in which an image is drawn.
  func round(of image: Int) -> Int { image / (block * communicator.size) }

  /// This rank's images of a round, with their places.
  /// - Throws: `RunError` when a signal asked to leave.
  func own(_ round: Int) throws -> [(place: Int, picture: Picture)] {
    let range = range(round)
    let bytes = try bytes(range)
    return range.enumerated().map { index, place in
      let pixels = Array(bytes[(index * imageSize)..<((index + 1) * imageSize)])
      return (place, Picture(width: format.width, height: format.height, channels: format.channels, pixels: pixels))
    }
  }

  /// All images of a round in their order, `[count, height, width, channels]`; every rank calls this for every round.
  func all(_ round: Int) throws -> [UInt8] {
    let own = try communicator.together { try bytes(range(round)) }
    return try unsafe own.withUnsafeBytes { try unsafe communicator.allGather($0) }.flatMap(\.self)
  }

  private func range(_ round: Int) -> Range<Int> {
    let first = min(orders.count, start(of: round) + communicator.rank * block)
    return first..<min(orders.count, first + block)
  }

  private func bytes(_ range: Range<Int>) throws -> [UInt8] {
    if Signals.pending & Signals.leave != 0 {
      throw RunError(.preempted, "sampling was stopped by a signal and nothing was written; start it again")
    }
    return range.isEmpty ? [] : drawing.images(Array(orders[range])).map(ImageBytes.byte)
  }
}

/// Images of all ranks, taken in their order: a round is drawn when its first image is asked for.
final class GatheredImages {
  private let drawing: SharedDrawing
  private let progress: SampleProgress?
  private var round = -1
  private var bytes: [UInt8] = []

  init(_ drawing: SharedDrawing, _ progress: SampleProgress?) {
    self.drawing = drawing
    self.progress = progress
  }

  /// The pixels of an image, `[height, width, channels]`.
  /// - Precondition: no earlier round's; images are asked for in order.
  func pixels(_ index: Int) throws -> ArraySlice<UInt8> {
    precondition(drawing.round(of: index) >= round, "GatheredImages: image \(index) of an earlier round was asked for")
    while drawing.round(of: index) > round {
      round += 1
      bytes = try drawing.all(round)
      progress?.show(done: drawing.end(of: round))
    }
    let start = (index - drawing.start(of: round)) * drawing.imageSize
    return bytes[start..<(start + drawing.imageSize)]
  }

  /// An image.
  func picture(_ index: Int) throws -> Picture {
    let format = drawing.format
    return Picture(width: format.width, height: format.height, channels: format.channels, pixels: Array(try pixels(index)))
  }
}

/// Generated images as a data set, to be read once and in order.
struct GeneratedImages: ImageSource, @unchecked Sendable {
  // Sound: one thread reads, that of the writer.
  let name: String
  let format: ImageFormat
  let count: Int
  let labels: [Int32]?
  let classNames: [String]?
  let source: GatheredImages
  /// Nothing is trained on them here.
  var fingerprint: UInt64 { 0 }

  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    let pixels = try source.pixels(index)
    let (area, channels) = (format.height * format.width, format.channels)
    for place in 0..<area {
      for channel in 0..<channels { unsafe buffer[channel * area + place] = pixels[pixels.startIndex + place * channels + channel] }
    }
  }
}
