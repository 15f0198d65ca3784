import Adversarial
import Communication
import Datasets
import Sharding
import TestSupport
import Training
import Zoo

/// Short runs of every model of the zoo by the trainer: images drawn in batches, losses, updates, averages.
enum ModelChecks {
  /// Batch, shards, accumulated parts, and the way gradients cross the ranks.
  private static let forms: [(Int, Int, Int, Reduction)] = [
    (8, 8, 1, .overlapped), (11, 8, 2, .overlapped), (13, 11, 1, .blocking), (11, 8, 2, .messages),
  ]

  /// Every model in every form for its own objective, and games of other kinds: with real images in the generator's phase, with pairs
  /// over the batch, with other weights, with terms that keep states, have second derivatives or change images.
  static var checks: [BitCheck] {
    zoo.entries.flatMap { checks($0, []) }
      + zoo.entries.filter { $0.card.name == "biggan" || $0.card.name == "dcgan" }.flatMap { entry in
        [
          [("loss", "relativistic:pairing=average,form=hinge"), ("constraint", "spectral:on=both")],
          [("loss", "mmd:scale=4"), ("constraint", "weight-clipping:bound=0.1")], [("loss", "cramer")],
          [
            ("term", "r1:every=2 lecam:start=1 pulling-away maximal-gradient ada:kimg=0.05,interval=1"),
            ("constraint", "gradient-clipping:norm=0.5 weight-norm"), ("schedule", "cosine:over=5,warm-up=2"),
          ],
        ].flatMap { checks(entry, $0) }
      } + zoo.entries.map(unseen)
  }

  /// BigGAN with blocks of 128 channels.
  static var wide: [BitCheck] {
    zoo.entries.filter { $0.card.name == "biggan" }.flatMap { checks($0, [("channels", "32")]) }
  }

  private static func checks(_ entry: ModelEntry, _ settings: [(name: String, value: String)]) -> [BitCheck] {
    forms.map { batch, shards, accumulation, reduction in
      let form =
        settings.map { "\($0.name) \($0.value), " }.joined()
        + "batch \(batch) in \(shards) shards, \(accumulation) parts, \(reduction.rawValue) reduction"
      return BitCheck(name: "\(entry.card.name), \(form): three steps") { ranks in
        var options = RunOptions(RunDefaults(batch: batch, steps: 3))
        options.shards = shards
        options.accumulation = accumulation
        options.reduction = reduction
        var model = try small(entry)
        for (name, value) in settings { try model.set(name, to: value) }
        return try numbers(model, options, ranks.communicator)
      }
    }
  }

  /// A run that is examined after every step leaves what one without leaves.
  private static func unseen(_ entry: ModelEntry) -> BitCheck {
    BitCheck(name: "\(entry.card.name), batch 11 in 8 shards: examined after every step and never") { ranks in
      var options = RunOptions(RunDefaults(batch: 11, steps: 3))
      options.shards = 8
      var model = try small(entry)
      if model.options.contains(where: { $0.name == "term" }) {
        try model.set("term", to: "ada:kimg=0.05,interval=1")
        // Energies have no signs that ADA could count.
        let data = DataFormat(height: 32, width: 32, channels: 3, classes: 5)
        if (try? model.build(data)) == nil { try model.set("term", to: "diff-augment") }
      }
      let states = try [1, 0].map { every in
        options.healthEvery = every
        let trainer = try Trainer(model, options: options, source: DrawnImages(), communicator: ranks.communicator)
        _ = try trainer.train(checkpoints: nil, observer: StepLog())
        return trainer.recipe.networks.flatMap { Numbers.state($0.store, $0.optimizer, $0.average) }
      }
      let bytes = unsafe Numbers.encoded(states[1]).withUnsafeBytes { unsafe [UInt8]($0) }
      if let difference = Numbers.difference(of: states[0], from: Numbers.decoded(bytes)) { throw Trace(description: difference) }
      return states[0]
    }
  }

  /// What an examination changed.
  private struct Trace: Error, CustomStringConvertible {
    let description: String
  }

  /// A small model; one more term beside its own where the options have a place for terms.
  private static func small(_ entry: ModelEntry) throws -> any ConfiguredModel {
    var model = try Miniature.configured(entry)
    if let own = model.options.first(where: { $0.name == "term" })?.value {
      try model.set("term", to: (own == "none" ? "" : own + " ") + "orthogonal:strength=0.001")
    }
    return model
  }

  /// Losses and reports of all steps, and all that training leaves.
  private static func numbers(
    _ model: any ConfiguredModel, _ options: RunOptions, _ communicator: any Communicator
  ) throws -> [Numbers] {
    var options = options
    // Before the last step, which shows any trace that an examination leaves.
    options.healthEvery = 2
    let trainer = try Trainer(model, options: options, source: DrawnImages(), communicator: communicator)
    let log = StepLog()
    _ = try trainer.train(checkpoints: nil, observer: log)
    return log.numbers + trainer.recipe.networks.flatMap { Numbers.state($0.store, $0.optimizer, $0.average) }
  }
}

/// Keeps what the trainer reports.
private final class StepLog: RunObserver {
  private(set) var numbers: [Numbers] = []
  func stepDone(_ record: StepRecord) throws {
    numbers += record.losses.map { Numbers("step \(record.step) \($0.name)", replicated: [$0.value]) }
    for (quantity, entries) in record.health?.quantities ?? [] {
      numbers += entries.map { Numbers("step \(record.step) \(quantity) \($0.name)", replicated: [$0.value]) }
    }
  }
  func checkpointWritten(_ path: String, step: Int) throws {}
  func samplesDue(step: Int, _ sampler: Sampler) throws {}
}

/// Thirty-seven coloured images of five classes, drawn by number: a run passes them more than once.
private struct DrawnImages: ImageSource {
  let name = "drawn"
  let format = ImageFormat(channels: 3, height: 32, width: 32)
  let count = 37
  let labels: [Int32]? = (0..<37).map { Int32($0 * $0 % 5) }
  let classNames: [String]? = (0..<5).map { "class \($0)" }
  let fingerprint: UInt64 = 1
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    for pixel in buffer.indices { unsafe buffer[pixel] = UInt8((index * 37 + pixel * (11 + index % 7) + pixel * pixel / 64) % 256) }
  }
}
