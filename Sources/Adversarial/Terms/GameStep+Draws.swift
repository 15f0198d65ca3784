import Tensors

extension GameStep {
  /// Uniform numbers of the term's own stream `purpose`, `[batch] + shape`.
  func uniform(_ purpose: String, _ shape: [Int], from low: Float = 0, to high: Float = 1) -> Tensor {
    let shape = [context.layout.count] + shape
    if fake.images.isAbstract { return Tensor.abstract(shape, layout: context.layout) }
    return Tensor.uniform(shape, from: low, to: high, key: key(purpose), layout: context.layout)
  }

  /// Standard normal numbers of the term's own stream `purpose`, `[batch] + shape`.
  func normal(_ purpose: String, _ shape: [Int]) -> Tensor {
    let shape = [context.layout.count] + shape
    if fake.images.isAbstract { return Tensor.abstract(shape, layout: context.layout) }
    return Tensor.normal(shape, key: key(purpose), layout: context.layout)
  }

  /// `αx + (1 - α) G(z)`, one α from U(0, 1) for each sample: images on the lines between real and generated ones.
  func interpolates() -> Tensor {
    let share = uniform("share", [1, 1, 1])
    return real.images * share + fake.images.detached * (1 - share)
  }
}
