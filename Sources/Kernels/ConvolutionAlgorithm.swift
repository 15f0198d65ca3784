import Synchronization

/// How convolutions are computed where there is a choice.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
  /// Winograd's F(4x4, 3x3) and F(4x4, 2x2) for every shape that they suit: about a quarter and two fifths of the products, and up to ten
  /// times the rounding error.
  case winograd
  /// The sum as it is defined, for every shape: by loops or matrix products, no transform of tiles.
  case exact

  /// The algorithm of this process; `winograd` at first.
  ///
  /// Bits depend on it, so a run sets it before its first step and never again; `usesWinograd` asks it at every convolution.
  public static var current: ConvolutionAlgorithm {
    get { isExact.load(ordering: .relaxed) ? .exact : .winograd }
    set { isExact.store(newValue == .exact, ordering: .relaxed) }
  }

  private static let isExact = Atomic<Bool>(false)
}
