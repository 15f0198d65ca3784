extension Tensor {
  /// `softmax(self keysᵀ) values` for each sample: every query `[batch, rows, d]` takes a weighted mean of the values
  /// `[batch, columns, c]`, weighted by its product with their keys `[batch, columns, d]`. Result `[batch, rows, c]`.
  ///
  /// No matrix of rows by columns is held, unless the gradient is itself recorded.
  public func attending(to keys: Tensor, values: Tensor) -> Tensor { apply(Attention(), [self, keys, values]) }
}
