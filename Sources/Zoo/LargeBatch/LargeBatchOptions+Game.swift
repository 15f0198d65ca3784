import Adversarial
import Layers
import Optimization
import Tensors

extension LargeBatchOptions {
  /// The game that all large-batch models play: real and generated images in one pass of the critic, Adam, an averaged generator.
  /// - Parameters:
  ///   - latent: size of z.
  ///   - classes: number of classes, nil for networks that take no labels.
  func game(
    _ objective: Objective, model: String, latent: Int, classes: Int?, generator: (store: ParameterStore, images: Generator.Function),
    critic: (store: ParameterStore, output: Critic.Function)
  ) throws -> Game {
    func adam(_ store: ParameterStore, _ rate: Float) -> Adam {
      Adam(store, .init(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: adamEpsilon))
    }
    let average = averageDecay > 0 ? WeightAverage(generator.store, decay: averageDecay, start: averageStart) : nil
    return try Game(
      objective, model: model,
      generator: Generator(
        Network(store: generator.store, optimizer: adam(generator.store, generatorLearningRate), average: average), latent: latent,
        classes: classes, images: generator.images),
      critic: Critic(
        Network(store: critic.store, optimizer: adam(critic.store, discriminatorLearningRate)), parts: [.features], hasBatchNorm: false,
        output: critic.output))
  }
}
