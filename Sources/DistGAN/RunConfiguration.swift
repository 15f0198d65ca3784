import Adversarial
import Communication
import Datasets
import Foundation
import Kernels
import Training
import Zoo

/// A run as it was asked for: by flags, by a preset, or by the checkpoint it goes on from.
struct RunConfiguration {
  /// The model with its options.
  let model: any ConfiguredModel
  /// The same model as its preset has it.
  let preset: any ConfiguredModel
  /// The run's options.
  var options: RunOptions
  /// The images.
  let source: any ImageSource
  /// Checkpoints to go on from, the best first; empty for a new run.
  let candidates: [String]
  /// The output directory; nil for a default one.
  let output: String?
  /// Steps between lines of the log.
  let logEvery: Int
  /// What the user should know, beside errors.
  let warnings: [String]

  init(_ flags: RunFlags, modelArguments: [String]) throws {
    let arguments = try ModelArguments(modelArguments)
    var warnings: [String] = []
    let candidates = try flags.resume.map(CheckpointDirectory.candidates) ?? []
    let stored = candidates.isEmpty ? nil : try StoredRun(candidates) { warnings.append($0) }
    if let stored, let name = flags.model, name != stored.model.card.name {
      _ = try zoo.entry(name)
      throw RunError(
        .mismatch, "\(stored.path) was made by the model \(stored.model.card.name), not by \(name); begin a new run with --output")
    }
    guard let name = flags.model ?? stored?.model.card.name else {
      throw OptionError("--model is needed; known ones: \(zoo.entries.map(\.card.name).joined(separator: ", "))")
    }
    let entry = try zoo.entry(name)
    preset = try entry.configured(preset: flags.preset ?? stored?.model.preset)
    var model = flags.preset == nil ? stored?.model ?? preset : preset
    try arguments.apply(to: &model)
    self.model = model
    if let stored, flags.data == nil, stored.header.value("data") == RunOptions.noData {
      throw RunError(
        .mismatch,
        "\(stored.path) was made by import-weights without --data, so it has nothing to be trained on; import the file again with --data")
    }
    source = try DataArgument.open(flags.data ?? stored?.header.value("data") ?? "kanji32")
    options = try Self.options(flags, stored, preset.run, source)
    output = flags.output ?? Self.directory(flags.resume, candidates)
    logEvery = flags.logEvery ?? 20
    guard logEvery > 0 else { throw OptionError("--log-every \(logEvery): at least 1 is needed") }
    if let threads = flags.threads, threads < 1 { throw OptionError("--threads \(threads): at least 1 is needed") }
    if flags.debug && flags.profile { throw OptionError("--debug and --profile exclude each other: checks would be timed") }
    self.candidates = candidates
    self.warnings = warnings
  }

  private static func options(
    _ flags: RunFlags, _ stored: StoredRun?, _ run: RunDefaults, _ source: any ImageSource
  ) throws -> RunOptions {
    var options = RunOptions(run)
    func number(_ name: String) -> Int? { stored?.header.value(name).flatMap { Int($0) } }
    options.batch = flags.batch ?? number("batch") ?? options.batch
    options.accumulation = flags.accumulation ?? number("accumulation") ?? options.accumulation
    options.shards = flags.shards ?? number("shards") ?? min(8, max(1, options.batch))
    options.isFast = flags.fast || flags.shards == nil && stored?.header.value("shards") == RunOptions.freeShards
    if flags.fast && flags.shards != nil { throw OptionError("--fast and --shards exclude each other: --fast chooses the shards") }
    options.seed = flags.seed ?? stored?.header.value("seed").flatMap { UInt64($0) } ?? options.seed
    // A mirrored letter is no letter; sets of one channel are mostly such.
    options.flips = flags.flip ?? stored?.header.value("flip").map { $0 == "true" } ?? (source.format.channels > 1)
    options.usesClasses = !(flags.unconditional || stored?.header.value("classes") == "unused")
    let rule = flags.lrRule ?? stored?.header.value("lr-rule") ?? LearningRateRule.none.rawValue
    guard let known = LearningRateRule(rawValue: rule) else {
      throw OptionError("unknown rule --lr-rule \(rule); known ones: \(LearningRateRule.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    options.learningRateRule = known
    options.convolution = flags.exactConvolution.map { $0 ? .exact : .winograd } ?? stored?.convolution ?? options.convolution
    options.precision = try flags.precision.map { try ConvolutionPrecision(option: $0) } ?? stored?.precision ?? options.precision
    options.steps = flags.steps ?? stored?.header.steps ?? options.steps
    options.checkpointEvery = try flags.checkpointEvery.map(cadence) ?? options.checkpointEvery
    options.keep = flags.keep ?? options.keep
    options.sampleEvery = flags.sampleEvery ?? max(100, options.steps / 20)
    options.healthEvery = flags.healthEvery ?? 100
    options.isDebug = flags.debug
    if let name = flags.reduce {
      guard let reduction = Reduction(rawValue: name) else {
        throw OptionError("unknown way --reduce \(name); known ones: \(Reduction.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      options.reduction = reduction
    }
    if let name = flags.wire {
      guard let wire = WireFormat(rawValue: name) else {
        throw OptionError("unknown form --wire \(name); known ones: \(WireFormat.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      if wire != .float32 && !options.isFast { throw OptionError("--wire \(name): it rounds gradients, so it needs --fast") }
      let isShared = options.reduction == .overlapped || options.reduction == .blocking
      if wire != .float32 && !isShared { throw OptionError("--wire \(name): it needs --reduce overlapped or blocking") }
      options.wire = wire
    }
    try options.validate(ranks: 1)
    if let stored, stored.header.step > options.steps {
      throw OptionError(
        "--steps \(options.steps): \(stored.path) has \(stored.header.step) steps already; --steps counts those of the whole run")
    }
    return options
  }

  /// Reads `500`, `10m` or `never`.
  private static func cadence(_ text: String) throws -> Cadence {
    if text == "never" { return .never }
    if text.hasSuffix("m"), let minutes = Double(text.dropLast()), minutes > 0, minutes.isFinite { return .minutes(minutes) }
    if let steps = Int(text), steps > 0 { return .steps(steps) }
    throw OptionError("--checkpoint-every \(text): a number of steps, minutes as 10m, or never is needed")
  }

  /// The directory that a resumed run goes on in.
  private static func directory(_ resume: String?, _ candidates: [String]) -> String? {
    guard let resume else { return nil }
    guard candidates == [resume] else { return resume }
    let folder = URL(fileURLWithPath: resume).deletingLastPathComponent()
    return folder.lastPathComponent == "checkpoints" ? folder.deletingLastPathComponent().path : nil
  }
}
