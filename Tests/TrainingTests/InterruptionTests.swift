import Adversarial
import Communication
import Foundation
import Testing

@testable import Training

/// A run that is stopped, damaged or contradicted.
@Suite struct InterruptionTests {
  static func trainer(_ rank: any Communicator = SingleProcess(), steps: Int = 6) throws -> Trainer {
    let model = try ModelEntry(TinyModel.self).configured()
    var options = RunOptions(model.run)
    options.steps = steps
    options.shards = 3
    options.checkpointEvery = .never
    return try Trainer(model, options: options, source: DrawnImages(), communicator: rank)
  }

  static func withCheckpoints(_ body: (CheckpointDirectory) throws -> Void) throws {
    try RunDirectoryTests.temporary { path in
      let checkpoints = CheckpointDirectory(output: path)
      try checkpoints.prepare()
      try body(checkpoints)
    }
  }

  @Test(arguments: [Signals.user1, Signals.terminate, Signals.interrupt])
  func `a wish to leave from any rank ends the run after a checkpoint, and a resume gives the bits of an unbroken run`(
    _ flag: UInt64
  ) throws {
    try Self.withCheckpoints { checkpoints in
      let rank = ScriptedRank()
      rank.flags = [1: flag]
      let stopped = try Self.trainer(rank)
      let outcome = try stopped.train(checkpoints: checkpoints, observer: Silence())
      #expect(outcome == .preempted)
      #expect(stopped.step == 2 && checkpoints.steps() == [2])
      let resumed = try Self.trainer()
      try resumed.restore(from: checkpoints.file(step: 2))
      _ = try resumed.train(checkpoints: nil, observer: Silence())
      let whole = try Self.trainer()
      _ = try whole.train(checkpoints: nil, observer: Silence())
      #expect(resumed.recipe.stateHash() == whole.recipe.stateHash())
    }
  }

  @Test func `USR2 asks for a checkpoint and the run goes on`() throws {
    try Self.withCheckpoints { checkpoints in
      let rank = ScriptedRank()
      rank.flags = [2: Signals.user2]
      let outcome = try Self.trainer(rank).train(checkpoints: checkpoints, observer: Silence())
      #expect(outcome == .finished)
      #expect(checkpoints.steps() == [6, 3])
    }
  }

  @Test func `a wish to leave that comes with the last step finds the run finished`() throws {
    try Self.withCheckpoints { checkpoints in
      let rank = ScriptedRank()
      rank.flags = [5: Signals.terminate]
      let outcome = try Self.trainer(rank).train(checkpoints: checkpoints, observer: Silence())
      #expect(outcome == .finished)
      #expect(checkpoints.steps() == [6])
    }
  }

  @Test func `a signal that the process gets leads to a checkpoint and to exit code 75`() async {
    // In a process of its own: the wish to leave stays for ever.
    await #expect(processExitsWith: .exitCode(75)) {
      Signals.install()
      // Not `raise`: the threads of Swift's executors block all signals.
      kill(getpid(), SIGTERM)
      for _ in 0..<10_000 where Signals.pending == 0 { usleep(1000) }
      try InterruptionTests.withCheckpoints { checkpoints in
        let outcome = try InterruptionTests.trainer().train(checkpoints: checkpoints, observer: Silence())
        if outcome == .preempted && checkpoints.steps() == [1] { exit(ExitCode.preempted.rawValue) }
      }
      exit(1)
    }
  }

  @Test(arguments: [(0, "generator"), (1, "critic")])
  func `ranks that hold different numbers end the run with 77 before anything is written`(_ comparison: Int, _ network: String) throws {
    try Self.withCheckpoints { checkpoints in
      let rank = ScriptedRank()
      rank.disagreement = comparison
      let error = #expect(throws: RunError.self) { try Self.trainer(rank).train(checkpoints: checkpoints, observer: Silence()) }
      #expect(error?.code == .replicasDiffer)
      #expect(error?.description.contains("step 6: ranks hold different numbers of network \(network)") == true)
      #expect(checkpoints.steps().isEmpty)
    }
  }

  @Test func `a damaged newest checkpoint is refused with 66, and the one before it gives the bits of an unbroken run`() throws {
    try Self.withCheckpoints { checkpoints in
      let rank = ScriptedRank()
      rank.flags = [2: Signals.user2]
      let whole = try Self.trainer(rank)
      _ = try whole.train(checkpoints: checkpoints, observer: Silence())
      let newest = checkpoints.file(step: 6)
      let content = try Data(contentsOf: URL(fileURLWithPath: newest))
      try content.prefix(content.count / 2).write(to: URL(fileURLWithPath: newest))

      let resumed = try Self.trainer()
      let error = #expect(throws: RunError.self) { try resumed.restore(from: newest) }
      #expect(error?.code == .noInput && error?.description.contains("step-6.h5") == true)
      try resumed.restore(from: checkpoints.file(step: 3))
      _ = try resumed.train(checkpoints: nil, observer: Silence())
      #expect(resumed.recipe.stateHash() == whole.recipe.stateHash())
    }
  }

  @Test func `damage anywhere in a checkpoint is refused with 66 or changes nothing`() throws {
    try Self.withCheckpoints { checkpoints in
      let written = try Self.trainer(steps: 1)
      _ = try written.train(checkpoints: checkpoints, observer: Silence())
      let file = checkpoints.file(step: 1)
      let content = try Data(contentsOf: URL(fileURLWithPath: file))
      var refused = 0
      for start in stride(from: 0, to: content.count, by: max(1, content.count / 60)) {
        var damaged = content
        for place in start..<min(start + 16, content.count) { damaged[place] ^= 0x5a }
        try damaged.write(to: URL(fileURLWithPath: file))
        let reader = try Self.trainer()
        do {
          try reader.restore(from: file)
          #expect(reader.recipe.stateHash() == written.recipe.stateHash() && reader.step == 1, "damage at byte \(start) was not seen")
        } catch let error as RunError {
          refused += 1
          #expect(error.code == .noInput, "damage at byte \(start): \(error)")
        }
      }
      #expect(refused > 0)
    }
  }
}
