public import Tensors

/// Codes that can be read off an image: `discrete · CE(Q(G(z, c)), c) + continuous · E Σ (c - Q(G(z, c)))² / 2`, in both losses.
///
/// The discrete code is the generator's class, the continuous ones are the last numbers of z. Up to constants the sum is minus the lower
/// bound on the mutual information of codes and images, with a normal of variance 1 around Q for each continuous code. The log carries
/// the share of discrete codes that are guessed right and the mean squared error of the continuous ones, which lie in [-1, 1]: 1/3 is
/// what a guess of 0 has.
/// - Source: Chen et al. 2016, "InfoGAN", eq. (5) and (6). https://arxiv.org/abs/1606.03657; the fixed variance and the weights of 1 as the
///   authors' code, openai/InfoGAN, launchers/run_mnist_exp.py
public struct MutualInformation: Term {
  public static let card = EntryCard(
    name: "mutual-information", summary: "codes of the generator that the critic can read off its images; InfoGAN",
    formula: "both: discrete * CE(Q(G(z, c)), c) + continuous * E sum (c - Q(G(z, c)))^2 / 2, Q the critic's guess",
    paper: "Chen et al. 2016, InfoGAN, eq. (5) and (6)", link: "https://arxiv.org/abs/1606.03657")
  /// Weight of the discrete code.
  public var discrete: Float = 1
  /// Weight of the continuous codes.
  public var continuous: Float = 1
  public var every = 1

  /// The weights of the authors' code.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("discrete", \.discrete, "weight of the discrete code", in: 0...1e6),
      .value("continuous", \.continuous, "weight of the continuous codes", in: 0...1e6),
    ]
  }

  public var needs: Set<CriticPart> { [.codes] }
  public var needsClasses: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? { value(step) }
  public func generator(_ step: GameStep) -> Tensor? { value(step) }

  private func value(_ step: GameStep) -> Tensor {
    let (guess, categories) = (step.fake.given(.codes), step.classes ?? 0)
    guard let z = step.fake.latent else { preconditionFailure("\(card.name): generated images without their z") }
    let logits = guess.slice(axis: 1, 0..<categories)
    let labels = step.fake.classes(of: card.name)
    step.report("code accuracy", logits.accuracy(labels))
    let loss = logits.crossEntropy(labels) * discrete
    let numbers = guess.shape[1] - categories
    guard numbers > 0 else { return loss }
    let codes = z.slice(axis: 1, (z.shape[1] - numbers)..<z.shape[1])
    let squares = (codes - guess.slice(axis: 1, categories..<guess.shape[1])).squared()
    step.report("code error", squares.detached.mean())
    return loss + squares.sum(axes: [1]).mean() * (continuous / 2)
  }
}
