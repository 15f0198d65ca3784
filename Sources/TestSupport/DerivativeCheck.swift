import Kernels
package import Tensors

/// What a derivative check found: the largest relative errors, and where.
package struct DerivativeReport {
  /// Largest error of the function's Float values against the replay.
  package internal(set) var forwardError = 0.0
  /// Largest error of first derivatives, engine and recorded, against central differences of the replay.
  package internal(set) var firstOrderError = 0.0
  /// Largest error of the derivatives of a recorded gradient, against mixed differences of the replay.
  package internal(set) var secondOrderError = 0.0
  /// Largest error of a slope against Float differences of the function itself; see `FunctionSlope`.
  package internal(set) var functionError = 0.0
  /// One line for each comparison.
  package internal(set) var details: [String] = []
  /// Types of the primitives that ran.
  package internal(set) var primitives: Set<String> = []

  /// A relative error that float32 arithmetic explains: a sum of n terms rounds by about 6e-8·√n, and a chain of a few dozen operations
  /// on the shapes of these tests stays below 300 roundings.
  package static let firstOrderTolerance = 2e-5
  /// A recorded gradient is a longer chain with more cancellation, differentiated once more.
  package static let secondOrderTolerance = 1e-4

  /// Whether all errors lie within the tolerances.
  package var isWithinTolerance: Bool {
    forwardError <= Self.firstOrderTolerance && firstOrderError <= Self.firstOrderTolerance
      && secondOrderError <= Self.secondOrderTolerance && functionError <= FunctionSlope.tolerance
  }

  /// The figures and comparisons as text.
  package var summary: String {
    "forward \(forwardError), first order \(firstOrderError), second order \(secondOrderError), function \(functionError)\n"
      + details.joined(separator: "\n")
  }
}

/// Checks first and second derivatives of a function of tensors against central differences of its replay in Double.
///
/// First order: `s = Σ f(x)·w` with random `w`, by `gradients(of:at:)` and by the recorded `gradient(at:)`. Second order: the engine's
/// gradients of the scalar `t = Σᵢ ∂s/∂xᵢ · vᵢ` with random `vᵢ`, against mixed differences of the replay of `s`. Engine gradients are
/// taken without a graph keeper, as in a run, so a primitive that drops what its `vjp` reads is found too. What the function itself
/// detaches is a constant of its graph, hence of the replay: differences of the function in Float show whether it should be.
/// - Parameters:
///   - inputs: where to differentiate; away from kinks by more than 1e-5.
///   - coordinates: elements of each input that are differenced; of larger inputs as many are drawn.
///   - function: a pure function; it runs several times.
package func checkDerivatives(
  at inputs: [Tensor], coordinates: Int = 400, of function: @escaping ([Tensor]) -> Tensor
) -> DerivativeReport {
  DerivativeCheck(inputs: inputs, coordinates: coordinates, function: function).run()
}

private struct DerivativeCheck {
  let inputs: [Tensor]
  let coordinates: Int
  let function: ([Tensor]) -> Tensor

  func run() -> DerivativeReport {
    var report = DerivativeReport()
    let keeper = GraphKeeper()
    let weights = Self.random(like: function(inputs), stream: 100)
    func scalar(_ x: [Tensor]) -> Tensor { (function(x) * weights).sum() }

    Observation.observing(keeper) {
      let leaves = inputs.map { $0.asLeaf() }
      let value = function(leaves)
      Self.compare("value", Array64(value.detached), Replay(of: value).value.values, &report.forwardError, &report.details)
      let numeric = differences(Replay(of: (value * weights).sum()), leaves)
      let engine = gradients(of: (value * weights).sum(), at: leaves)
      compare("gradient, all kept", engine, numeric, &report.firstOrderError, &report.details)
      let plain = inputs.map { $0.asLeaf() }
      compare("gradient", gradients(of: scalar(plain), at: plain), numeric, &report.firstOrderError, &report.details)
      compare("recorded gradient", recorded(leaves: inputs.map { $0.asLeaf() }, scalar), numeric, &report.firstOrderError, &report.details)
    }

    let directions = inputs.indices.map { Self.random(like: inputs[$0], stream: 200 + $0) }
    func directional(_ leaves: [Tensor]) -> Tensor {
      zip(recorded(leaves: leaves, scalar), directions).map { ($0 * $1).sum() }.reduce(Tensor(0), +)
    }
    let vectors = directions.map { Array64($0) }
    let numeric = Observation.observing(keeper) {
      let leaves = inputs.map { $0.asLeaf() }
      let replay = Replay(of: scalar(leaves))
      return inputs.indices.map {
        replay.mixedDifferences(at: leaves, along: vectors, leaf: $0, indices: indices(inputs[$0]))
      }
    }
    let leaves = inputs.map { $0.asLeaf() }
    let value = directional(leaves)
    let second = gradients(of: value, at: leaves)
    compare("second order", second, numeric, &report.secondOrderError, &report.details)
    let plain = inputs.map { $0.asLeaf() }
    for (what, found, function) in [
      ("slope", gradients(of: scalar(plain), at: plain), scalar), ("slope of the gradient", second, directional),
    ] {
      let error = slopeError(found, function)
      report.functionError = error.isNaN ? .infinity : max(report.functionError, error)
      report.details.append("\(what) in Float: error \(error)")
    }
    report.primitives = keeper.seen
    return report
  }

  /// `∂s/∂xᵢ` for each i, recorded, by the function-style gradient.
  private func recorded(leaves: [Tensor], _ scalar: ([Tensor]) -> Tensor) -> [Tensor] {
    leaves.indices.map { index in
      gradient(at: leaves[index]) { point in
        var arguments = leaves
        arguments[index] = point
        return scalar(arguments)
      }
    }
  }

  private func slopeError(_ gradient: [Tensor?], _ function: ([Tensor]) -> Tensor) -> Double {
    let found = zip(gradient, inputs).flatMap { $0.map { Array64($0).values } ?? Array(repeating: 0, count: $1.count) }
    return FunctionSlope.error(of: found) { displacement in
      var start = 0
      let moved = inputs.map { input in
        let values = zip(input.values, displacement[start...]).map { $0 + $1 }
        start += input.count
        let tensor = input.layout.map { Tensor(rows: values, shape: input.shape, layout: $0) } ?? Tensor(values, shape: input.shape)
        return tensor.asLeaf()
      }
      return Double(function(moved).scalar)
    }
  }

  private func indices(_ input: Tensor) -> [Int] {
    if input.count <= coordinates { return Array(0..<input.count) }
    // A multiplier prime to the count visits distinct elements.
    var step = input.count * 5 / 8 | 1
    while Self.commonDivisor(step, input.count) != 1 { step += 2 }
    return (0..<coordinates).map { $0 * step % input.count }
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }

  private func differences(_ replay: Replay, _ leaves: [Tensor]) -> [[Double]] {
    zip(leaves, inputs).map { replay.centralDifferences(at: $0, indices: indices($1)) }
  }

  private func compare(_ what: String, _ found: [Tensor?], _ expected: [[Double]], _ largest: inout Double, _ details: inout [String]) {
    for (index, input) in inputs.enumerated() {
      let all = found[index].map { Array64($0) } ?? Array64(repeating: 0, shape: input.shape)
      let chosen = indices(input).map { all.values[$0] }
      Self.compare(
        "\(what) of input \(index)", Array64(chosen, shape: [chosen.count]), expected[index], &largest, &details)
    }
  }

  /// `‖found - expected‖ / ‖expected‖`; below a root mean square of 0.01 relative to that, since a derivative that is zero by cancellation
  /// has no relative error.
  private static func compare(
    _ what: String, _ found: Array64, _ expected: [Double], _ largest: inout Double, _ details: inout [String]
  ) {
    let difference = Array64(zip(found.values, expected).map { $0 - $1 }, shape: [expected.count]).norm
    let scale = Array64(expected, shape: [expected.count]).norm
    let error = difference / max(scale, 0.01 * Double(max(expected.count, 1)).squareRoot())
    // A NaN compares as the worst.
    if error.isNaN || error > largest { largest = error.isNaN ? .infinity : error }
    details.append("\(what): error \(error), norm \(scale)")
  }

  private static func random(like tensor: Tensor, stream: Int) -> Tensor {
    Tensor.normal(tensor.shape, key: RandomKey(seed: 7, purpose: UInt64(stream), step: 0), layout: tensor.layout)
  }
}
