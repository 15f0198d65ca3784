public import Tensors

/// The steepest slope between real and generated images of the **global** batch: `λ max ‖∇ₓ D(x̂)‖²`, `x̂` as in `GradientPenalty`.
///
/// The maximum over a batch stands for the Lipschitz constant. The gradient is that of the steepest sample, the first of equal ones. The
/// authors' code can also keep the steepest points of earlier steps, which is off by default there; here each step has its own.
/// - Source: Zhou et al. 2019, "Lipschitz Generative Adversarial Nets". https://arxiv.org/abs/1902.05687; λ: the default of the authors'
///   code, ZhimingZhou/LGANs-for-reproduce, code/sobolev_cifar10.py (PyTorch-StudioGAN, configs/CIFAR10/LGAN.yaml, has 10)
public struct MaximalGradient: Term {
  public static let card = EntryCard(
    name: "maximal-gradient", summary: "the steepest slope of the whole batch between real and generated images",
    formula: "critic: strength * max |grad D(x')|^2, x' = a x + (1 - a) G(z), a from U(0, 1) for each sample",
    paper: "Zhou et al. 2019, Lipschitz Generative Adversarial Nets", link: "https://arxiv.org/abs/1902.05687")
  /// Weight λ.
  public var strength: Float = 0.1
  public var every = 1

  /// The weight of the authors' code.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("strength", \.strength, "weight of the penalty", in: 0...1e6)] }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    let all = Slopes(step, at: step.interpolates(), step.real.labels).squares.gatheredBatch()
    return (all * Self.steepest(all)).sum() * strength
  }

  /// 1 at the first of the largest numbers, 0 elsewhere: the same on every rank, as all hold the same numbers.
  private static func steepest(_ all: Tensor) -> Tensor {
    if all.isAbstract { return Tensor.abstract(all.shape) }
    let values = all.values
    let place = values.indices.dropFirst().reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    return Tensor(values.indices.map { $0 == place ? 1 : 0 }, shape: all.shape)
  }
}
