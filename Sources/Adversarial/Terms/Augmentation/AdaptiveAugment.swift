public import Tensors

/// As `diff-augment`, each change coming to an image with a probability p that follows how sure the critic is of real images.
///
/// `r = E sign D(x)` on real images of the **global** batch says how far the critic overfits. After every `interval` updates of the critic
/// p rises or falls by `interval · batch / (1000 kimg)`, as the mean of r since the last time lies above or below `target`; p stays
/// in [0, 1]. So p goes from 0 to 1 while `kimg` thousand images pass. The changes are those of `ImageAugmentation`, not the paper's
/// larger set.
/// - Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", section 3: target 0.6, 500 thousand
///   images, every 4 updates. https://arxiv.org/abs/2006.06676
public struct AdaptiveAugment: Term {
  public static let card = EntryCard(
    name: "ada", summary: "changes as in diff-augment, as often as holds the critic's certainty on real images; for small data",
    formula: "p <- clip(p + sign(E sign D(x) - target) * interval * batch / (1000 kimg), 0, 1)",
    paper: "Karras et al. 2020, Training GANs with Limited Data, section 3", link: "https://arxiv.org/abs/2006.06676")
  /// What E sign D(x) is held to.
  public var target: Float = 0.6
  /// Thousands of images while p goes from 0 to 1.
  public var kimg: Float = 500
  /// Updates of the critic between two of p.
  public var interval = 4
  /// The changes.
  var augmentation = ImageAugmentation()
  public var every = 1

  /// The paper's controller.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("target", \.target, "what the mean sign of logits on real images is held to", in: -1...1),
      .value("kimg", \.kimg, "thousands of images while p goes from 0 to 1", in: 1e-3...1e6),
      .value("interval", \.interval, "updates of the critic between two of p", in: 1...100_000),
    ] + ImageAugmentation.fields(\.augmentation)
  }

  /// The sign of an energy says nothing.
  public var needsLogits: Bool { true }
  public var state: [StateEntry] { [StateEntry("p"), StateEntry("signs"), StateEntry("updates")] }

  public func augmented(_ images: Tensor, _ pass: AugmentationPass) -> Tensor {
    // A plan has no numbers, and counts the work of changed images.
    let p = pass.state["p"]
    return augmentation(images, ImageDraws(like: images, pass.key), probability: p.isAbstract ? 1 : p.scalar)
  }

  public func critic(_ step: GameStep) -> Tensor? {
    let logits = step.real.output.logits.detached
    // ±1 for every number that is not 0.
    let sign = (logits * Float.greatestFiniteMagnitude).clamped(from: -1, to: 1).mean()
    let p = step.state["p"]
    step.report("p", p)
    step.report("sign", sign)
    if p.isAbstract { return nil }
    let share = step.state.share
    let signs = step.state["signs"].scalar + sign.scalar * share
    let updates = step.state["updates"].scalar + share
    // A batch in parts makes its update with the last of them; thirds do not add up to 1.
    let isDue = updates > Float(interval) - share / 2
    step.state["signs"] = Tensor(isDue ? 0 : signs)
    step.state["updates"] = Tensor(isDue ? 0 : updates)
    if isDue {
      let images = Float(interval * step.context.layout.globalCount * step.context.parts)
      let excess = signs / Float(interval) - target
      let direction: Float = excess > 0 ? 1 : excess < 0 ? -1 : 0
      step.state["p"] = Tensor(min(max(p.scalar + direction * images / (1000 * kimg), 0), 1))
    }
    return nil
  }
}
