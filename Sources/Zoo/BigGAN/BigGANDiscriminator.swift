import Adversarial
import Layers
import Tensors

/// BigGAN's critic: images (and class) to logits `[batch, 1]`.
///
/// Residual blocks, ReLU, **sum** pooling to `h`, and the projection `ψ(h) + ⟨embed(y), h⟩`; spectral norm on every weight.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B. https://arxiv.org/abs/1809.11096
struct BigGANDiscriminator {
  private let blocks: [ResidualDownBlock]
  private let attention: (after: Int, layer: SelfAttention)?
  private let linear: Dense
  private let embedding: Embedding?
  private let path: String

  init(_ scope: Scope, _ options: BigGANOptions, _ widths: BigGANWidths, _ data: DataFormat) throws {
    path = scope.path
    let initializer = options.common.initializer.initializer
    let spectral = options.common.spectral
    var attention: (after: Int, layer: SelfAttention)?
    var inputs = data.channels
    var size = data.height
    blocks = try widths.discriminator.enumerated().map { index, multiple in
      let outputs = multiple * options.channels
      let halves = index < widths.halvings
      if halves { size /= 2 }
      let block = ResidualDownBlock(
        scope["blocks"][index], from: inputs, to: outputs, isFirst: index == 0, halves: halves, initializer: initializer,
        spectral: spectral)
      if attention == nil && options.attention == size {
        attention = (index, try options.common.attention(scope["attention"], channels: outputs))
      }
      inputs = outputs
      return block
    }
    self.attention = attention
    linear = Dense(scope["linear"], from: inputs, to: 1, initializer: initializer, spectral: spectral)
    embedding = data.classes.map {
      Embedding(scope["embedding"], classes: $0, width: inputs, initializer: initializer, spectral: spectral)
    }
  }

  func callAsFunction(_ images: Tensor, _ labels: Labels?, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = images
      for (index, block) in blocks.enumerated() {
        x = block(x, mode)
        if let attention, attention.after == index { x = attention.layer(x, mode) }
      }
      return projected(x.rectified().sum(axes: [1, 2]), linear, embedding, labels, mode)
    }
  }
}
