import CBFloat16
import Synchronization

/// In what precision the factors of convolutions' products are held; sums, transforms and weights are Floats in either.
public enum ConvolutionPrecision: String, CaseIterable, Sendable {
  /// Floats.
  case fp32
  /// bfloat16, eight significant bits, where that is faster: products and their sums are then off by up to 4e-3 (root mean square).
  case bf16

  /// The precision of this process; `fp32` at first.
  ///
  /// Bits depend on it, so a run sets it before its first step and never again, as it does with `ConvolutionAlgorithm`.
  public static var current: ConvolutionPrecision {
    get { isHalf.load(ordering: .relaxed) ? .bf16 : .fp32 }
    set { isHalf.store(newValue == .bf16, ordering: .relaxed) }
  }

  private static let isHalf = Atomic<Bool>(false)

  /// Whether the kernels were compiled for a processor that has instructions for this precision: others compute the same far more slowly.
  public var hasInstructions: Bool { self == .fp32 || cbfloat16_has_instructions() }
}
