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
      values = store.makeMemory()
      if let current = store.values { values?.update(from: current, in: store.share) }
      buffers = store.bufferValues?.copy()
    }
  }

  /// The averages of an allocated store.
  public var allocated: (values: FlatMemory, buffers: FlatMemory) {
    store.settle()
    guard let values, let buffers else { preconditionFailure("WeightAverage: store \(store.name) is not allocated") }
    return (values, buffers)
  }

  /// Takes in the numbers after step `step`, of the parameters within the store's `share`.
  public func update(step: Int) {
    let averages = allocated
    guard let current = store.values, let currentBuffers = store.bufferValues else { return }
    let decay = step >= start ? decay : 0
    take(current, into: averages.values, decay: decay, in: store.share)
    take(currentBuffers, into: averages.buffers, decay: decay, in: 0..<currentBuffers.count)
  }

  private func take(_ current: FlatMemory, into average: FlatMemory, decay: Float, in range: Range<Int>) {
    if decay == 0 { return average.update(from: current, in: range) }
    unsafe Kernels.interpolate(average.pointer + range.lowerBound, current.pointer + range.lowerBound, decay: decay, range.count)
  }
}
