import Adversarial
import Layers
import Tensors

/// The projection critic's output of features `h [batch, width]`: logits `ψ(h) + ⟨embed(y), h⟩`, and `ψ(h)` alone for data without classes.
/// - Source: Miyato, Koyama 2018, "cGANs with Projection Discriminator", eq. (3). https://arxiv.org/abs/1802.05637
func projected(_ features: Tensor, _ linear: Dense, _ embedding: Embedding?, _ labels: Labels?, _ mode: Mode) -> CriticOutput {
  let logits = linear(features, mode)
  guard let embedding else { return CriticOutput(logits: logits, features: features) }
  guard let labels else { preconditionFailure("projection: a conditional critic was called without labels") }
  let shift = (embedding(labels, mode) * features).sum(axes: [1], keepingAxes: true)
  return CriticOutput(logits: logits + shift, features: features)
}
