public import Tensors

/// The critic's logits held near what it used to say of the other kind: `λ (E(r - F)² + E(f - R)²)`.
///
/// R and F are moving averages of the mean logits on real and on generated images of the **global** batch, `a ← decay·a + (1-decay)·mean`,
/// taken before the penalty. For the first `start` steps they follow the batch, and nothing is added. `rectified` takes
/// `max(0, r - F)` and `max(0, R - f)`, as the authors' code does where the paper has plain squares.
/// - Source: Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data". https://arxiv.org/abs/2104.03310;
///   the numbers from the authors' code, google/lecam-gan: λ 0.3 in biggan_cifar/scripts/lc-biggan-cifar10-0.2.sh, step 1000 in
///   biggan_cifar/train.py, 0.99 in stylegan2/lecam_loss.py; the rectified form in biggan_cifar/losses.py
public struct LeCam: Term {
  public static let card = EntryCard(
    name: "lecam", summary: "logits held near moving averages of those on the other kind; for small data",
    formula: "critic: strength * (E (r - F)^2 + E (f - R)^2), R and F moving averages of E r and E f",
    paper: "Tseng et al. 2021, Regularizing GANs under Limited Data", link: "https://arxiv.org/abs/2104.03310")
  /// Weight λ.
  public var strength: Float = 0.3
  /// Weight of the old average.
  public var decay: Float = 0.99
  /// First step that is penalised.
  public var start = 1000
  /// Whether only logits beyond the averages count.
  public var isRectified = false
  public var every = 1

  /// The authors' numbers: a weight of 0.3 and averages over about a hundred steps, from step 1000 on.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the penalty", in: 0...1e6),
      .value("decay", \.decay, "weight of the old averages", in: 0...0.99999),
      .value("start", \.start, "first step that is penalised", in: 0...Int.max),
      .value("rectified", \.isRectified, "whether only logits beyond the averages count, as in the authors' code"),
    ]
  }

  public var state: [StateEntry] { [StateEntry("real"), StateEntry("fake")] }

  public func critic(_ step: GameStep) -> Tensor? {
    let (r, f) = (step.real.output.logits, step.fake.output.logits)
    let isFollowing = step.context.step < start
    // A part of a batch makes a part of the update.
    let rest = isFollowing ? 1 : (1 - decay) * step.state.share
    for (name, logits) in [("real", r), ("fake", f)] {
      step.state[name] = step.state[name] * (1 - rest) + logits.detached.mean() * rest
      step.report("\(name) average", step.state[name])
    }
    if isFollowing { return nil }
    let (beyond, below) = (r - step.state["fake"], step.state["real"] - f)
    let squares = isRectified ? (beyond.rectified().squared(), below.rectified().squared()) : (beyond.squared(), below.squared())
    return (squares.0.mean() + squares.1.mean()) * strength
  }
}
