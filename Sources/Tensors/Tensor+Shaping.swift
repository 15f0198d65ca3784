import Sharding

extension Tensor {
  /// The same numbers under another shape; one size may be -1 and is then computed. A sharded tensor keeps its axis 0.
  public func reshaped(_ shape: [Int]) -> Tensor {
    var shape = shape
    if let free = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      precondition(known > 0 && count % known == 0, "reshape: \(self.shape) does not fill \(shape)")
      shape[free] = count / known
    }
    return shape == self.shape ? self : apply(Reshape(shape: shape), [self])
  }

  /// Axis i of the result is axis `permutation[i]`; without a permutation, the last two axes change places.
  public func transposed(_ permutation: [Int]? = nil) -> Tensor {
    var order = Array(0..<rank)
    if permutation == nil && rank >= 2 { order.swapAt(rank - 2, rank - 1) }
    return apply(Transpose(permutation: permutation ?? order), [self])
  }

  /// The elements `range` of an axis; not of the batch axis of a sharded tensor, which `split` cuts.
  public func slice(axis: Int, _ range: Range<Int>) -> Tensor {
    precondition(axis != 0 || layout == nil, "slice: the batch axis of a sharded tensor is cut by split(at:)")
    var offsets = shape.map { _ in 0 }
    var sizes = shape
    precondition(shape.indices.contains(axis), "slice: axis \(axis) of shape \(shape)")
    offsets[axis] = range.lowerBound
    sizes[axis] = range.count
    return apply(Slice(offsets: offsets, sizes: sizes, layout: layout), [self])
  }

  /// The parts of a concatenation along the batch axis, by the layouts (or, when replicated, row counts) of the parts.
  public func split(like parts: [Tensor]) -> [Tensor] {
    var offsets = shape.map { _ in 0 }
    return parts.map { part in
      var sizes = shape
      sizes[0] = part.shape[0]
      defer { offsets[0] += part.shape[0] }
      return apply(Slice(offsets: offsets, sizes: sizes, layout: part.layout), [self])
    }
  }

  /// The tensor inside zeros: `before` and `after` elements on each axis.
  public func padded(before: [Int], after: [Int]) -> Tensor {
    precondition(
      before.count == rank && after.count == rank && (layout == nil || before[0] + after[0] == 0),
      "pad: \(before) before and \(after) after shape \(shape)")
    return apply(Pad(offsets: before, shape: shape.indices.map { before[$0] + shape[$0] + after[$0] }, layout: layout), [self])
  }

  /// Rows of this table `[rows, width]` by index; with `layout`, one row for each local sample.
  public func gathered(_ indices: [Int32], layout: BatchLayout? = nil) -> Tensor {
    apply(Gather(indices: indices, layout: layout), [self])
  }

  /// The rows of all ranks in the order of samples, replicated: `[globalBatch, …]`. What is replicated already stays as it is.
  ///
  /// A scatter with one row for each sample: zeros are added to every number, so its bits are those of the rank that owns it.
  public func gatheredBatch() -> Tensor {
    guard let layout else { return self }
    precondition(
      layout.globalCount == layout.group.plan.batch, "gather of the batch: a concatenation \(shape) is gathered part by part")
    let samples = (0..<layout.count).map { Int32(layout.firstSample + $0) }
    let width = shape.dropFirst().reduce(1, *)
    return reshaped([layout.count, width]).scattered(samples, tableRows: layout.globalCount)
      .reshaped([layout.globalCount] + shape.dropFirst())
  }

  /// These rows `[indices, width]` added into a table of zeros `[tableRows, width]`, over the global batch.
  public func scattered(_ indices: [Int32], tableRows: Int) -> Tensor {
    apply(Scatter(indices: indices, tableRows: tableRows), [self])
  }
}

/// Tensors one after the other along `axis`. Along the batch axis of sharded tensors the parts of each shard stay together in sums.
public func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
  precondition(!parts.isEmpty, "concatenate: no parts")
  return parts.count == 1 ? parts[0] : apply(Concatenate(axis: axis), parts)
}
