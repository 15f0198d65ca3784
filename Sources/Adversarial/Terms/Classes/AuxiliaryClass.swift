public import Tensors

/// The critic tells classes too: `critic · (CE(C(x), y) + CE(C(G(z, c)), c))`, and the generator is told by it: `generator · CE(C(G(z, c)), c)`.
///
/// CE is the mean cross entropy of the critic's class logits. The log carries the share of images that the critic classifies right.
/// - Source: Odena, Olah, Shlens 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs", section 3, eq. (3): the critic maximises
///   L_S + L_C, the generator L_C - L_S. https://arxiv.org/abs/1610.09585; weights 1 and 0.1, classes of real images alone, in
///   igul222/improved_wgan_training, gan_cifar_resnet.py
public struct AuxiliaryClass: Term {
  public static let card = EntryCard(
    name: "auxiliary-class", summary: "the critic classifies images too, and the generator is told by its classes; ACGAN",
    formula: "critic: critic * (CE(C(x), y) + CE(C(G(z, c)), c)), generator: generator * CE(C(G(z, c)), c), C the class logits",
    paper: "Odena, Olah, Shlens 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, section 3",
    link: "https://arxiv.org/abs/1610.09585")
  /// Weight in the critic's loss.
  public var criticWeight: Float = 1
  /// Weight in the generator's loss.
  public var generatorWeight: Float = 1
  /// Whether the critic also learns classes from generated images.
  public var countsFake = true
  public var every = 1

  /// The paper's weights.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("critic", \.criticWeight, "weight in the critic's loss", in: 0...1e6),
      .value("generator", \.generatorWeight, "weight in the generator's loss", in: 0...1e6),
      .value("fake", \.countsFake, "whether the critic also learns classes from generated images"),
    ]
  }

  public var needs: Set<CriticPart> { [.classes] }
  public var needsClasses: Bool { true }

  public func critic(_ step: GameStep) -> Tensor? {
    let (real, fake) = (step.real.given(.classes), step.fake.given(.classes))
    let (realClasses, fakeClasses) = (step.real.classes(of: card.name), step.fake.classes(of: card.name))
    step.report("real accuracy", real.accuracy(realClasses))
    step.report("fake accuracy", fake.accuracy(fakeClasses))
    let loss = real.crossEntropy(realClasses)
    return (countsFake ? loss + fake.crossEntropy(fakeClasses) : loss) * criticWeight
  }

  public func generator(_ step: GameStep) -> Tensor? {
    step.fake.given(.classes).crossEntropy(step.fake.classes(of: card.name)) * generatorWeight
  }
}
