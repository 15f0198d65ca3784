import Adversarial
import Foundation
import Kernels
import Testing

@testable import Training

@Suite struct RunOptionsTests {
  static let options = RunOptions(RunDefaults(batch: 64, accumulation: 2, steps: 100))

  @Test func `learning-rate rules scale by the batch, its root, or not`() {
    #expect(LearningRateRule.none.factor(batch: 256, reference: 64) == 1)
    #expect(LearningRateRule.linear.factor(batch: 256, reference: 64) == 4)
    #expect(LearningRateRule.sqrt.factor(batch: 256, reference: 64) == 2)
  }

  @Test func `numbers that do not fit are refused with exit code 64 and named`() throws {
    try Self.options.validate(ranks: 8)
    let changes: [(String, Int, @Sendable (inout RunOptions) -> Void)] = [
      ("--steps", 1, { $0.steps = 0 }), ("--batch", 1, { $0.batch = 0 }), ("--accumulation", 1, { $0.accumulation = 0 }),
      ("--shards", 1, { $0.shards = 65 }), ("--keep", 1, { $0.keep = 0 }), ("--sample-every", 1, { $0.sampleEvery = -1 }),
      ("9 ranks", 9, { _ in }),
    ]
    for (name, ranks, change) in changes {
      var options = Self.options
      change(&options)
      let error = #expect(throws: RunError.self) { try options.validate(ranks: ranks) }
      #expect(error?.code == .usage && error?.description.contains(name) == true)
    }
  }

  @Test func `the identity holds what the bits depend on, and nothing that may change`() {
    var changed = Self.options
    changed.steps = 7
    changed.keep = 9
    changed.checkpointEvery = .steps(3)
    changed.sampleEvery = 5
    changed.isDebug = true
    #expect(changed.identity == Self.options.identity)
    for change in [
      { $0.seed = 2 }, { $0.batch = 32 }, { $0.shards = 4 }, { $0.flips = false }, { $0.usesClasses = false }, { $0.convolution = .exact },
      { $0.precision = .bf16 },
    ]
      as [(inout RunOptions) -> Void]
    {
      var other = Self.options
      change(&other)
      #expect(other.identity != Self.options.identity)
    }
  }
}

@Suite struct RunIdentityTests {
  static func identity(_ convolution: ConvolutionAlgorithm) -> [NamedValue] {
    var options = RunOptionsTests.options
    options.convolution = convolution
    return options.identity
  }

  @Test func `runs of other convolutions differ, and a checkpoint that says nothing of them is of Winograd's`() {
    #expect(RunOptions.differences(from: Self.identity(.exact), to: Self.identity(.exact)).isEmpty)
    #expect(RunOptions.differences(from: Self.identity(.exact), to: Self.identity(.winograd)) == ["convolution was exact, is winograd"])
    let older = Self.identity(.winograd).filter { $0.name != "convolution" }
    #expect(RunOptions.differences(from: older, to: Self.identity(.winograd)).isEmpty)
    #expect(RunOptions.differences(from: older, to: Self.identity(.exact)) == ["convolution was winograd, is exact"])
  }

  @Test func `runs of other precision differ, and a checkpoint that says nothing of it is of fp32`() {
    var halved = RunOptionsTests.options
    halved.precision = .bf16
    let (whole, half) = (RunOptionsTests.options.identity, halved.identity)
    #expect(RunOptions.differences(from: half, to: half).isEmpty)
    #expect(RunOptions.differences(from: half, to: whole) == ["precision was bf16, is fp32"])
    let older = whole.filter { $0.name != "precision" }
    #expect(RunOptions.differences(from: older, to: whole).isEmpty)
    #expect(RunOptions.differences(from: older, to: half) == ["precision was fp32, is bf16"])
  }

  @Test func `bf16 is refused in words where the kernels lack its instructions, and only there`() {
    var options = RunOptionsTests.options
    options.precision = .bf16
    if ConvolutionPrecision.bf16.hasInstructions {
      #expect(throws: Never.self) { try options.validate(ranks: 1) }
    } else {
      let error = #expect(throws: RunError.self) { try options.validate(ranks: 1) }
      #expect(error?.code == .usage && error?.description.contains("--precision bf16") == true)
      #expect(error?.description.contains("--precision fp32") == true)
    }
    options.precision = .fp32
    #expect(throws: Never.self) { try options.validate(ranks: 1) }
  }
}

@Suite struct RunDirectoryTests {
  /// A folder of its own, removed afterwards.
  static func temporary(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "dist-gan-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func `a second run in the directory is refused with 69, and may start when the first has ended`() throws {
    try Self.temporary { path in
      var first: RunDirectory? = try RunDirectory(path)
      let error = #expect(throws: RunError.self) { try RunDirectory(path) }
      #expect(error?.code == .inUse && error?.description.contains("\(getpid())") == true)
      withExtendedLifetime(first) {}
      first = nil
      _ = try RunDirectory(path)
    }
  }

  @Test func `a directory that cannot be made is refused with 73`() throws {
    try Self.temporary { path in
      try Data().write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: RunError.self) { try RunDirectory(path + "/below-a-file") }
      #expect(error?.code == .cannotCreate)
    }
  }

  @Test func `checkpoints are found newest first, pruned, and leftovers removed`() throws {
    try Self.temporary { path in
      let directory = CheckpointDirectory(output: path)
      try directory.prepare()
      for step in [5, 100, 20, 9] { try Data().write(to: URL(fileURLWithPath: directory.file(step: step))) }
      try Data().write(to: URL(fileURLWithPath: directory.path + "/.tmp-1-step-7.h5"))
      #expect(directory.steps() == [100, 20, 9, 5])
      directory.prune(keep: 2)
      try directory.prepare()
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["step-100.h5", "step-20.h5"])
      #expect(try CheckpointDirectory.candidates(path) == [directory.file(step: 100), directory.file(step: 20)])
      let error = #expect(throws: RunError.self) { try CheckpointDirectory.candidates(path + "/nothing") }
      #expect(error?.code == .noInput)
    }
  }
}
