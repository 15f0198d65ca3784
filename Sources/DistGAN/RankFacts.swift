import Communication
import Foundation
import Kernels
import Training

/// What must be the same on all ranks, by name.
struct RankFacts {
  private let pairs: [(name: String, value: String)]

  init(_ run: RunConfiguration) {
    var pairs = run.options.identity(of: run.model, run.source).map { ($0.name, $0.value) }
    pairs.removeAll { $0.0 == "data" }
    pairs += [("--steps", "\(run.options.steps)"), ("--reduce", run.options.reduction.rawValue), ("--wire", run.options.wire.rawValue)]
    pairs += [("--sample-every", "\(run.options.sampleEvery)"), ("--checkpoint-every", "\(run.options.checkpointEvery)")]
    // All of them: a damaged one is passed over by all ranks alike.
    pairs += [("the checkpoint", run.candidates.isEmpty ? "none" : run.candidates.joined(separator: ", ")), ("the program", Self.program)]
    self.pairs = pairs + Machine.description.map { ("the processor's \($0.name)", $0.value) }
  }

  init(text: String) {
    let words = text.components(separatedBy: "\u{0}")
    pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
  }

  var text: String { pairs.flatMap { [$0.name, $0.value] }.joined(separator: "\u{0}") }

  /// The first fact that is another one on `other`.
  func difference(from other: RankFacts) -> (name: String, here: String, there: String)? {
    for (name, value) in pairs {
      let there = other.pairs.first { $0.name == name }?.value ?? "unknown"
      if there != value { return (name, value, there) }
    }
    return other.pairs.first { pair in !pairs.contains { $0.name == pair.name } }.map { ($0.name, "unknown", $0.value) }
  }

  /// A hash of the executable.
  static let program: String = {
    guard let data = FileManager.default.contents(atPath: "/proc/self/exe") else { return "unknown" }
    return unsafe data.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return "empty" }
      return unsafe hashText(Kernels.hashBits(base, byteCount: bytes.count, seed: 0))
    }
  }()
}
