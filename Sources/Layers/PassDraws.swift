public import Kernels
public import Tensors

/// Random numbers of one pass of a network in training, for layers that draw: dropout, noise.
///
/// A batch that is a concatenation of images, real ones and generated ones, has a stream for each of its parts, whose row i belongs to
/// sample i of the part. So a number depends on the global sample, whatever rank owns it.
public struct PassDraws {
  /// One part of the batch.
  public struct Part {
    let layout: BatchLayout?
    let key: (_ purpose: String) -> RandomKey

    /// The samples of `layout`, whose streams `key` makes.
    public init(_ layout: BatchLayout?, key: @escaping (_ purpose: String) -> RandomKey) {
      self.layout = layout
      self.key = key
    }
  }

  private let parts: [Part]

  /// The draws of a pass over these parts, in the order of their concatenation.
  public init(_ parts: [Part]) { self.parts = parts }

  /// Uniform numbers in `[0, 1)` of the shape of `x`, whose axis 0 is the batch of the pass.
  public func uniform(_ purpose: String, like x: Tensor) -> Tensor {
    drawn(like: x) { Tensor.uniform($0, key: $1.key(purpose), layout: $1.layout) }
  }

  /// Standard normal numbers of the shape of `x`, whose axis 0 is the batch of the pass.
  public func normal(_ purpose: String, like x: Tensor) -> Tensor {
    drawn(like: x) { Tensor.normal($0, key: $1.key(purpose), layout: $1.layout) }
  }

  private func drawn(like x: Tensor, _ draw: (_ shape: [Int], _ part: Part) -> Tensor) -> Tensor {
    if x.isAbstract { return Tensor.abstract(x.shape, layout: x.layout) }
    let sample = Array(x.shape.dropFirst())
    // A part of replicated rows stands alone: its count is the batch's.
    let drawn = parts.map { part in draw([part.layout?.count ?? x.shape[0]] + sample, part) }
    return drawn.count == 1 ? drawn[0] : concatenated(drawn, axis: 0)
  }
}
