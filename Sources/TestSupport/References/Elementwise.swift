import Glibc
import Kernels
package import Tensors

extension Identity: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 { inputs[0] }
}

extension Unary: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    switch operation {
    case .negate: inputs[0].map { -$0 }
    case .exponential: inputs[0].map { exp($0) }
    case .logarithm: inputs[0].map { log($0) }
    case .squareRoot: inputs[0].map { $0.squareRoot() }
    case .reciprocal: inputs[0].map { 1 / $0 }
    case .hyperbolicTangent: inputs[0].map { tanh($0) }
    case .sigmoid: inputs[0].map { 1 / (1 + exp(-$0)) }
    case .softplus: inputs[0].map { max($0, 0) + log1p(exp(-abs($0))) }
    case .square: inputs[0].map { $0 * $0 }
    }
  }
}

extension SumOfPowers: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    inputs[0].map { x in
      terms.reduce(0) { $0 + Double($1.factor) * pow(1 + Double($1.scale) * x, Double($1.exponent)) }
    }
  }
}

extension Affine: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (scale, offset) = (Double(scale), Double(offset))
    return inputs[0].map { scale * $0 + offset }
  }
}

extension Rectify: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let slope = Double(slope)
    return inputs[0].map { $0 > 0 ? $0 : slope * $0 }
  }
}

extension RectifyGate: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let slope = Double(slope)
    return Array64(zip(inputs[0].values, inputs[1].values).map { $0 > 0 ? $1 : slope * $1 }, shape: inputs[1].shape)
  }
}

extension Clamp: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (low, high) = (Double(low), Double(high))
    return inputs[0].map { min(max($0, low), high) }
  }
}

extension ClampGate: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (low, high) = (Double(low), Double(high))
    return Array64(zip(inputs[0].values, inputs[1].values).map { low <= $0 && $0 <= high ? $1 : 0 }, shape: inputs[1].shape)
  }
}
