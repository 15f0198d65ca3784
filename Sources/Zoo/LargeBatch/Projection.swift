import Layers
import Tensors

/// The projection critic's logits `ψ(h) + ⟨embed(y), h⟩` of features `h [batch, width]`; `ψ(h)` alone for data without classes.
/// - Source: Miyato, Koyama 2018, "cGANs with Projection Discriminator", eq. (3). https://arxiv.org/abs/1802.05637
func projected(_ features: Tensor, _ linear: Dense, _ embedding: Embedding?, _ labels: Labels?, _ mode: Mode) -> Tensor {
  let logits = linear(features, mode)
  guard let embedding else { return logits }
  guard let labels else { preconditionFailure("projection: a conditional critic was called without labels") }
  return logits + (embedding(labels, mode) * features).sum(axes: [1], keepingAxes: true)
}
