public import Layers
public import Tensors

/// The critic learns classes from the few images whose labels it may see: `strength · CE(C(x), y)` on a batch of them.
///
/// The log carries the share of those that it classifies right, and, where the data has labels, that of the step's other real images, whose
/// labels no loss reads. Both are of passes in training.
/// - Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 5, L_supervised. https://arxiv.org/abs/1606.03498
public struct FewLabels: Term {
  /// The stream that has those images.
  public static let labelled = "labelled"

  public static let card = EntryCard(
    name: "few-labels", summary: "the critic learns classes from the few images whose labels it may see; SemiGAN",
    formula: "critic: strength * CE(C(x), y), C the class logits, on a batch of labelled images of its own",
    paper: "Salimans et al. 2016, Improved Techniques for Training GANs, section 5", link: "https://arxiv.org/abs/1606.03498")
  /// Weight of the loss.
  public var strength: Float = 1
  public var every = 1

  /// The paper's weight.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("strength", \.strength, "weight of the loss", in: 0...1e6)] }

  public var needs: Set<CriticPart> { [.classes] }
  public var stream: String? { Self.labelled }

  public func critic(_ step: GameStep) -> Tensor? {
    if let labels = step.context.labels { step.report("hidden accuracy", step.real.given(.classes).accuracy(labels)) }
    return Self.loss(step.context, report: step.report) { step.criticize($0, nil) } * strength
  }

  /// The loss without a game, of a classifier that learns from those images alone: a control.
  /// - Parameters:
  ///   - context: the step, with images and labels.
  ///   - criticize: what the critic says of images in training, with the draws of a pass.
  public static func alone(_ context: StepContext, _ criticize: (Tensor, PassDraws) -> CriticOutput) -> Tensor {
    func pass(_ name: String, _ images: Tensor) -> CriticOutput {
      criticize(images, PassDraws([PassDraws.Part(images.layout) { context.key("\($0) \(name)") }]))
    }
    if let labels = context.labels {
      context.report("\(card.name) hidden accuracy", pass("hidden", context.images).given(.classes).detached.accuracy(labels))
    }
    return loss(context, report: { context.report("\(card.name) \($0)", $1) }) { pass(labelled, $0) }
  }

  private static func loss(
    _ context: StepContext, report: (String, Tensor) -> Void, _ criticize: (Tensor) -> CriticOutput
  ) -> Tensor {
    let batch = context.batch(of: labelled)
    guard let labels = batch.labels else { preconditionFailure("\(card.name): the labelled images have no labels") }
    let classes = criticize(batch.images).given(.classes)
    report("labelled accuracy", classes.accuracy(labels))
    return classes.crossEntropy(labels)
  }
}
