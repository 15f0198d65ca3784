public import Kernels

extension Tensor {
  /// `a + b`, broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor { apply(Arithmetic(operation: .add), [a, b]) }
  /// `a - b`, broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor { apply(Arithmetic(operation: .subtract), [a, b]) }
  /// `a · b` element by element, broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor { apply(Arithmetic(operation: .multiply), [a, b]) }
  /// `a / b` element by element, broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor { apply(Arithmetic(operation: .divide), [a, b]) }
  /// `a + b` with a number.
  public static func + (a: Tensor, b: Float) -> Tensor { apply(Affine(scale: 1, offset: b), [a]) }
  /// `a + b` with a number.
  public static func + (a: Float, b: Tensor) -> Tensor { b + a }
  /// `a - b` with a number.
  public static func - (a: Tensor, b: Float) -> Tensor { a + (-b) }
  /// `a - b` with a number.
  public static func - (a: Float, b: Tensor) -> Tensor { apply(Affine(scale: -1, offset: a), [b]) }
  /// `a · b` with a number.
  public static func * (a: Tensor, b: Float) -> Tensor { apply(Affine(scale: b, offset: 0), [a]) }
  /// `a · b` with a number.
  public static func * (a: Float, b: Tensor) -> Tensor { b * a }
  /// `a / b` with a number.
  public static func / (a: Tensor, b: Float) -> Tensor { a * (1 / b) }
  /// `-a`.
  public static prefix func - (a: Tensor) -> Tensor { apply(Unary(operation: .negate), [a]) }

  /// `eˣ`.
  public func exponential() -> Tensor { apply(Unary(operation: .exponential), [self]) }
  /// `ln x`.
  public func logarithm() -> Tensor { apply(Unary(operation: .logarithm), [self]) }
  /// `√x`.
  public func squareRoot() -> Tensor { apply(Unary(operation: .squareRoot), [self]) }
  /// `1 / x`.
  public func reciprocal() -> Tensor { apply(Unary(operation: .reciprocal), [self]) }
  /// `x²`.
  public func squared() -> Tensor { apply(Unary(operation: .square), [self]) }
  /// `tanh x`.
  public func hyperbolicTangent() -> Tensor { apply(Unary(operation: .hyperbolicTangent), [self]) }
  /// `1 / (1 + e⁻ˣ)`.
  public func sigmoid() -> Tensor { apply(Unary(operation: .sigmoid), [self]) }
  /// `ln(1 + eˣ)`, without overflow.
  public func softplus() -> Tensor { apply(Unary(operation: .softplus), [self]) }
  /// `Σⱼ factorⱼ (1 + scaleⱼ x)^exponentⱼ`; NaN where a base is negative.
  public func sumOfPowers(_ terms: [PowerTerm]) -> Tensor { apply(SumOfPowers(terms: terms), [self]) }
  /// `max(x, 0)`.
  public func rectified() -> Tensor { apply(Rectify(slope: 0), [self]) }
  /// `x` where positive, else `slope·x`.
  public func leakyRectified(slope: Float) -> Tensor { apply(Rectify(slope: slope), [self]) }
  /// `|x|`.
  public func magnitude() -> Tensor { apply(Rectify(slope: -1), [self]) }
  /// `min(max(x, low), high)`.
  public func clamped(from low: Float, to high: Float) -> Tensor { apply(Clamp(low: low, high: high), [self]) }
}
