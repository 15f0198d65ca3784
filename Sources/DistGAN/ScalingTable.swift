import Foundation
import Training

/// The table of steps over nodes, with what it leaves out.
struct ScalingTable {
  /// Heading, rows and notes.
  let text: String

  /// - Parameters:
  ///   - steps: steps of the whole run, for its days.
  ///   - planning: the plan for a number of ranks, for the memory of one.
  /// - Throws: `RunError` with exit code 64 for more ranks than shards, before any other rank is planned for.
  init(_ model: ScalingModel, nodes: [Int], steps: Int, planning: (Int) throws -> Plan) throws {
    let rows = try nodes.map { try model.row(nodes: $0) }
    var lines = [
      [
        "nodes", "ranks", "compute s", "partials s", "reduction s", "exposed s", "small sums s", "step s", "steps/s", "images/s",
        "efficiency",
        "blocks", "memory/rank", "days",
      ]
    ]
    for row in rows {
      let plan = try planning(row.ranks)
      let memory = plan.stateBytesPerRank / model.ranksPerNode + plan.activationBytesPerRank + model.messageBytes(nodes: row.nodes)
      lines.append([
        "\(row.nodes)", "\(row.ranks)", Self.number(row.compute), Self.number(row.partials), Self.number(row.reduction),
        Self.number(row.exposed), Self.number(row.smallSums), Self.number(row.step), Self.number(1 / row.step),
        Self.number(Double(row.images) / row.step), String(format: "%.3f", row.efficiency), "\(row.blocks)", Text.bytes(memory),
        Self.number(row.step * Double(steps) / 86_400),
      ])
    }
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let table = lines.map { line in
      zip(line, widths).map { Text.right($0, $1) }.joined(separator: "  ")
    }
    text = (table + [""] + Self.notes(model, steps)).joined(separator: "\n")
  }

  private static func notes(_ model: ScalingModel, _ steps: Int) -> [String] {
    let measured = model.compute.includesPartials
    return [
      "partials: writing and reading the partial gradients of the shards, part of compute"
        + (measured ? " and measured or given with it" : "") + "; blocks: partial sums that a node sends of each",
      "exposed: reductions in pieces begin with the backward pass and are hidden by it, in proportion to its FLOPs, and the last",
      "ones of a network by the next phase's forward pass until that reads the network; the last piece of the others always shows",
      "efficiency: against one node. memory: parameters, gradients, moments and averages once a node, and gradients on their way.",
      "days: \(steps) steps. Not counted: waiting for the slowest rank at each sum, reading images, checkpoints and samples.",
      "All rows are *projected*.",
    ]
  }

  /// Three significant digits.
  private static func number(_ value: Double) -> String {
    if value == 0 { return "0" }
    let digits = 2 - Int(log10(abs(value)).rounded(.down))
    return digits > 6 ? String(format: "%.1e", value) : String(format: "%.\(max(0, digits))f", value)
  }
}
