import Tensors

/// Weight division by the largest singular value, estimated by power iteration.
///
/// For `W [rows, columns]` (a kernel's last axis is the columns): `v ← W u / ‖W u‖`, `u ← Wᵀ v / ‖Wᵀ v‖`, `σ = vᵀ W u`, result `W / σ`;
/// the gradient flows through σ. `u` and `v` persist; a training forward makes one iteration. While a gradient of the weight's own
/// network is taken, all forwards share the first one's σ: so the division is differentiated once, after the sums of all parts of the
/// batch have been added. (Miyato et al. iterate in each forward; with one forward per update there is no difference.)
/// - Source: Miyato et al. 2018, "Spectral Normalization for GANs", algorithm 1. https://arxiv.org/abs/1802.05957
public struct SpectralNorm: WeightTransformation {
  /// Numbers of the layers that use spectral norm.
  public struct Settings: Sendable, Equatable {
    /// Smallest norm divided by. 1e-6 in ajbrock/BigGAN-PyTorch's scripts, 1e-4 in the BigGAN paper, appendix B.
    public var epsilon: Float
    /// Settings with this ε.
    public init(epsilon: Float = 1e-6) { self.epsilon = epsilon }
  }

  private let settings: Settings
  private let u: Buffer
  private let v: Buffer
  let path: String

  /// Vectors for a weight of `shape` in `scope`.
  init(_ scope: Scope, weight: Parameter, shape: [Int], settings: Settings) {
    self.settings = settings
    let columns = shape.last ?? 1
    path = scope.path
    u = scope.buffer("u", [columns], .normal(deviation: 1))
    v = scope.buffer("v", [shape.reduce(1, *) / columns], .zeros)
    let own = self
    // Without this the first inference of an untrained network would divide by v = 0.
    scope.store.afterAllocation { _ = own.iterate(weight.tensor) }
  }

  /// `weight / σ`, in the weight's shape.
  func callAsFunction(_ weight: Tensor, _ mode: Mode) -> Tensor {
    let sigma = mode == .training ? iterate(weight.detached) : nil
    return weight.dividedBySingularValue(u: u.tensor, v: v.tensor, sigma: sigma)
  }

  /// One power iteration.
  /// - Returns: σ = vᵀ W u of the new vectors; nil for a weight without numbers.
  private func iterate(_ weight: Tensor) -> Float? {
    guard !weight.isAbstract else { return nil }
    let (image, coimage) = weight.reshaped([-1, weight.shape[weight.rank - 1]]).powerIteration(u.tensor)
    let imageNorm = norm(image)
    v.set(image / imageNorm)
    // Wᵀ v, as v is the image over its norm.
    let turned = coimage / imageNorm
    u.set(turned / norm(turned))
    return (turned * u.tensor).sum().scalar
  }

  private func norm(_ x: Tensor) -> Float { max(x.squared().sum().squareRoot().scalar, settings.epsilon) }
}
