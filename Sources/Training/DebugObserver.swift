import Kernels
import Tensors

/// Checks every primitive's result for NaN and infinity and remembers the first one found.
final class DebugObserver: PrimitiveObserver {
  /// Layer, primitive, value and place of the first result that is no number.
  private(set) var found: String?

  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { check(type(of: primitive).name, output) }
  func didEvaluate(_ name: String, _ outputs: [Tensor], flops: Double) { for output in outputs { check(name, output) } }

  private func check(_ name: String, _ output: Tensor) {
    guard found == nil, !output.isAbstract else { return }
    unsafe output.withValues { values in
      guard let base = values.baseAddress, let index = unsafe firstNonFinite(base, values.count) else { return }
      let path = Observation.path
      found = "\(path.isEmpty ? "" : path + ": ")\(name) gave \(unsafe values[index]) at element \(index) of shape \(output.shape)"
    }
  }
}
