import Adversarial

/// Widths between BigGAN-deep's blocks as multiples of `ch`, for each image size.
///
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, tables 7 and 8 (128, 256 px); 32 and 64 px as google/compare_gan,
///   resnet_biggan_deep.py.
struct BigGANDeepWidths {
  /// Generator: before and after each block, from 4x4 on; every second block doubles the size, the first does not.
  let generator: [Int]
  /// Critic: before and after each block; every second block halves the size, beginning with the first.
  let discriminator: [Int]

  init(size: Int) throws {
    func times(_ count: Int, _ multiple: Int) -> [Int] { Array(repeating: multiple, count: count) }
    switch size {
    case 32: (generator, discriminator) = (times(8, 4), times(8, 2))
    case 64: (generator, discriminator) = (times(4, 16) + [8, 8, 4, 4, 2], [2, 4, 4, 8, 8] + times(4, 16))
    case 128: (generator, discriminator) = (times(4, 16) + [8, 8, 4, 4, 2, 2, 1], [1, 2, 2, 4, 4, 8, 8] + times(4, 16))
    case 256:
      (generator, discriminator) = (times(4, 16) + times(4, 8) + [4, 4, 2, 2, 1], [1, 2, 2, 4, 4] + times(4, 8) + times(4, 16))
    default: throw ModelError("biggan-deep: images of \(size) px; 32, 64, 128 and 256 px are known (data import resizes)")
    }
  }
}
