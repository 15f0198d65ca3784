package import Kernels

/// `y = x`: a new point with the same memory.
package struct Identity: Primitive {
  package static let name = "identity"
  package init() {}
  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package var aliases: Bool { true }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {}
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent] }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 0 }
}

/// `y = f(x)` element by element.
package struct Unary: Primitive {
  package static let name = "unary"
  package let operation: UnaryOperation

  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.apply(operation, inputs[0].input, output.output, output.count)
  }

  package var keeps: Kept {
    switch operation {
    case .negate: .nothing
    case .exponential, .squareRoot, .reciprocal, .hyperbolicTangent, .sigmoid: .output
    case .logarithm, .softplus, .square: .inputs(0)
    }
  }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    switch operation {
    case .negate: return [-cotangent]
    case .exponential: return [cotangent * context.output]
    case .logarithm: return [cotangent / context.inputs[0]]
    case .squareRoot: return [cotangent * 0.5 / context.output]
    case .reciprocal: return [-(cotangent * context.output.squared())]
    case .hyperbolicTangent: return [cotangent * (1 - context.output.squared())]
    case .sigmoid: return [cotangent * (context.output * (1 - context.output))]
    case .softplus: return [cotangent * context.inputs[0].sigmoid()]
    case .square: return [cotangent * (context.inputs[0] * 2)]
    }
  }
}

/// `y = Σⱼ factorⱼ (1 + scaleⱼ x)^exponentⱼ` element by element: kernels of many widths in one pass, where each alone would be five.
///
/// Its derivative is such a sum again: factors `factor·scale·exponent`, exponents one less.
package struct SumOfPowers: Primitive {
  package static let name = "sum of powers"
  package let terms: [PowerTerm]

  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.sumOfPowers(inputs[0].input, terms, output.output, output.count)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let slopes = terms.map { PowerTerm(factor: $0.factor * $0.scale * $0.exponent, scale: $0.scale, exponent: $0.exponent - 1) }
    return [cotangent * apply(SumOfPowers(terms: slopes), [context.inputs[0]])]
  }
}

/// `y = scale·x + offset` with numbers for scale and offset.
package struct Affine: Primitive {
  package static let name = "affine"
  package let scale: Float
  package let offset: Float

  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.affine(inputs[0].input, scale: scale, offset: offset, output.output, output.count)
  }
  package var keeps: Kept { .nothing }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [scale == 1 ? cotangent : cotangent * scale] }
}

/// `y = x` where `x > 0`, else `slope·x`: ReLU, leaky ReLU, and `|x|` with slope -1.
package struct Rectify: Primitive {
  package static let name = "rectify"
  package let slope: Float

  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.rectify(inputs[0].input, slope: slope, output.output, output.count)
  }
  /// The result has the input's sign for slopes from 0 up, and is kept anyway by the layer that reads it.
  package var keeps: Kept { slope >= 0 ? .output : .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let sign = slope >= 0 ? context.output : context.inputs[0]
    return [apply(RectifyGate(slope: slope), [sign.detached, cotangent])]
  }
}

/// `y = c` where `x > 0`, else `slope·c`; linear in `c`, its derivative in `x` is zero.
package struct RectifyGate: Primitive {
  package static let name = "rectify gate"
  package let slope: Float

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0] == inputs[1], "rectify gate: shapes \(inputs[0]) and \(inputs[1]) differ")
    return inputs[1]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.rectifyGate(inputs[0].input, inputs[1].input, slope: slope, output.output, output.count)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [nil, apply(RectifyGate(slope: slope), [context.inputs[0].detached, cotangent])]
  }
}

/// `y = min(max(x, low), high)`.
package struct Clamp: Primitive {
  package static let name = "clamp"
  package let low: Float
  package let high: Float

  package func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.clamp(inputs[0].input, low: low, high: high, output.output, output.count)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [apply(ClampGate(low: low, high: high), [context.inputs[0].detached, cotangent])]
  }
}

/// `y = c` where `low <= x <= high`, else 0; linear in `c`, its derivative in `x` is zero.
package struct ClampGate: Primitive {
  package static let name = "clamp gate"
  package let low: Float
  package let high: Float

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0] == inputs[1], "clamp gate: shapes \(inputs[0]) and \(inputs[1]) differ")
    return inputs[1]
  }
  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    unsafe Kernels.clampGate(inputs[0].input, inputs[1].input, low: low, high: high, output.output, output.count)
  }
  package var keeps: Kept { .inputs(0) }
  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    [nil, apply(ClampGate(low: low, high: high), [context.inputs[0].detached, cotangent])]
  }
}
