/// F(2, 3) with the points 0, ±1: sums alone, and halves. Factors in bfloat16 round the result by 3.9e-3 (root mean square), as against
/// 2.2e-3 of the direct sum; those of F(2, 2) by 4.6e-3, and of larger tiles by 1e-2 and more.
enum TwoByThree: WinogradTransform {
  typealias Operands = BFloatPairs
  static var tile: Int { 2 }
  static var taps: Int { 3 }

  @inline(__always)
  static func input(_ value: Values, _ result: Results) { inputOfFour(value, result) }

  @inline(__always)
  static func output(_ value: Values, _ result: Results) {
    let (b, c) = (value(1), value(2))
    result(0, value(0) + (b + c))
    result(1, value(3) + (b - c))
  }

  @inline(__always)
  static func weight(_ value: Values, _ result: Results) {
    let (a, b, c) = (value(0), value(1), value(2))
    let even = a + c
    result(0, a)
    result(1, (even + b) * 0.5)
    result(2, (even - b) * 0.5)
    result(3, c)
  }

  @inline(__always)
  static func outputAdjoint(_ value: Values, _ result: Results) {
    let (a, b) = (value(0), value(1))
    result(0, a)
    result(1, (a + b) * 0.5)
    result(2, (a - b) * 0.5)
    result(3, b)
  }

  @inline(__always)
  static func weightAdjoint(_ value: Values, _ result: Results) {
    let (b, c) = (value(1), value(2))
    let sum = b + c
    result(0, value(0) + sum)
    result(1, b - c)
    result(2, value(3) + sum)
  }
}

/// F(3, 2) with the same points, whose factors in bfloat16 round as much.
enum ThreeByTwo: WinogradTransform {
  typealias Operands = BFloatPairs
  static var tile: Int { 3 }
  static var taps: Int { 2 }

  @inline(__always)
  static func input(_ value: Values, _ result: Results) { inputOfFour(value, result) }

  @inline(__always)
  static func output(_ value: Values, _ result: Results) {
    let (b, c) = (value(1), value(2))
    let sum = b + c
    result(0, value(0) + sum)
    result(1, b - c)
    result(2, value(3) + sum)
  }

  @inline(__always)
  static func weight(_ value: Values, _ result: Results) {
    let (a, b) = (value(0), value(1))
    result(0, a)
    result(1, (a + b) * 0.5)
    result(2, (a - b) * 0.5)
    result(3, b)
  }

  @inline(__always)
  static func outputAdjoint(_ value: Values, _ result: Results) {
    let (a, b, c) = (value(0), value(1), value(2))
    let even = a + c
    result(0, a)
    result(1, (even + b) * 0.5)
    result(2, (even - b) * 0.5)
    result(3, c)
  }

  @inline(__always)
  static func weightAdjoint(_ value: Values, _ result: Results) {
    let (b, c) = (value(1), value(2))
    result(0, value(0) + (b + c))
    result(1, value(3) + (b - c))
  }
}

extension WinogradTransform {
  /// Bᵀ of four inputs for the points 0, ±1.
  @inline(__always)
  fileprivate static func inputOfFour(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    result(0, a - c)
    result(1, c + b)
    result(2, c - b)
    result(3, d - b)
  }
}
