import Kernels

/// Mean and variance of each channel over the global batch, as batch norm's running averages need them.
public final class Moments {
  /// `[channels]`, not tracked.
  public internal(set) var mean: Tensor
  /// Biased variance `[channels]`, not tracked.
  public internal(set) var variance: Tensor
  init(channels: Int) {
    mean = Tensor.abstract([channels])
    variance = Tensor.abstract([channels])
  }
}

/// Batch norm with its rectifier: `y = act(gain · x̂ + bias)`, `x̂ = (x - mean) / √(variance + ε)` for each channel of `[batch, ..., channels]`,
/// moments over all other axes of the **global** batch; `act` multiplies negative numbers by `slope`.
///
/// Inputs x, gain and bias, the latter `[channels]` or, depending on the sample, `[batch, channels]`. Fused: one pass for the moments (and two
/// small messages between ranks) and one for the result; backward one pass for two sums of each sample and one for the result. Since the
/// gain is the same for all pixels of a sample, these sums hold the gradients of gain and bias and the means over the batch at once. When its
/// gradient is recorded it falls back to plain primitives.
package struct Standardize: Primitive {
  package static let name = "standardize"
  package let epsilon: Float
  package let slope: Float
  /// Filled by `forward`.
  let moments: Moments
  private let scale: ScaleBox

  private final class ScaleBox { var value = Tensor.abstract([]) }

  package init(epsilon: Float, slope: Float, channels: Int) {
    precondition(slope >= 0, "standardize: slope \(slope), at least 0 is needed")
    self.epsilon = epsilon
    self.slope = slope
    moments = Moments(channels: channels)
    scale = ScaleBox()
  }

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0].count >= 2, "standardize: shape \(inputs[0]), [batch, ..., channels] is needed")
    let channels = inputs[0][inputs[0].count - 1]
    precondition(
      inputs[1] == inputs[2] && (inputs[1] == [channels] || inputs[1] == [inputs[0][0], channels]),
      "standardize: gain \(inputs[1]) and bias \(inputs[2]) of \(inputs[0]); [\(channels)] or [\(inputs[0][0]), \(channels)] is needed")
    return inputs[0]
  }

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let x = inputs[0].detached
    let channels = x.shape[x.rank - 1]
    let pixels = x.count / max(x.shape[0] * channels, 1)
    // Of each sample its mean and the squared deviations from it; those of the samples' means come on top.
    let ofSamples = evaluate("moments", [x.shape[0], 2, channels], like: x) { result in
      unsafe Kernels.sampleMoments(x.input, samples: x.shape[0], pixels: pixels, channels: channels, result.output)
    }
    let (means, deviations) = (ofSamples.slice(axis: 1, 0..<1), ofSamples.slice(axis: 1, 1..<2))
    moments.mean = means.mean(axes: [0, 1])
    moments.variance = ((means - moments.mean).squared() * Float(pixels) + deviations).sum(axes: [0, 1]) / count(x)
    scale.value = (moments.variance + epsilon).squareRoot().reciprocal()
    unsafe kernel(x, inputs[1], inputs[2]).forward(x.input, output.output)
  }

  private func kernel(_ x: Tensor, _ gain: Tensor, _ bias: Tensor) -> Standardization {
    let channels = x.shape[x.rank - 1]
    return unsafe Standardization(
      samples: x.shape[0], pixels: x.count / max(x.shape[0] * channels, 1), channels: channels, mean: moments.mean.input,
      scale: scale.value.input, gain: gain.input, bias: bias.input, isPerSample: gain.rank == 2, slope: slope)
  }

  private func reducedAxes(_ x: Tensor) -> [Int] { Array(0..<(x.rank - 1)) }
  private func count(_ x: Tensor) -> Float { Float(x.globalCount(axes: reducedAxes(x))) }

  package var keeps: Kept { .inputs(0, 1, 2) }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let (x, gain, bias) = (context.inputs[0], context.inputs[1], context.inputs[2])
    return context.isRecording ? plainGradients(cotangent, x, gain, bias) : fusedGradients(cotangent, x, gain, bias)
  }

  /// `dx = σ⁻¹ (c - mean(c) - x̂·mean(c·x̂))` for the cotangent `c` of x̂, from plain primitives.
  private func plainGradients(_ cotangent: Tensor, _ x: Tensor, _ gain: Tensor, _ bias: Tensor) -> [Tensor] {
    let axes = reducedAxes(x)
    let centred = x - x.mean(axes: axes)
    let scale = (centred.squared().mean(axes: axes) + epsilon).squareRoot().reciprocal()
    let normal = centred * scale
    // A gain of each sample stands beside its pixels.
    let shape = gain.rank == 2 ? [gain.shape[0]] + Array(repeating: 1, count: x.rank - 2) + [gain.shape[1]] : gain.shape
    let (wideGain, wideBias) = (gain.reshaped(shape), bias.reshaped(shape))
    let gated = apply(RectifyGate(slope: slope), [(normal * wideGain + wideBias).detached, cotangent])
    let c = gated * wideGain
    return [
      (c - c.mean(axes: axes) - normal * (c * normal).mean(axes: axes)) * scale,
      (gated * normal).summed(like: wideGain).reshaped(gain.shape), gated.summed(like: wideBias).reshaped(bias.shape),
    ]
  }

  private func fusedGradients(_ c: Tensor, _ x: Tensor, _ gain: Tensor, _ bias: Tensor) -> [Tensor] {
    let channels = x.shape[x.rank - 1]
    // Of each sample and channel, [samples, 2, channels]: the gradients of bias and gain.
    let perSample = evaluate("standardize sums", [x.shape[0], 2, channels], like: x) { result in
      unsafe kernel(x, gain, bias).sums(x.input, c.input, result.output)
    }
    let means: Tensor
    let ofBiasAndGain: Tensor
    if x.isAbstract {
      // A planning run counts the sum with the fused kernel.
      ofBiasAndGain = gain.rank == 2 ? perSample : Tensor.abstract([2, channels])
      means = ofBiasAndGain
    } else if gain.rank == 2 {
      ofBiasAndGain = perSample
      means = (perSample * gain.reshaped([x.shape[0], 1, channels])).sum(axes: [0]) / count(x)
    } else {
      // Both sums ride in one message.
      ofBiasAndGain = perSample.sum(axes: [0])
      means = ofBiasAndGain * gain / count(x)
    }
    let gradient = evaluate("standardize gradient", x.shape, like: x) { result in
      unsafe kernel(x, gain, bias).gradient(x.input, c.input, means: means.input, result.output)
    }
    func part(_ index: Int) -> Tensor {
      let axis = gain.rank - 1
      return ofBiasAndGain.slice(axis: axis, index..<index + 1).reshaped(gain.shape)
    }
    return [gradient, part(1), part(0)]
  }

  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 9 * Double(output.reduce(1, *)) }
}

extension Tensor {
  /// Each channel of `[batch, ..., channels]` shifted and scaled to mean 0 and variance 1 over the global batch, times `gain` plus `bias`
  /// (`[channels]` or `[batch, channels]`), negative results times `slope`; and the moments.
  public func standardized(epsilon: Float, gain: Tensor, bias: Tensor, slope: Float = 1) -> (Tensor, Moments) {
    let primitive = Standardize(epsilon: epsilon, slope: slope, channels: shape[rank - 1])
    return (apply(primitive, [self, gain, bias]), primitive.moments)
  }

  /// Each channel of `[batch, ..., channels]` shifted and scaled to mean 0 and variance 1 over the global batch, and the moments.
  public func standardized(epsilon: Float) -> (Tensor, Moments) {
    let channels = shape[rank - 1]
    return standardized(
      epsilon: epsilon, gain: Tensor(repeating: 1, shape: [channels]), bias: Tensor(repeating: 0, shape: [channels]))
  }
}
