import Kernels
import Layers
import Tensors

extension Game {
  /// The health of the game.
  ///
  /// Passes run as in training, augmentation and batch moments included, on copies of the networks' buffers: power iterations, running
  /// moments and states of terms go on as if nobody had looked. They cost two passes of the generator, and two of the critic with
  /// their gradients at the images; two more of the critic where the loss compares features.
  /// - Parameter context: real images, with random streams that no phase has.
  public func health(_ context: StepContext) -> Health {
    let (generator, critic) = (players.generator.network.store, players.critic.network.store)
    // Before anything that ranks wait for each other in: nobody begins the next gradient while another still reads this one.
    let norms = networks.map { (name: $0.store.name, value: Self.gradientNorm($0.store)) }
    let generatorGradient = (norms.first?.value ?? 0) / Double(max(generator.parameterCount, 1)).squareRoot()
    return generator.preservingBuffers {
      critic.preservingBuffers {
        let labels = players.generator.classes.map { context.randomLabels(classes: $0) }
        let images = players.generator.images(players.generator.draw(context), labels, .training)
        let others = players.generator.images(players.generator.draw(context, "other latent"), labels, .training)
        let said = judgement(context, images, labels)
        return Health(
          accuracy: said.accuracy, slopes: said.slopes, lossSlope: said.lossSlope,
          distances: Health.Pair(real: Self.spread(context.images), fake: (images - others).squared().mean().squareRoot().scalar),
          gradients: norms.map { Health.Entry($0.name, Float($0.value)) }, generatorGradient: Float(generatorGradient),
          singularValues: Self.singularValues(critic))
      }
    }
  }

  /// What the critic makes of real and of generated images.
  private func judgement(
    _ context: StepContext, _ fake: Tensor, _ fakeLabels: Labels?
  ) -> (accuracy: Health.Pair?, slopes: Health.Pair, lossSlope: Float?) {
    let comparesFeatures = objective.loss.input == .features
    let passes = CriticPasses(
      context, players.critic, for: objective.loss, augmenting: Array(zip(objective.terms, termStates)),
      parts: comparesFeatures ? [.features] : [])
    let realLabels = players.generator.classes == nil ? nil : context.labels
    if comparesFeatures { _ = passes.outputs((context.images, realLabels), (fake, fakeLabels)) }
    let real = Slopes(at: context.images) { passes.output($0, realLabels) }
    let fake = Slopes(at: fake) { passes.output($0, fakeLabels) }
    let accuracy = objective.loss.threshold.map { threshold in
      Health.Pair(real: Self.share(of: real.logits, above: threshold), fake: 1 - Self.share(of: fake.logits, above: threshold))
    }
    let slopes = Health.Pair(real: real.norms.mean().scalar, fake: fake.norms.mean().scalar)
    // Such a loss is no function of the witness.
    if comparesFeatures { return (accuracy, slopes, nil) }
    let slope = gradient(at: fake.logits.detached) { logits in
      objective.loss.generatorLoss(real: objective.loss.generatorNeedsReal ? real.logits.detached : nil, fake: logits)
    }
    return (accuracy, slopes, slope.magnitude().sum().scalar)
  }

  /// The part of the numbers, over the global batch, that lie above `threshold`.
  static func share(of numbers: Tensor, above threshold: Float) -> Float {
    // 1 for every positive number, 0 for all others.
    ((numbers.detached - threshold) * Float.greatestFiniteMagnitude).clamped(from: 0, to: 1).mean().scalar
  }

  /// Root of the mean squared difference between two images of the global batch: `√(2 N / (N - 1) · E(x - E x)²)`, the mean over all pairs
  /// without a pair being made. Nil for a single image.
  static func spread(_ images: Tensor) -> Float? {
    let count = images.globalCount(axes: [0])
    guard count > 1 else { return nil }
    let variance = (images - images.mean(axes: [0], keepingAxes: true)).squared().mean()
    return (variance * (2 * Float(count) / Float(count - 1))).squareRoot().scalar
  }

  /// Norm of the last gradient over all parameters; 0 before the first.
  private static func gradientNorm(_ store: ParameterStore) -> Double {
    guard let gradient = store.gradientValues else { return 0 }
    return unsafe Kernels.sumOfSquares(gradient.pointer, gradient.count).squareRoot()
  }

  /// The largest singular value of each group of layers, in the order of the network.
  private static func singularValues(_ store: ParameterStore) -> [Health.Entry] {
    var groups: [Health.Entry] = []
    for (path, value) in store.largestSingularValues() {
      let name = layerGroup(path)
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].value = max(groups[index].value, value)
      } else {
        groups.append(Health.Entry(name, value))
      }
    }
    return groups
  }

  /// `blocks.2` of `critic.blocks.2.first.weight`, `linear` of `critic.linear.weight`.
  static func layerGroup(_ path: String) -> String {
    let parts = path.split(separator: ".").dropFirst()
    let isNumbered = parts.dropFirst().first.map { Int($0) != nil } ?? false
    return parts.prefix(isNumbered ? 2 : 1).joined(separator: ".")
  }
}
