import Adversarial

/// Widths of BigGAN's blocks as multiples of `ch`, for each image size.
///
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, tables 4-6 (128, 256 px); 32 and 64 px as ajbrock/BigGAN-PyTorch, BigGAN.py.
struct BigGANWidths {
  /// Generator: input of the first block, then the output of each block; every block doubles the size from 4x4 on.
  let generator: [Int]
  /// Critic: output of each block.
  let discriminator: [Int]
  /// How many of the critic's blocks halve the size, from the first on.
  let halvings: Int

  init(size: Int, model: String) throws {
    switch size {
    case 32: (generator, discriminator, halvings) = ([4, 4, 4, 4], [4, 4, 4, 4], 2)
    case 64: (generator, discriminator, halvings) = ([16, 16, 8, 4, 2], [1, 2, 4, 8, 16], 4)
    case 128: (generator, discriminator, halvings) = ([16, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 16], 5)
    case 256: (generator, discriminator, halvings) = ([16, 16, 8, 8, 4, 2, 1], [1, 2, 4, 8, 8, 16, 16], 6)
    default: throw ModelError("\(model): images of \(size) px; 32, 64, 128 and 256 px are known (data import resizes)")
    }
  }
}
