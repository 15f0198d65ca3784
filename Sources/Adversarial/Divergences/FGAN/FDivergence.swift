public import Tensors

/// A member of the f-divergences `D_f(P‖Q) = ∫ q(x) f(p(x)/q(x)) dx`, estimated from below by a critic V.
///
/// `D_f ≥ E g(r) - E f*(g(f))` for any critic, with `g` the output activation that maps real numbers into the domain of the convex
/// conjugate `f*(t) = sup_u (ut - f(u))`; equal at `g(V) = f'(p/q)`. The critic minimises the bound's negative. The generator minimises
/// the bound itself, or, where its slope vanishes while the critic is right, maximises `E g(f)`. `f*(g(V))` is one closed form, finite
/// wherever its value is.
///
/// Activations grow with V, so that a larger output means "more real"; the paper has -exp(v), 1 - exp(v) for some.
/// - Source: Nowozin, Cseke, Tomioka 2016, "f-GAN": tables of f, conjugates and output activations, section 3.2 on the two objectives. https://arxiv.org/abs/1606.00709
public protocol FDivergence: Divergence {
  /// What the generator does.
  var generator: GeneratorForm { get set }
  /// `g(V)`.
  func activation(_ output: Tensor) -> Tensor
  /// `f*(g(V))`.
  func conjugate(_ output: Tensor) -> Tensor
  /// `f(u)` for a ratio of densities u ≥ 0; infinite where f is.
  func value(_ ratio: Double) -> Double
  /// The best V where p/q is `ratio`: `g(V) = f'(u)`.
  func optimalOutput(_ ratio: Double) -> Double
}

/// Which of the paper's two objectives the generator has.
public enum GeneratorForm: String, OptionWord, Sendable {
  /// It minimises the divergence's bound, `-E f*(g(f))`.
  case saturating
  /// It maximises `E g(f)`.
  case nonSaturating = "non-saturating"
}

extension FDivergence {
  public static var fields: [OptionField<Self>] { [generatorField] }

  static var generatorField: OptionField<Self> {
    .value("generator", \.generator, "its objective: saturating, the divergence itself, or non-saturating")
  }

  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { conjugate(fake).mean() - activation(real).mean() }

  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor {
    switch generator {
    case .saturating: -conjugate(fake).mean()
    case .nonSaturating: -activation(fake).mean()
    }
  }

  /// An image is taken for real where `g(V) > f'(1)`.
  public var threshold: Float? { Float(optimalOutput(1)) }

  /// The card of a member.
  static func member(_ name: String, _ summary: String, f: String, activation: String, conjugate: String) -> EntryCard {
    EntryCard(
      name: name, summary: summary,
      formula: "f(u) = \(f), g(v) = \(activation), f*(g(v)) = \(conjugate); critic E f*(g(f)) - E g(r), "
        + "generator -E g(f) or -E f*(g(f))",
      paper: "Nowozin, Cseke, Tomioka 2016, f-GAN, tables of f, conjugates and activations", link: "https://arxiv.org/abs/1606.00709")
  }
}
