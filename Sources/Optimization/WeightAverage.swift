import Kernels
public import Layers

/// Exponential moving average of a network's parameters and buffers, which samples are drawn from.
///
/// `a ← decay·a + (1-decay)·θ` after each update from `start` on; before it `a = θ` (ajbrock/BigGAN-PyTorch, utils.py: decay 0 before the
/// start). Buffers (running moments, power-iteration vectors) are averaged alike.
/// - Source: Brock, Donahue, Simonyan 2019, appendix C: decay 0.9999. https://arxiv.org/abs/1809.11096
public final class WeightAverage {
  /// Weight of the old average.
  public let decay: Float
  /// First step that averages.
  public let start: Int
  /// Averaged parameters, at first the store's initial ones; nil before the store is allocated.
  public private(set) var values: FlatMemory?
  /// Averaged buffers.
  public private(set) var buffers: FlatMemory?
  private let store: ParameterStore

  /// An average over `store`.
  public init(_ store: ParameterStore, decay: Float, start: Int) {
    self.store = store
    self.decay = decay
    self.start = start
    store.afterAllocation { [unowned self] in
      values = store.values?.copy()
      buffers = store.bufferValues?.copy()
    }
  }

  /// The averages of an allocated store.
  public var allocated: (values: FlatMemory, buffers: FlatMemory) {
    guard let values, let buffers else { preconditionFailure("WeightAverage: store \(store.name) is not allocated") }
    return (values, buffers)
  }

  /// Takes in the numbers after step `step`.
  public func update(step: Int) {
    let averages = allocated
    guard let current = store.values, let currentBuffers = store.bufferValues else { return }
    guard step >= start else {
      averages.values.update(from: current)
      averages.buffers.update(from: currentBuffers)
      return
    }
    unsafe Kernels.interpolate(averages.values.pointer, current.pointer, decay: decay, current.count)
    unsafe Kernels.interpolate(averages.buffers.pointer, currentBuffers.pointer, decay: decay, currentBuffers.count)
  }
}
