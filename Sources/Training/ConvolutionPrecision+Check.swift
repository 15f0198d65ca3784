public import Kernels

extension ConvolutionPrecision {
  /// Refuses a precision that this program could only imitate.
  /// - Throws: `RunError` with exit code 64.
  public func requireInstructions() throws {
    guard !hasInstructions else { return }
    throw RunError(
      .usage,
      "--precision \(rawValue): this program was compiled for a processor without instructions for such products; build it with "
        + "DIST_GAN_MARCH=native on one that has AVX-512 BF16 (AMD Zen 4, Intel Cooper Lake and later), or take --precision fp32")
  }
}
