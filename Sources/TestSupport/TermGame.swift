package import Adversarial
import Layers
import Optimization
package import Tensors

/// A loss of nothing: a game's loss is then that of its terms.
package struct NoLoss: Divergence {
  package static let card = EntryCard(name: "none", summary: "nothing", formula: "0", paper: "none", link: "https://example.org")
  package init() {}
  package func criticLoss(real: Tensor, fake: Tensor) -> Tensor { Tensor(0) }
  package func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { Tensor(0) }
}

/// A small game with one term, of images `[batch, 8, 8, 3]` in three classes: what checks over the catalogue of terms play.
///
/// Its critic has every kind of layer that goes with a penalty on slopes, spectral norm on some; its generator has batch norm.
package struct TermGame {
  /// The game.
  package let game: Game

  /// The game of a form: of its term alone, of an augmentation under the Wasserstein loss, or of `TERM with LOSS`.
  /// - Parameter isPlanned: whether its networks have shapes only.
  package init(_ form: String, isPlanned: Bool = false) throws {
    let (form, loss) = try TermForms.parts(form)
    let (generator, critic) = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
    let images = Self.generator(Scope(generator))
    let output = Self.critic(Scope(critic))
    game = try Game(
      Objective(loss, terms: [terms.parse(form)]), model: "test",
      generator: Generator(
        Network(store: generator, optimizer: GradientDescent(generator, learningRate: 0.1)), latent: 5, classes: 3, images: images),
      critic: Critic(
        Network(store: critic, optimizer: GradientDescent(critic, learningRate: 0.1)), parts: [.features, .classes, .codes],
        hasBatchNorm: false, output: output), streams: [DataStream(FewLabels.labelled, .perClass(1))])
    if isPlanned { return }
    for (index, network) in game.networks.enumerated() {
      network.store.allocate(seed: 3)
      // Biases and gains, and attention's, leave their initial 0 and 1, so that everything has an effect.
      guard let memory = network.store.values else { continue }
      for (place, shift) in Samples.normal([memory.count], 9 + index).values.enumerated() {
        unsafe memory.pointer[place] += 0.2 * shift
      }
    }
    if form.hasPrefix("ada"), let entry = critic.buffers.first(where: { $0.path == "critic.game.ada.p" }) {
      // At p = 0 nothing would be changed.
      if let memory = critic.bufferValues { unsafe memory.pointer[entry.offset] = 0.6 }
    }
  }

  private static func generator(_ scope: Scope) -> Generator.Function {
    let project = Dense(scope["project"], from: 5, to: 64)
    let norm = BatchNorm(scope["norm"], channels: 4)
    let convolution = Convolution2D(scope["convolution"], from: 4, to: 3, kernel: 3)
    return { latent, _, mode in
      let x = project(latent, mode).reshaped([latent.shape[0], 4, 4, 4])
      return convolution.afterUpsampling(norm(x, mode).leakyRectified(slope: 0.2), mode).hyperbolicTangent()
    }
  }

  private static func critic(_ scope: Scope) -> Critic.Function {
    let first = Convolution2D(scope["first"], from: 3, to: 4, kernel: 3, spectral: .init())
    let block = ResidualDownBlock(
      scope["block"], from: 4, to: 8, isFirst: false, halves: true, initializer: .orthogonal, spectral: nil)
    let attention = SelfAttention(scope["attention"], channels: 8, initializer: .orthogonal, spectral: nil)
    let strided = Convolution2D(scope["strided"], from: 8, to: 8, kernel: 4, stride: 2, padding: .all(1))
    let dense = Dense(scope["dense"], from: 8, to: 6)
    let linear = Dense(scope["linear"], from: 6, to: 1, spectral: .init())
    let embedding = Embedding(scope["embedding"], classes: 3, width: 6)
    let classes = Dense(scope["classes"], from: 6, to: 3)
    let codes = Dense(scope["codes"], from: 6, to: 3 + 2)
    return { images, labels, mode in
      let x = attention(block(first(images, mode).leakyRectified(slope: 0.2), mode), mode)
      let pooled = strided(x, mode).softplus().averagePooled(2).reshaped([images.shape[0], 8])
      let features = dense(pooled, mode).hyperbolicTangent()
      let shift = labels.map { (embedding($0, mode) * features).sum(axes: [1], keepingAxes: true) }
      let logits = linear(features, mode)
      return CriticOutput(
        logits: shift.map { logits + $0 } ?? logits, features: features, classes: classes(features, mode), codes: codes(features, mode))
    }
  }

  /// An evaluation of a phase, after the steps in which a term may wait. The seed is one for which no rectifier's input lies so near to zero
  /// that differences cross it.
  package func context(_ phase: Phase, images: Tensor, layout: BatchLayout) -> StepContext {
    let labels = Labels((0..<layout.count).map { Int32((layout.firstSample + $0) % 3) }, layout: layout)
    let labelled = RealBatch(images: images * 0.5, labels: labels)
    return StepContext(
      seed: 5, step: 2000, phase: phase.name, draw: 0, layout: layout, images: images, labels: labels,
      streams: [FewLabels.labelled: labelled])
  }
}
