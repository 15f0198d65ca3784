import Layers
import Tensors

/// The critic's slopes `∇ₓ D(x)` at images, what gradient penalties are made of. D is the critic's logit, its energy, or the witness of a loss
/// that compares features.
struct Slopes {
  /// `‖∇ₓ D(x)‖²` over an image's numbers, `[batch]`; of a critic with a logit for each patch, D is their sum.
  let squares: Tensor
  /// What the critic said in this pass.
  let logits: Tensor

  /// A pass of the critic, recorded, so that the penalty reaches the critic's parameters.
  ///
  /// Each sample has a logit of its own, so the slope of the sum of all is the slope of each (batch norm in a critic breaks this).
  init(_ step: GameStep, at images: Tensor, _ labels: Labels?) { self.init(at: images) { step.criticize($0, labels) } }

  /// The same of any pass.
  init(at images: Tensor, _ criticize: (Tensor) -> CriticOutput) {
    var said: Tensor?
    let slope = gradient(at: images.detached) { images in
      let logits = criticize(images).logits
      said = logits
      return logits.sum()
    }
    guard let said else { preconditionFailure("Slopes: the critic was not asked") }
    squares = slope.squared().sum(axes: Array(1..<slope.rank))
    logits = said
  }

  /// `√(‖∇ₓ D(x)‖² + 1e-12)`: a critic that is flat somewhere must not make the root's slope infinite.
  var norms: Tensor { (squares + 1e-12).squareRoot() }
}
