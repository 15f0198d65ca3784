/// Means of named scalars over the updates of a step.
struct LossMeans {
  private var names: [String] = []
  private var sums: [String: (sum: Float, count: Int)] = [:]

  mutating func add(_ name: String, _ value: Float, step: Int) throws {
    guard value.isFinite else { throw RunError(.notANumber, "step \(step): \(name) is \(value); run with --debug to see where it arises") }
    if sums[name] == nil { names.append(name) }
    let old = sums[name] ?? (0, 0)
    sums[name] = (old.sum + value, old.count + 1)
  }

  var means: [(name: String, value: Float)] { names.map { ($0, sums[$0].map { $0.sum / Float($0.count) } ?? 0) } }
}
