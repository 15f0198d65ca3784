import Adversarial
import Layers
import Tensors

/// BigGAN's generator: z (and class) to images in [-1, 1].
///
/// z is cut into chunks: the first feeds the dense layer to 4x4, each other one a block, joined with the shared class embedding; every
/// block doubles the size. Without `hierarchical` the whole z feeds the dense layer and blocks see the class alone.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 15. https://arxiv.org/abs/1809.11096
struct BigGANGenerator {
  private let embedding: Embedding?
  private let project: Dense
  private let blocks: [ResidualUpBlock]
  private let attention: (after: Int, layer: SelfAttention)?
  private let norm: BatchNorm
  private let output: Convolution2D
  private let chunk: Int
  private let width: Int
  private let isConditional: Bool
  private let usesTables: Bool
  private let path: String

  init(_ scope: Scope, _ options: BigGANOptions, _ widths: BigGANWidths, _ data: DataFormat, model: String) throws {
    path = scope.path
    let slots = widths.generator.count
    if options.hierarchical && options.latent % slots != 0 {
      throw ModelError(
        "\(model): z of \(options.latent) does not cut into \(slots) chunks; take a multiple of \(slots), or --hierarchical false")
    }
    if options.hierarchical && data.classes != nil && options.sharedEmbedding == 0 {
      throw ModelError("\(model): --hierarchical with classes joins z to the shared embedding; set --shared-embedding above 0")
    }
    chunk = options.hierarchical ? options.latent / slots : options.latent
    isConditional = data.classes != nil
    usesTables = data.classes != nil && options.sharedEmbedding == 0

    let initializer = options.common.initializer.initializer
    let spectral = options.common.spectral
    let settings = options.common.norm
    var vector = options.hierarchical ? chunk : 0
    var form: ConditionalBatchNorm.Form?
    if let classes = data.classes, options.sharedEmbedding > 0 {
      embedding = Embedding(scope["embedding"], classes: classes, width: options.sharedEmbedding, initializer: initializer)
      vector += options.sharedEmbedding
    } else {
      embedding = nil
      if let classes = data.classes { form = .table(classes: classes) }
    }
    if vector > 0 { form = .linear(width: vector, spectral: spectral) }

    width = widths.generator[0] * options.channels
    project = Dense(scope["project"], from: chunk, to: 4 * 4 * width, initializer: initializer, spectral: spectral)
    var attention: (after: Int, layer: SelfAttention)?
    blocks = try (0..<(slots - 1)).map { index in
      let (inputs, outputs) = (widths.generator[index] * options.channels, widths.generator[index + 1] * options.channels)
      if options.attention == 8 << index {
        attention = (index, try options.common.attention(scope["attention"], channels: outputs))
      }
      return ResidualUpBlock(
        scope["blocks"][index], from: inputs, to: outputs, form: form, settings: settings, initializer: initializer, spectral: spectral)
    }
    if options.attention > 0 && attention == nil {
      throw ModelError(
        "\(model): no block ends at --attention \(options.attention) px; \(data.height) px has 8 to \(data.height), 0 is none")
    }
    self.attention = attention
    let last = widths.generator[slots - 1] * options.channels
    norm = BatchNorm(scope["norm"], channels: last, settings: settings)
    output = Convolution2D(scope["output"], from: last, to: data.channels, kernel: 3, initializer: initializer, spectral: spectral)
  }

  func callAsFunction(_ latent: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor {
    named(path) {
      precondition(!isConditional || labels != nil, "\(path): a conditional generator was called without labels")
      let embedded = embedding.flatMap { table in labels.map { table($0, mode) } }
      let isHierarchical = chunk < latent.shape[1]
      func part(_ index: Int) -> Tensor { latent.slice(axis: 1, (index * chunk)..<((index + 1) * chunk)) }
      var x = project(isHierarchical ? part(0) : latent, mode).reshaped([latent.shape[0], 4, 4, width])
      for (index, block) in blocks.enumerated() {
        let parts = [embedded, isHierarchical ? part(index + 1) : nil].compactMap(\.self)
        let condition: ConditionalBatchNorm.Condition? =
          usesTables ? labels.map { .labels($0) } : parts.isEmpty ? nil : .vector(concatenated(parts, axis: 1))
        x = block(x, condition, mode)
        if let attention, attention.after == index { x = attention.layer(x, mode) }
      }
      return output(norm(x, mode, slope: 0), mode).hyperbolicTangent()
    }
  }
}
