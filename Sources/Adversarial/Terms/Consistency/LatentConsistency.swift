public import Tensors

/// Small changes of z: the critic must not mind them, and the generator must show them.
///
/// Critic `λ_critic E(D(G(z)) - D(G(z + σn)))²`, generator `-λ_generator E‖G(z) - G(z + σn)‖²` with n standard normal; the last norm is
/// the mean over an image's numbers. Each asks the generator once more, whose batch norms see that batch, too.
/// The default numbers are ours, cautious ones beside those for CIFAR-10 in PyTorch-StudioGAN, configs/CIFAR10/BigGAN-Mod-ICR.yaml: 20 for the
/// critic, 0.5 for the generator, changes of 0.05.
/// - Source: Zhao et al. 2021, "Improved Consistency Regularization for GANs", zCR. https://arxiv.org/abs/2002.04724
public struct LatentConsistency: Term {
  public static let card = EntryCard(
    name: "latent-consistency", summary: "the critic must not mind small changes of z, the generator must show them; zCR",
    formula: "critic: critic * E (D(G(z)) - D(G(z')))^2, generator: -generator * E mean (G(z) - G(z'))^2, z' = z + deviation * n, n normal",
    paper: "Zhao et al. 2021, Improved Consistency Regularization for GANs, zCR", link: "https://arxiv.org/abs/2002.04724")
  /// Weight in the critic's loss.
  public var critic: Float = 5
  /// Weight in the generator's loss.
  public var generator: Float = 0.5
  /// Deviation σ of the change.
  public var deviation: Float = 0.03
  public var every = 1

  /// Weights of 5 and 0.5, and changes of 0.03.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("critic", \.critic, "weight in the critic's loss", in: 0...1e6),
      .value("generator", \.generator, "weight in the generator's loss", in: 0...1e6),
      .value("deviation", \.deviation, "deviation of the change of z", in: 0...10),
    ]
  }

  public func critic(_ step: GameStep) -> Tensor? {
    let said = step.criticize(others(step).detached, step.fake.labels).logits
    return (step.fake.output.logits - said).squared().mean() * critic
  }

  public func generator(_ step: GameStep) -> Tensor? { (step.fake.images - others(step)).squared().mean() * -generator }

  private func others(_ step: GameStep) -> Tensor {
    guard let latent = step.fake.latent else { preconditionFailure("latent-consistency: generated images without their z") }
    return step.generate(latent + step.normal("change", Array(latent.shape.dropFirst())) * deviation, step.fake.labels)
  }
}
