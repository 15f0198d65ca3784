public import Tensors

extension Tensor {
  /// `x` where positive, else `eˣ - 1`.
  /// - Source: Clevert, Unterthiner, Hochreiter 2016, "Exponential Linear Units", eq. (15) with α = 1. https://arxiv.org/abs/1511.07289
  public func exponentialLinear() -> Tensor {
    // Positive numbers are cut off before the exponential: those would overflow, and their part is 0.
    rectified() + (clamped(from: -.greatestFiniteMagnitude, to: 0).exponential() - 1)
  }
}
