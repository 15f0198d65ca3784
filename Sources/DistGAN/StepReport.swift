import Adversarial
import Communication
import Datasets
import Foundation
import Kernels
import Training

/// What `bench step` prints of its measurement.
struct StepReport {
  private let benchmark: StepBenchmark
  private let model: any ConfiguredModel
  private let options: RunOptions
  private let source: any ImageSource
  private let communicator: any Communicator
  private let threads: Int

  init(
    _ benchmark: StepBenchmark, model: any ConfiguredModel, options: RunOptions, source: any ImageSource, communicator: any Communicator,
    threads: Int
  ) {
    self.benchmark = benchmark
    self.model = model
    self.options = options
    self.source = source
    self.communicator = communicator
    self.threads = threads
  }

  /// All of it.
  /// - Parameter layers: whether every layer's operations are listed.
  func text(plan: Plan, layers: Bool) -> String {
    let facts = lines(plan)
    let width = (facts.map(\.label.count).max() ?? 0) + 2
    let tables = [operations] + (layers ? [layerTable] : [])
    return (facts.map { Text.left($0.label, width) + $0.text } + tables.map { "\n\($0)" }).joined(separator: "\n")
  }

  private func lines(_ plan: Plan) -> [(label: String, text: String)] {
    let seconds = benchmark.seconds
    let step = median(seconds)
    let batch = options.batch * options.accumulation
    let updates = benchmark.imagesPerStep / max(batch, 1)
    let classes = source.labels == nil ? "no classes" : "\(source.classCount) classes"
    var facts: [(String, String)] = [
      ("model", "\(model.card.name), preset \(model.preset), batch \(batch) in \(options.shards) shards"),
      ("data", "random images of \(source.format), \(classes)"),
      ("parameters", plan.networks.map { "\($0.name) \(Text.count($0.parameters))" }.joined(separator: ", ")),
      (
        "ranks",
        "\(communicator.size) x \(threads) \(threads == 1 ? "thread" : "threads") on \(communicator.hosts) "
          + (communicator.hosts == 1 ? "host" : "hosts")
      ),
      (
        "convolutions",
        (options.convolution == .exact ? "exact: none by Winograd's algorithm" : "by Winograd's algorithm where it suits the shape")
          + ", factors \(options.precision)"
      ),
    ]
    var speed = String(format: "%.2f real images of a critic update a second", Double(batch) / step)
    if updates > 1 { speed += String(format: "; %.2f over all %d critic updates of a step", Double(batch * updates) / step, updates) }
    facts.append(("images/s", speed))
    facts.append(
      (
        "a step",
        String(
          format: "%.4f s, the median of %d, %.4f to %.4f s; %.4f s with every operation timed", step, seconds.count, seconds.min() ?? 0,
          seconds.max() ?? 0, median(benchmark.profiledSeconds))
      ))
    let rate = benchmark.productFlops / step
    facts.append(
      ("arithmetic", "\(Text.operations(benchmark.productFlops)) of convolutions, as the sums are defined, and products in a step"))
    facts.append(
      (
        "speed",
        String(
          format: "%.1f GF/s effective, %.2f times the peak of %.1f GF/s", rate / 1e9, rate / benchmark.peakRate, benchmark.peakRate / 1e9)
      ))
    if communicator.size > 1 {
      let waiting = benchmark.waiting
      facts.append(
        (
          "communication",
          String(
            format: "%.4f s of a step exposed: gradients waited for %.4f s, small sums %.4f s; beside %.4f s for slower ranks",
            waiting.gradients + waiting.smallSums, waiting.gradients, waiting.smallSums, waiting.slowerRanks)
        ))
    }
    let resident = benchmark.residentBytes
    let ranks =
      communicator.size > 1 ? " of the largest rank, \(Text.bytes(resident.reduce(0, +))) of all, shared pages counted each time" : ""
    facts.append(("memory", "\(Text.bytes(resident.max() ?? 0)) resident at most\(ranks)"))
    facts.append(
      ("pool", "tensors held \(Text.bytes(benchmark.poolPeakBytes)) at most; \(benchmark.poolMisses) misses in the timed steps"))
    return facts.map { (label: $0.0, text: $0.1) }
  }

  /// Seconds of a step by kind of operation, on this rank.
  private var operations: String {
    let steps = Double(benchmark.profiledSeconds.count)
    let total = benchmark.profiledSeconds.reduce(0, +) / steps
    let entries = benchmark.profile.entries
    let rest = total - entries.reduce(0) { $0 + $1.seconds } / steps
    let title = "no operation: optimizers, images, graph, sums"
    let width = max(entries.map(\.name.count).max() ?? 0, title.count)
    func row(_ name: String, _ seconds: Double, _ calls: String, _ flops: Double) -> String {
      let rate = flops > 0 ? String(format: "%8.1f", flops / seconds / 1e9) : Text.right("", 8)
      return Text.left(name, width) + String(format: "  %10.3f  %5.1f  ", seconds * 1e3, 100 * seconds / total) + Text.right(calls, 8)
        + "  " + rate
    }
    let rows = entries.map { entry in
      row(entry.name, entry.seconds / steps, String(format: "%.0f", Double(entry.calls) / steps), entry.productFlops / steps)
    }
    let heading = Text.left("operation" + (communicator.size > 1 ? " (rank 0)" : ""), width) + "  ms a step      %     calls      GF/s"
    return ([heading] + rows + [row(title, rest, "", 0)]).joined(separator: "\n")
  }

  /// The same by layer, operation and shapes, for what takes at least a ten-thousandth of the step.
  private var layerTable: String {
    let steps = Double(benchmark.profiledSeconds.count)
    let total = benchmark.profiledSeconds.reduce(0, +)
    let all = benchmark.profile.layers
    let entries = all.filter { $0.seconds >= 1e-4 * total }
    let others = all.dropFirst(entries.count)
    let rest = String(format: "%d more take %.3f ms together", others.count, others.reduce(0) { $0 + $1.seconds } / steps * 1e3)
    func shape(_ sizes: [Int]) -> String { sizes.isEmpty ? "1" : sizes.map(String.init).joined(separator: "x") }
    let names = entries.map { ($0.path.isEmpty ? "-" : $0.path, $0.name) }
    let width = max(names.map(\.0.count).max() ?? 0, 5)
    let nameWidth = max(names.map(\.1.count).max() ?? 0, 9)
    let heading =
      Text.left("layer", width) + "  " + Text.left("operation", nameWidth) + "  ms a step   calls      GF/s  shapes on this rank"
    let rows = zip(entries, names).map { entry, name in
      let rate = entry.productFlops > 0 ? String(format: "%8.1f", entry.productFlops / entry.seconds / 1e9) : Text.right("", 8)
      let inputs = entry.inputs.map(shape).joined(separator: ", ")
      return Text.left(name.0, width) + "  " + Text.left(name.1, nameWidth)
        + String(format: "  %9.3f  %6.0f  ", entry.seconds / steps * 1e3, Double(entry.calls) / steps) + rate + "  "
        + (inputs.isEmpty ? "" : "\(inputs) to ") + shape(entry.output)
    }
    return ([heading] + rows + (others.isEmpty ? [] : [rest])).joined(separator: "\n")
  }
}
