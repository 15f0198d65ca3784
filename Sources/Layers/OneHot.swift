public import Tensors

extension Labels {
  /// One row for each sample, `[batch, classes]`: 1 at its class and 0 elsewhere; between two classes the shares of both.
  public func oneHot(classes: Int) -> Tensor {
    var rows = [Float](repeating: 0, count: values.count * classes)
    for (row, label) in values.enumerated() {
      precondition((0..<classes).contains(Int(label)), "Labels: class \(label), there are \(classes)")
      let share = blend?.shares[row] ?? 0
      rows[row * classes + Int(label)] += 1 - share
      if let blend { rows[row * classes + Int(blend.others[row])] += share }
    }
    let shape = [values.count, classes]
    return layout.map { Tensor(rows: rows, shape: shape, layout: $0) } ?? Tensor(rows, shape: shape)
  }
}
