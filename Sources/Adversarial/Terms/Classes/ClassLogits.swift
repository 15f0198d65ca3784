import Layers
import Tensors

extension Tensor {
  /// `E(ln Σ eˡ - l_y)` of class logits `[batch, classes]`: the mean cross entropy over the global batch.
  func crossEntropy(_ labels: Labels) -> Tensor {
    (logSumExp() - (self * labels.oneHot(classes: shape[1])).sum(axes: [1], keepingAxes: true)).mean()
  }

  /// The share of rows of class logits, over the global batch, whose largest logit is that of their class; never tracked.
  func accuracy(_ labels: Labels) -> Tensor {
    if isAbstract { return Tensor.abstract([]) }
    let (classes, logits) = (shape[1], detached.values)
    let hits = labels.values.enumerated().map { row, label -> Float in
      let own = logits[(row * classes)..<((row + 1) * classes)]
      return own.allSatisfy { $0 <= own[own.startIndex + Int(label)] } ? 1 : 0
    }
    return (layout.map { Tensor(rows: hits, shape: [hits.count], layout: $0) } ?? Tensor(hits, shape: [hits.count])).mean()
  }
}

extension GameImages {
  /// The classes of images, for a term that says it needs them.
  func classes(of term: String) -> Labels {
    guard let labels else { preconditionFailure("\(term): the images have no classes; say needsClasses") }
    return labels
  }
}
