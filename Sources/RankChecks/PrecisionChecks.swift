import Kernels
import Tensors

/// What factors of bfloat16 change: convolutions that are large enough for them, each way through the kernels, and runs of such.
enum PrecisionChecks {
  static var checks: [BitCheck] {
    (PrimitiveForm.checks(PrimitiveForm.convolutionsOfManyChannels) + ModelChecks.wide).map(inBFloat16)
  }

  /// The precision is one of the process, and other checks run before and after this one.
  private static func inBFloat16(_ check: BitCheck) -> BitCheck {
    BitCheck(name: "bf16: \(check.name)") { ranks in
      ConvolutionPrecision.current = .bf16
      defer { ConvolutionPrecision.current = .fp32 }
      return try check.body(ranks)
    }
  }
}
