import Adversarial
import Layers
import Tensors

/// BigGAN-deep's critic: a 3x3 convolution, bottleneck blocks, ReLU, sum pooling to `h`, and the projection `ψ(h) + ⟨embed(y), h⟩`.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 16. https://arxiv.org/abs/1809.11096
struct BigGANDeepDiscriminator {
  private let input: Convolution2D
  private let blocks: [BottleneckDownBlock]
  private let attention: (after: Int, layer: SelfAttention)?
  private let linear: Dense
  private let embedding: Embedding?
  private let path: String

  init(_ scope: Scope, _ options: BigGANDeepOptions, _ widths: BigGANDeepWidths, _ data: DataFormat) throws {
    path = scope.path
    let initializer = options.common.initializer.initializer
    let spectral = options.common.spectral
    let channels = widths.discriminator.map { $0 * options.channels }
    input = Convolution2D(
      scope["input"], from: data.channels, to: channels[0], kernel: 3, initializer: initializer, spectral: spectral)
    var attention: (after: Int, layer: SelfAttention)?
    var size = data.height
    blocks = try (0..<channels.count - 1).map { index in
      let halves = index % 2 == 0
      if halves { size /= 2 }
      if !halves && size == options.attention {
        attention = (index, try options.common.attention(scope["attention"], channels: channels[index + 1]))
      }
      return BottleneckDownBlock(
        scope["blocks"][index], from: channels[index], to: channels[index + 1], halves: halves, initializer: initializer,
        spectral: spectral)
    }
    if options.attention > 0 && attention == nil {
      throw ModelError(
        "biggan-deep: --attention \(options.attention) needs images of at least \(2 * options.attention) px, the critic halves first")
    }
    self.attention = attention
    let last = channels[channels.count - 1]
    linear = Dense(scope["linear"], from: last, to: 1, initializer: initializer, spectral: spectral)
    embedding = data.classes.map {
      Embedding(scope["embedding"], classes: $0, width: last, initializer: initializer, spectral: spectral)
    }
  }

  func callAsFunction(_ images: Tensor, _ labels: Labels?, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = input(images, mode)
      for (index, block) in blocks.enumerated() {
        x = block(x, mode)
        if let attention, attention.after == index { x = attention.layer(x, mode) }
      }
      return projected(x.rectified().sum(axes: [1, 2]), linear, embedding, labels, mode)
    }
  }
}
