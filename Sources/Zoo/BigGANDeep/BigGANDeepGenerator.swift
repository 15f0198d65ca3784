import Adversarial
import Layers
import Tensors

/// BigGAN-deep's generator: z, joined with the class embedding, feeds the dense layer to 4x4 and every norm.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 16. https://arxiv.org/abs/1809.11096
struct BigGANDeepGenerator {
  private let embedding: Embedding?
  private let project: Dense
  private let blocks: [BottleneckUpBlock]
  private let attention: (after: Int, layer: SelfAttention)?
  private let norm: BatchNorm
  private let output: Convolution2D
  private let width: Int
  private let path: String

  init(_ scope: Scope, _ options: BigGANDeepOptions, _ widths: BigGANDeepWidths, _ data: DataFormat) throws {
    path = scope.path
    let initializer = options.common.initializer.initializer
    let spectral = options.common.spectral
    let settings = options.common.norm
    embedding = data.classes.map {
      Embedding(scope["embedding"], classes: $0, width: options.sharedEmbedding, initializer: initializer)
    }
    let vector = options.latent + (embedding == nil ? 0 : options.sharedEmbedding)
    let channels = widths.generator.map { $0 * options.channels }
    width = channels[0]
    project = Dense(scope["project"], from: vector, to: 4 * 4 * width, initializer: initializer, spectral: spectral)
    var attention: (after: Int, layer: SelfAttention)?
    var size = 4
    blocks = try (0..<channels.count - 1).map { index in
      let doubles = index % 2 == 1
      if doubles { size *= 2 }
      if doubles && size == options.attention {
        attention = (index, try options.common.attention(scope["attention"], channels: channels[index + 1]))
      }
      return BottleneckUpBlock(
        scope["blocks"][index], from: channels[index], to: channels[index + 1], doubles: doubles,
        form: .linear(width: vector, spectral: spectral), settings: settings, initializer: initializer, spectral: spectral)
    }
    if options.attention > 0 && attention == nil {
      throw ModelError(
        "biggan-deep: no block ends at --attention \(options.attention) px; \(data.height) px has 8 to \(data.height), 0 is none")
    }
    self.attention = attention
    let last = channels[channels.count - 1]
    norm = BatchNorm(scope["norm"], channels: last, settings: settings)
    output = Convolution2D(scope["output"], from: last, to: data.channels, kernel: 3, initializer: initializer, spectral: spectral)
  }

  func callAsFunction(_ latent: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor {
    named(path) {
      precondition(embedding == nil || labels != nil, "\(path): a conditional generator was called without labels")
      let embedded = embedding.flatMap { table in labels.map { table($0, mode) } }
      let vector = embedded.map { concatenated([latent, $0], axis: 1) } ?? latent
      var x = project(vector, mode).reshaped([latent.shape[0], 4, 4, width])
      for (index, block) in blocks.enumerated() {
        x = block(x, .vector(vector), mode)
        if let attention, attention.after == index { x = attention.layer(x, mode) }
      }
      return output(norm(x, mode, slope: 0), mode).hyperbolicTangent()
    }
  }
}
