import Sharding

/// The transforms of Winograd's F(tile, taps) along one axis, one lane of channels at a time.
///
/// `y = Aᵀ [(G g) ⊙ (Bᵀ d)]` gives `tile` outputs from `taps + tile - 1` inputs with as many products; applied to both axes it gives
/// squares of outputs. The products stand for values of polynomials at points and at infinity, and rounding depends on the points: those
/// used here for tiles of 4 have powers closer to 1 than the usual ±1, ±2 at the same work. All coefficients but G's are exact in Float, and
/// those have a second part: rounded once, they would make all products of a point too large or too small alike, which sums that cancel
/// would show.
///
/// Each transform reads its values by index and hands its results over by index.
/// - Source: Lavin, Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3. https://arxiv.org/abs/1509.09308
///   How rounding depends on the points: Barabasz et al. 2020, "Error Analysis and Improving the Accuracy of Winograd Convolution for
///   Deep Neural Networks". https://arxiv.org/abs/1803.10986
protocol WinogradTransform {
  typealias Values = (Int) -> Lane
  typealias Results = (Int, Lane) -> Void

  /// The form of the factors of the products.
  associatedtype Operands: ProductOperands = Floats
  /// Outputs of a tile on a side.
  static var tile: Int { get }
  /// Kernel pixels on a side.
  static var taps: Int { get }
  /// `window` values times Bᵀ.
  static func input(_ value: Values, _ result: Results)
  /// `window` values times Aᵀ: `tile` results.
  static func output(_ value: Values, _ result: Results)
  /// `taps` values times G: `window` results.
  static func weight(_ value: Values, _ result: Results)
  /// `tile` values times A, the adjoint of `output`, and times the scales of G: `window` results. Of a sum of products there are more numbers
  /// than of the factors, so that scales cost less here.
  static func outputAdjoint(_ value: Values, _ result: Results)
  /// `window` values times Gᵀ without its scales: `taps` results. With `outputAdjoint` this is the adjoint of `weight`.
  static func weightAdjoint(_ value: Values, _ result: Results)

  // What follows is the same for all transforms, and required so that each has code of its own behind `any WinogradTransform.Type`.

  /// `y = x * (scale · w) + bias` of each sample.
  static func convolve(
    _ g: ConvolutionGeometry, samples: Int, _ x: Input, _ w: Input, scale: Float, bias: Input?, _ y: Output)
  /// The adjoint of `convolve` in `x`: convolutions with the weights turned by 180°, input and output exchanged.
  static func convolveInputGradient(
    _ g: ConvolutionGeometry, samples: Int, _ dy: Input, _ w: Input, scale: Float, bias: Input?, _ dx: Output)
  /// The adjoint of `convolve` in `w`, summed over the batch: `dw` is `[nodeCount, kernel, kernel, inputs, outputs]`.
  static func convolveWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output)
  /// The same for some leaves alone, the segments of each given: the gradient of the i-th is the one at `places[i]` in `sums`.
  static func convolveLeafGradients(
    _ g: ConvolutionGeometry, _ leaves: [[Range<Int>]], _ places: [Int], _ x: Input, _ dy: Input, _ sums: Output)
}

extension WinogradTransform {
  /// Inputs of a tile on a side.
  static var window: Int { taps + tile - 1 }
  /// Products of a tile.
  static var positions: Int { window * window }

  /// `x + factor · y`, rounded once.
  @inline(__always)
  fileprivate static func sum(_ x: Lane, _ factor: Float, _ y: Lane) -> Lane { x.addingProduct(Lane(repeating: factor), y) }
}

/// A coefficient that is no Float, as the sum of two.
private struct Coefficient {
  let high, low: Float

  @inline(__always)
  init(_ value: Double) {
    high = Float(value)
    low = Float(value - Double(high))
  }

  /// `x · coefficient`.
  @inline(__always)
  static func * (x: Lane, coefficient: Coefficient) -> Lane {
    (x * coefficient.low).addingProduct(x, Lane(repeating: coefficient.high))
  }

  @inline(__always)
  static prefix func - (x: Coefficient) -> Coefficient { Coefficient(-(Double(x.high) + Double(x.low))) }
}

/// A matrix of Winograd's algorithm.
enum WinogradMatrix {
  case input, output, weight, outputAdjoint
}

extension WinogradTransform {
  /// How many values a transform takes, and how many it makes.
  @inline(__always)
  private static func size(_ matrix: WinogradMatrix) -> (from: Int, to: Int) {
    switch matrix {
    case .input: (window, window)
    case .output: (window, tile)
    case .weight: (taps, window)
    case .outputAdjoint: (tile, window)
    }
  }

  @inline(__always)
  private static func apply(_ matrix: WinogradMatrix, _ value: Values, _ result: Results) {
    switch matrix {
    case .input: input(value, result)
    case .output: output(value, result)
    case .weight: weight(value, result)
    case .outputAdjoint: outputAdjoint(value, result)
    }
  }

  /// Runs `body` with room for the columns of a transform, which a temporary allocation would take from the heap.
  @inline(__always)
  static func withColumns(_ body: (UnsafeMutablePointer<Lane>) -> Void) {
    withScratch(positions * 16) { body(UnsafeMutableRawPointer($0).assumingMemoryBound(to: Lane.self)) }
  }

  /// A transform along both axes of a square of values, columns first.
  ///
  /// - Parameters:
  ///   - d: room for `positions` lanes.
  ///   - rows: how many rows of results are needed; nil for all.
  ///   - value: the value at a row and column.
  ///   - result: takes the row, the column and the result.
  @inline(__always)
  static func apply(
    _ matrix: WinogradMatrix, _ d: UnsafeMutablePointer<Lane>, rows: Int? = nil, _ value: (Int, Int) -> Lane,
    _ result: (Int, Int, Lane) -> Void
  ) {
    let (from, to) = size(matrix)
    for j in 0..<from { apply(matrix, { value($0, j) }, { d[$0 &* from &+ j] = $1 }) }
    for i in 0..<(rows ?? to) { apply(matrix, { d[i &* from &+ $0] }, { result(i, $0, $1) }) }
  }

  /// A transform along the rows of a square of values, otherwise as above.
  @inline(__always)
  static func applyByLines(_ matrix: WinogradMatrix, _ value: (Int, Int) -> Lane, _ result: (Int, Int, Lane) -> Void) {
    for i in 0..<size(matrix).from { apply(matrix, { value(i, $0) }, { result(i, $0, $1) }) }
  }
}

/// F(4, 3) with the points 0, ±α, ±β for α = 5/8, β = 3/2. Rounding of F(4x4, 3x3) over 64 channels is 7.5e-7 (root mean square), with
/// the usual points 1.7e-6.
enum FourByThree: WinogradTransform {
  static var tile: Int { 4 }
  static var taps: Int { 3 }

  /// The points α and β, their squares, and the products of differences that G divides by: `α²β²`, `2α²(α² - β²)`, `2β²(β² - α²)`.
  private static var alpha: Float { 0.625 }
  private static var beta: Float { 1.5 }
  private static var alpha2: Float { 0.390625 }
  private static var beta2: Float { 2.25 }
  private static var scale0: Coefficient { Coefficient(256 / 225) }
  private static var scaleAlpha: Coefficient { Coefficient(-2048 / 2975) }
  private static var scaleBeta: Coefficient { Coefficient(128 / 1071) }

  @inline(__always)
  static func input(_ value: Values, _ result: Results) {
    let (a, b, c, d, e, f) = (value(0), value(1), value(2), value(3), value(4), value(5))
    let (evenAlpha, oddAlpha) = (sum(e, -beta2, c), sum(d, -beta2, b))
    let (evenBeta, oddBeta) = (sum(e, -alpha2, c), sum(d, -alpha2, b))
    let (square, product): (Float, Float) = (alpha2 + beta2, alpha2 * beta2)
    result(0, sum(sum(e, -square, c), product, a))
    result(1, sum(evenAlpha, alpha, oddAlpha))
    result(2, sum(evenAlpha, -alpha, oddAlpha))
    result(3, sum(evenBeta, beta, oddBeta))
    result(4, sum(evenBeta, -beta, oddBeta))
    result(5, sum(sum(f, -square, d), product, b))
  }

  @inline(__always)
  static func output(_ value: Values, _ result: Results) {
    let (b, c, d, e) = (value(1), value(2), value(3), value(4))
    let (s, m, p, q) = (b + c, b - c, d + e, d - e)
    result(0, value(0) + s + p)
    result(1, sum(q * beta, alpha, m))
    result(2, sum(p * beta2, alpha2, s))
    result(3, sum(sum(value(5), alpha * alpha2, m), beta * beta2, q))
  }

  @inline(__always)
  static func weight(_ value: Values, _ result: Results) {
    let (a, b, c) = (value(0), value(1), value(2))
    let (evenAlpha, evenBeta) = (sum(a, alpha2, c), sum(a, beta2, c))
    result(0, a * scale0)
    result(1, sum(evenAlpha, alpha, b) * scaleAlpha)
    result(2, sum(evenAlpha, -alpha, b) * scaleAlpha)
    result(3, sum(evenBeta, beta, b) * scaleBeta)
    result(4, sum(evenBeta, -beta, b) * scaleBeta)
    result(5, c)
  }

  @inline(__always)
  static func outputAdjoint(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (evenAlpha, oddAlpha) = (sum(a, alpha2, c), sum(b, alpha2, d))
    let (evenBeta, oddBeta) = (sum(a, beta2, c), sum(b, beta2, d))
    result(0, a * scale0)
    result(1, sum(evenAlpha, alpha, oddAlpha) * scaleAlpha)
    result(2, sum(evenAlpha, -alpha, oddAlpha) * scaleAlpha)
    result(3, sum(evenBeta, beta, oddBeta) * scaleBeta)
    result(4, sum(evenBeta, -beta, oddBeta) * scaleBeta)
    result(5, d)
  }

  @inline(__always)
  static func weightAdjoint(_ value: Values, _ result: Results) {
    let (b, c, d, e) = (value(1), value(2), value(3), value(4))
    let (s, m, p, q) = (b + c, b - c, d + e, d - e)
    result(0, s + p + value(0))
    result(1, sum(q * beta, alpha, m))
    result(2, sum(sum(value(5), beta2, p), alpha2, s))
  }
}

/// F(4, 2) with the points ±α, ±β for α = 3/8, β = 5/4. Rounding of F(4x4, 2x2) over 64 channels is 4.5e-7 (root mean square), with the
/// points 0, ±1, 2 9.6e-7; of all points up to 2 in steps of 1/8, with and without 0, these have the smallest.
enum FourByTwo: WinogradTransform {
  static var tile: Int { 4 }
  static var taps: Int { 2 }

  /// The points α and β, their squares, and the products of differences that G divides by: `±2α(α² - β²)`, `±2β(β² - α²)`.
  private static var alpha: Float { 0.375 }
  private static var beta: Float { 1.25 }
  private static var alpha2: Float { 0.140625 }
  private static var beta2: Float { 1.5625 }
  private static var scaleAlpha: Coefficient { Coefficient(-256 / 273) }
  private static var scaleBeta: Coefficient { Coefficient(128 / 455) }

  @inline(__always)
  static func input(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (evenAlpha, oddAlpha) = (sum(c, -beta2, a), sum(d, -beta2, b))
    let (evenBeta, oddBeta) = (sum(c, -alpha2, a), sum(d, -alpha2, b))
    result(0, sum(oddAlpha, alpha, evenAlpha))
    result(1, sum(oddAlpha, -alpha, evenAlpha))
    result(2, sum(oddBeta, beta, evenBeta))
    result(3, sum(oddBeta, -beta, evenBeta))
    result(4, sum(sum(value(4), -(alpha2 + beta2), c), alpha2 * beta2, a))
  }

  @inline(__always)
  static func output(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (s, m, p, q) = (a + b, a - b, c + d, c - d)
    result(0, s + p)
    result(1, sum(q * beta, alpha, m))
    result(2, sum(p * beta2, alpha2, s))
    result(3, sum(sum(value(4), alpha * alpha2, m), beta * beta2, q))
  }

  @inline(__always)
  static func weight(_ value: Values, _ result: Results) {
    let (a, b) = (value(0), value(1))
    result(0, sum(a, alpha, b) * scaleAlpha)
    result(1, sum(a, -alpha, b) * -scaleAlpha)
    result(2, sum(a, beta, b) * scaleBeta)
    result(3, sum(a, -beta, b) * -scaleBeta)
    result(4, b)
  }

  @inline(__always)
  static func outputAdjoint(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (evenAlpha, oddAlpha) = (sum(a, alpha2, c), sum(b, alpha2, d))
    let (evenBeta, oddBeta) = (sum(a, beta2, c), sum(b, beta2, d))
    result(0, sum(evenAlpha, alpha, oddAlpha) * scaleAlpha)
    result(1, sum(evenAlpha, -alpha, oddAlpha) * -scaleAlpha)
    result(2, sum(evenBeta, beta, oddBeta) * scaleBeta)
    result(3, sum(evenBeta, -beta, oddBeta) * -scaleBeta)
    result(4, d)
  }

  @inline(__always)
  static func weightAdjoint(_ value: Values, _ result: Results) {
    let (a, b, c, d) = (value(0), value(1), value(2), value(3))
    let (s, m, p, q) = (a + b, a - b, c + d, c - d)
    result(0, s + p)
    result(1, sum(sum(value(4), beta, q), alpha, m))
  }
}
