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

/// `y = (x - mean) / √(variance + ε)` for each channel of `[..., channels]`, moments over all other axes of the **global** batch.
///
/// Fused: two passes for the moments (each one small message between ranks), one for the result; backward one pass for two sums (one
/// message) and one for the result. When its gradient is recorded it falls back to plain primitives.
package struct Standardize: Primitive {
  package static let name = "standardize"
  package let epsilon: Float
  /// Filled by `forward`.
  let moments: Moments
  private let scale: ScaleBox

  private final class ScaleBox { var value = Tensor.abstract([]) }

  package init(epsilon: Float, channels: Int) {
    self.epsilon = epsilon
    moments = Moments(channels: channels)
    scale = ScaleBox()
  }

  package func outputShape(_ inputs: [[Int]]) -> [Int] {
    precondition(inputs[0].count >= 2, "standardize: shape \(inputs[0]), [batch, ..., channels] is needed")
    return inputs[0]
  }

  package func forward(_ inputs: [Tensor], _ output: Tensor) {
    let x = inputs[0].detached
    let channels = x.shape[x.rank - 1]
    moments.mean = x.sum(axes: reducedAxes(x)) / count(x)
    let pixels = x.count / max(x.shape[0] * channels, 1)
    let deviations = evaluate("squared deviations", [x.shape[0], channels], like: x) { result in
      unsafe Kernels.sumSquaredDeviations(
        x.input, mean: moments.mean.input, outer: x.shape[0], middle: pixels, inner: channels, result.output)
    }
    moments.variance = deviations.sum(axes: [0]) / count(x)
    scale.value = (moments.variance + epsilon).squareRoot().reciprocal()
    unsafe Kernels.standardize(
      x.input, mean: moments.mean.input, scale: scale.value.input, rows: x.count / max(channels, 1), channels: channels, output.output)
  }

  private func reducedAxes(_ x: Tensor) -> [Int] { Array(0..<(x.rank - 1)) }
  private func count(_ x: Tensor) -> Float { Float(x.globalCount(axes: reducedAxes(x))) }

  package var keeps: Kept { .inputs(0) }

  package func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] {
    let x = context.inputs[0]
    return [context.isRecording ? plainGradient(cotangent, x) : fusedGradient(cotangent, x)]
  }

  /// `σ⁻¹ (c - mean(c) - y·mean(c·y))`, from plain primitives.
  private func plainGradient(_ c: Tensor, _ x: Tensor) -> Tensor {
    let axes = reducedAxes(x)
    let centred = x - x.mean(axes: axes)
    let scale = (centred.squared().mean(axes: axes) + epsilon).squareRoot().reciprocal()
    let y = centred * scale
    return (c - c.mean(axes: axes) - y * (c * y).mean(axes: axes)) * scale
  }

  private func fusedGradient(_ c: Tensor, _ x: Tensor) -> Tensor {
    let channels = x.shape[x.rank - 1]
    let pixels = x.count / max(x.shape[0] * channels, 1)
    let y = evaluate("standardize again", x.shape, like: x) { result in
      unsafe Kernels.standardize(
        x.input, mean: moments.mean.input, scale: scale.value.input, rows: x.count / max(channels, 1), channels: channels, result.output)
    }
    // Both sums ride in one message: [samples, 2, channels].
    let perSample = evaluate("standardize sums", [x.shape[0], 2, channels], like: x) { result in
      let sums = Storage(count: x.shape[0] * channels * 2)
      let (plain, products) = unsafe (sums.pointer, sums.pointer + x.shape[0] * channels)
      unsafe Kernels.sum(c.input, outer: x.shape[0], middle: pixels, inner: channels, plain)
      unsafe Kernels.sumProducts(c.input, y.input, outer: x.shape[0], middle: pixels, inner: channels, products)
      for sample in 0..<x.shape[0] {
        unsafe (result.output + sample * 2 * channels).update(from: plain + sample * channels, count: channels)
        unsafe (result.output + (sample * 2 + 1) * channels).update(from: products + sample * channels, count: channels)
      }
    }
    // A planning run counts this sum with the fused kernel.
    let means = x.isAbstract ? perSample : perSample.sum(axes: [0]) / count(x)
    return evaluate("standardize gradient", x.shape, like: x) { result in
      let means = unsafe means.input
      unsafe Kernels.standardizeGradient(
        c.input, y.input, scale: scale.value.input, meanC: means, meanCX: means + channels, rows: x.count / max(channels, 1),
        channels: channels, result.output)
    }
  }

  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { 6 * Double(output.reduce(1, *)) }
}

extension Tensor {
  /// Each channel of `[batch, ..., channels]` shifted and scaled to mean 0 and variance 1 over the global batch, and the moments.
  public func standardized(epsilon: Float) -> (Tensor, Moments) {
    let primitive = Standardize(epsilon: epsilon, channels: shape[rank - 1])
    return (apply(primitive, [self]), primitive.moments)
  }
}
