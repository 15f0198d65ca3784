import Adversarial
import Layers

extension LargeBatchOptions {
  /// The settings of every weight's spectral norm.
  var spectral: SpectralNorm.Settings { SpectralNorm.Settings(epsilon: spectralEpsilon) }
  /// The settings of every batch norm.
  var norm: BatchNormSettings { BatchNormSettings(epsilon: batchNormEpsilon) }

  /// An attention layer, which divides its channels by 8.
  func attention(_ scope: Scope, channels: Int) throws -> SelfAttention {
    guard channels >= 8 else {
      throw ModelError("\(scope.path): attention over \(channels) channels, at least 8 are needed; raise --channels or set --attention 0")
    }
    return SelfAttention(scope, channels: channels, initializer: initializer.initializer, spectral: spectral)
  }
}
