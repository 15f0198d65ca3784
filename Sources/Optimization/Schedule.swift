/// A number that follows the step: what a step size is multiplied by, or a momentum.
///
/// Computed in Double by additions, multiplications and divisions only, so it has the same bits on every machine.
public struct Schedule: Sendable, Equatable, ExpressibleByFloatLiteral {
  /// How the number goes.
  private enum Course: Equatable {
    case constant(Float)
    /// From one number to another while `over` steps pass, from step `after` on.
    case linear(from: Float, to: Float, after: Int, over: Int)
    /// Multiplied by `factor` every so many steps, until it would fall below `floor`.
    case steps(from: Float, factor: Float, every: Int, floor: Float)
    /// As linear, on half a wave.
    case cosine(from: Float, to: Float, after: Int, over: Int)
  }

  private let course: Course
  private var warmUp = 0

  private init(_ course: Course) { self.course = course }

  /// The same number at every step.
  public static func constant(_ value: Float) -> Self { Self(.constant(value)) }

  /// The same number at every step.
  public init(floatLiteral value: Float) { self.init(.constant(value)) }

  /// `from` until step `after`, `to` from step `after + over` on, a straight line between.
  public static func linear(from: Float = 1, to: Float, after: Int = 0, over: Int) -> Self {
    precondition(after >= 0 && over > 0, "Schedule.linear: after \(after) and over \(over) steps; 0 or more and 1 or more are needed")
    return Self(.linear(from: from, to: to, after: after, over: over))
  }

  /// `max(from · factorᵏ, floor)` with k the number of times that `every` steps have passed.
  public static func steps(from: Float = 1, factor: Float, every: Int, floor: Float = 0) -> Self {
    precondition(every > 0, "Schedule.steps: every \(every) steps; 1 or more are needed")
    return Self(.steps(from: from, factor: factor, every: every, floor: floor))
  }

  /// `to + (from - to) · (1 + cos πx) / 2` with x going from 0 to 1 as in `linear`.
  /// - Source: Loshchilov, Hutter 2017, "SGDR", eq. (5), without restarts. https://arxiv.org/abs/1608.03983
  public static func cosine(from: Float = 1, to: Float = 0, after: Int = 0, over: Int) -> Self {
    precondition(after >= 0 && over > 0, "Schedule.cosine: after \(after) and over \(over) steps; 0 or more and 1 or more are needed")
    return Self(.cosine(from: from, to: to, after: after, over: over))
  }

  /// This schedule, multiplied by `(t + 1) / steps` in the first `steps` steps t.
  public func warmingUp(over steps: Int) -> Self {
    precondition(steps >= 0, "Schedule.warmingUp: over \(steps) steps; 0 or more are needed")
    var result = self
    result.warmUp = steps
    return result
  }

  /// The number at step `step` from 0.
  public func value(at step: Int) -> Float {
    let value = exactValue(at: step)
    return Float(step < warmUp ? value * Double(step + 1) / Double(warmUp) : value)
  }

  private func exactValue(at step: Int) -> Double {
    func way(_ after: Int, _ over: Int) -> Double { Double(min(max(step - after, 0), over)) / Double(over) }
    switch course {
    case .constant(let value): return Double(value)
    case .linear(let from, let to, let after, let over):
      return Double(from) + (Double(to) - Double(from)) * way(after, over)
    case .steps(let from, let factor, let every, let floor):
      return max(Double(from) * power(factor, step / every), Double(floor))
    case .cosine(let from, let to, let after, let over):
      // (1 + cos πx) / 2 = (1 + sin π(1/2 - x)) / 2.
      return Double(to) + (Double(from) - Double(to)) * (1 + sine(Double.pi * (0.5 - way(after, over)))) / 2
    }
  }
}

/// `βᵗ` in Double by repeated squaring: the library's `pow` may differ in the last bit between machines.
func power(_ base: Float, _ exponent: Int) -> Double {
  var result = 1.0
  var factor = Double(base)
  var rest = exponent
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}

/// `sin x` for |x| up to π/2 by its series, off by less than 1e-15, for the same reason.
private func sine(_ x: Double) -> Double {
  var term = x
  var sum = x
  for k in 1...12 {
    term *= -x * x / Double((2 * k) * (2 * k + 1))
    sum += term
  }
  return sum
}
