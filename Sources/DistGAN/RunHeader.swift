import Adversarial
import Communication
import Datasets
import Foundation
import Kernels
import Training

/// What is told of a run before its first step: for people as lines, for programs as fields.
struct RunHeader {
  /// Labels and texts, one line each.
  private(set) var lines: [(label: String, text: String)] = []
  /// The same facts for `log.jsonl`.
  var fields: [(name: String, value: JSON)] { facts + [("warnings", .list(warnings.map(JSON.text)))] }
  /// The lines as a table in Markdown.
  var markdown: String {
    let rows = lines.map { line in "| \(line.label) | \(line.text.replacingOccurrences(of: "|", with: "\\|")) |" }
    return (["| fact | value |", "| --- | --- |"] + rows).joined(separator: "\n")
  }

  private var facts: [(name: String, value: JSON)] = []
  private var warnings: [String] = []

  /// The lines under each other.
  var text: String {
    let width = (lines.map(\.label.count).max() ?? 0) + 2
    return lines.map { Text.left($0.label, width) + $0.text }.joined(separator: "\n")
  }

  /// Begins with the program, the model and how its options differ from the preset's.
  init(_ run: RunConfiguration, from step: Int) {
    let (model, options) = (run.model, run.options)
    lines.append(("dist-gan \(DistGAN.version)", "\(model.card.name), preset \(model.preset): \(model.card.summary)"))
    let changed = zip(model.options, run.preset.options).filter { $0.value != $1.value }
    if !changed.isEmpty { lines.append(("options", changed.map { "\($0.name) \($0.value) (preset \($1.value))" }.joined(separator: ", "))) }
    let accumulation = options.accumulation > 1 ? " x \(options.accumulation)" : ""
    let steps = step > 0 ? "steps \(step) to \(options.steps)" : "\(options.steps) steps"
    let mirrored = options.flips ? ", mirrored at random" : ""
    lines.append(
      (
        "run",
        "\(steps) of batch \(options.batch)\(accumulation) in \(options.shards)\(options.isFast ? " fast" : "") shards, seed \(options.seed)\(mirrored)"
      ))
    if options.convolution == .exact { lines.append(("convolutions", "exact: none by Winograd's algorithm")) }
    if options.precision == .bf16 { lines.append(("precision", "bf16: factors of products in convolutions are rounded, sums are not")) }
    let batch = options.batch * options.accumulation
    let presetBatch = run.preset.run.batch * run.preset.run.accumulation
    if batch != presetBatch {
      let factor = options.learningRateFactor(model)
      let effect =
        options.learningRateRule == .none ? "learning rates stay (--lr-rule linear, sqrt)" : "learning rates are scaled by \(factor)"
      lines.append(
        ("learning rate", "batch \(batch) for the preset's \(presetBatch), rule \(options.learningRateRule.rawValue): \(effect)"))
    }
    facts += [
      ("program", .text("dist-gan \(DistGAN.version)")), ("command", .list(CommandLine.arguments.map(JSON.text))), ("step", .integer(step)),
      ("steps", .integer(options.steps)),
    ]
    facts.append(("identity", .texts(options.identity(of: model, run.source).map { ($0.name, $0.value) })))
  }

  /// The data.
  mutating func add(data source: any ImageSource, isConditional: Bool) {
    lines.append(("data", DataLine.text(source) + (source.labels != nil && !isConditional ? " (not used)" : "")))
    if let labels = source.labels, isConditional {
      for warning in LabelReport(labels, classCount: source.classCount).warnings { add(warning: warning) }
    }
    facts += [
      ("data", .text(source.name)), ("images", .integer(source.count)), ("format", .text("\(source.format)")),
      ("classes", .integer(source.classCount)), ("classNames", .list((source.classNames ?? []).map(JSON.text))),
      ("fingerprint", .text(hashText(source.fingerprint))),
    ]
  }

  /// The machine.
  mutating func add(ranks communicator: any Communicator, threads: Int, note: String?) {
    let (ranks, hosts) = (communicator.size, communicator.hosts)
    lines.append(
      (
        "ranks",
        "\(ranks) x \(threads) \(threads == 1 ? "thread" : "threads") on \(hosts) \(hosts == 1 ? "host" : "hosts") (\(communicator.hostName))"
      ))
    if let note { lines.append(("cores", note)) }
    // OpenBLAS lists its build flags as well, of which the log keeps all.
    let machine = Machine.description.map { "\($0.name) \($0.value.components(separatedBy: " NO_")[0])" }
    lines.append(("processor", machine.joined(separator: ", ")))
    facts += [
      ("ranks", .integer(ranks)), ("threads", .integer(threads)), ("hosts", .integer(hosts)), ("host", .text(communicator.hostName)),
      ("machine", .texts(Machine.description.map { ($0.name, $0.value) })),
    ]
  }

  /// What a step costs.
  mutating func add(plan: Plan) {
    lines.append(("parameters", plan.networks.map { "\($0.name) \(Text.count($0.parameters))" }.joined(separator: ", ")))
    let memory = plan.stateBytesPerRank + plan.activationBytesPerRank
    lines.append(
      (
        "a step",
        "\(Text.operations(plan.flopsPerStep)), \(Text.bytes(plan.reducedBytesPerStep)) summed over ranks, about \(Text.bytes(memory)) a rank"
      ))
    facts.append(
      (
        "plan",
        .object([
          ("parameters", .object(plan.networks.map { ($0.name, .integer($0.parameters)) })), ("flopsPerStep", .number(plan.flopsPerStep)),
          ("reducedBytesPerStep", .integer(plan.reducedBytesPerStep)), ("stateBytesPerRank", .integer(plan.stateBytesPerRank)),
          ("activationBytesPerRank", .integer(plan.activationBytesPerRank)),
        ])
      ))
  }

  /// One more line, for people only.
  mutating func add(_ label: String, _ text: String) { lines.append((label, text)) }

  /// How gradients cross the ranks, and whether the bits are those of any number of ranks.
  mutating func add(reduction options: RunOptions, ranks: Int) {
    let isExact = options.reduction.isExact && !options.isFast
    if !isExact { lines.append(("bits", "depend on the numbers of ranks and threads")) }
    facts += [("reduction", .text(options.reduction.rawValue)), ("exact", .text(isExact ? "yes" : "no"))]
  }

  /// Something the user should know.
  mutating func add(warning: String) {
    lines.append(("warning", warning))
    warnings.append(warning)
  }

  /// Where the run writes.
  mutating func add(output: String) {
    lines.append(("output", output))
    facts.append(("output", .text(output)))
  }
}
