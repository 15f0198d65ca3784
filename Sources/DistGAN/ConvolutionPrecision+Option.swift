import Adversarial
import Kernels

extension ConvolutionPrecision {
  /// The precision that `--precision` names.
  /// - Throws: `OptionError` that lists the known ones.
  init(option name: String) throws {
    guard let precision = Self(rawValue: name) else {
      throw OptionError("unknown form --precision \(name); known ones: \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = precision
  }
}
