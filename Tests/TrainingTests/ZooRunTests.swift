import Adversarial
import Communication
import Datasets
import TestSupport
import Testing
import Zoo

@testable import Training

/// Runs of every model of the catalogue by the trainer.
@Suite struct ZooRunTests {
  /// Twenty-three drawn images of 32 px, with or without classes.
  struct Images: ImageSource {
    let name = "drawn"
    let format: ImageFormat
    let count = 23
    let labels: [Int32]?
    let classNames: [String]?
    let fingerprint: UInt64 = 1

    init(channels: Int, hasLabels: Bool) {
      format = ImageFormat(channels: channels, height: 32, width: 32)
      labels = hasLabels ? (0..<23).map { Int32($0 % 4) } : nil
      classNames = hasLabels ? (0..<4).map { "class \($0)" } : nil
    }

    func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
      for pixel in buffer.indices { unsafe buffer[pixel] = UInt8((index * 37 + pixel * (11 + index % 7)) % 256) }
    }
  }

  static func trainer(_ model: String, steps: Int, channels: Int = 1) throws -> Trainer {
    let configured = try Miniature.configured(zoo.entry(model))
    var options = RunOptions(configured.run)
    (options.batch, options.shards, options.steps) = (6, 3, steps)
    return try Trainer(
      configured, options: options, source: Images(channels: channels, hasLabels: true), communicator: SingleProcess())
  }

  @Test(arguments: zoo.entries.map(\.card.name)) func `two steps, a resume and two more have the bits of four`(model: String) throws {
    try RunDirectoryTests.temporary { path in
      let checkpoints = CheckpointDirectory(output: path)
      try checkpoints.prepare()
      let straight = try Self.trainer(model, steps: 4)
      #expect(try straight.train(checkpoints: nil, observer: Silence()) == .finished)
      let first = try Self.trainer(model, steps: 2)
      _ = try first.train(checkpoints: checkpoints, observer: Silence())
      let second = try Self.trainer(model, steps: 4)
      try second.restore(from: checkpoints.file(step: 2))
      _ = try second.train(checkpoints: nil, observer: Silence())
      #expect(second.recipe.stateHash() == straight.recipe.stateHash())
      #expect(second.recipe.stateHash() != first.recipe.stateHash())
    }
  }
}
