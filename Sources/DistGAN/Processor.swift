import CProcessor
import Training

/// The processor this program was compiled for.
enum Processor {
  /// `x86-64-v4` and the like.
  static var target: String { unsafe String(cString: cprocessor_target()) }

  /// Refuses to go on where the first wide instruction would end the program without a word.
  /// - Throws: `RunError` that names what is missing.
  static func check() throws {
    guard let missing = unsafe cprocessor_missing() else { return }
    throw RunError(
      .internalError,
      unsafe "this program was compiled for \(target) with \(String(cString: missing)), which this processor lacks; "
        + "build it here, or for all nodes with DIST_GAN_MARCH=x86-64-v3 swift build -c release")
  }
}
