public import Adversarial
internal import Layers
internal import Optimization
public import Weights

extension Network {
  /// Parameters and buffers by their dotted paths, in the order of the store.
  /// - Parameters:
  ///   - averaged: whether the averages are meant; a network without an average has only its own numbers.
  ///   - layout: order of the axes.
  public func weights(averaged: Bool, layout: ArrayLayout = .own) -> [WeightArray] {
    guard let own = store.values, let ownBuffers = store.bufferValues else { return [] }
    let (values, buffers) = averaged ? average?.allocated ?? (own, ownBuffers) : (own, ownBuffers)
    func arrays(_ entries: [ParameterStore.Entry], _ memory: FlatMemory) -> [WeightArray] {
      entries.map { entry in
        // Sound: entries lie within the memory of their store.
        let numbers = unsafe Array(UnsafeBufferPointer(start: memory.pointer + entry.offset, count: entry.count))
        let array = WeightArray(name: entry.path, shape: entry.shape, values: numbers)
        return layout.stored(array, weight: weightShape(ofVector: entry.path), isTable: entry.isTable)
      }
    }
    return arrays(store.parameters, values) + arrays(store.buffers, buffers)
  }

  /// Takes all parameters and buffers from a file's arrays, into the averages too.
  /// - Returns: whether the file has any of this network; if it has none, nothing changes.
  /// - Throws: `WeightError` as `fitted` does.
  public func load(_ arrays: [WeightArray], layout: ArrayLayout = .own, path: String) throws -> Bool {
    guard let fitted = try fitted(arrays, layout: layout, path: path) else { return false }
    take(fitted)
    return true
  }

  /// A file's arrays for all parameters and buffers, in the order of the store and lying as here. Needs no memory of the network's own, which
  /// may be of any size as long as nothing is known to fit it.
  /// - Returns: nil when the file has none of this network.
  /// - Throws: `WeightError` when an array is missing, of another shape, not finite, or unknown to the network.
  public func fitted(_ arrays: [WeightArray], layout: ArrayLayout = .own, path: String) throws -> [WeightArray]? {
    let own = arrays.filter { $0.name.hasPrefix("\(store.name).") }
    guard !own.isEmpty else { return nil }
    let entries = store.parameters + store.buffers
    let known = Set(entries.map(\.path))
    if let other = own.first(where: { !known.contains($0.name) }) {
      throw WeightError(
        .mismatch, "\(path): \(other.name) is no array of the network \(store.name) as the model and its options make it; do they fit?")
    }
    let found = Dictionary(own.map { ($0.name, $0) }) { first, _ in first }
    return try entries.map { entry in
      guard let stored = found[entry.path] else {
        throw WeightError(.mismatch, "\(path): no array \(entry.path) of shape \(entry.shape); do the model's options fit?")
      }
      let array = layout.restored(stored, weight: weightShape(ofVector: entry.path), isTable: entry.isTable)
      guard array.shape == entry.shape else {
        throw WeightError(
          .mismatch,
          "\(path): \(entry.path) has the shape \(array.shape), the network has \(entry.shape); do model, options and --layout fit?")
      }
      if let index = array.firstNonFinite {
        throw WeightError(.unreadable, "\(path): \(entry.path) is \(array.values[index]) at element \(index): such weights draw nothing")
      }
      return array
    }
  }

  /// Takes over what `fitted` gave.
  /// - Precondition: the network is allocated.
  public func take(_ fitted: [WeightArray]) {
    guard let values = store.values, let buffers = store.bufferValues else {
      preconditionFailure("Network: weights are loaded into \(store.name), which is not allocated")
    }
    let entries = store.parameters.map { ($0, values) } + store.buffers.map { ($0, buffers) }
    precondition(fitted.map(\.name) == entries.map(\.0.path), "Network: \(store.name) is given the arrays of another network")
    for ((entry, memory), array) in zip(entries, fitted) {
      // Sound: the counts are equal, as the shapes are.
      unsafe array.values.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { unsafe (memory.pointer + entry.offset).update(from: base, count: entry.count) }
      }
    }
    if let average = average?.allocated {
      average.values.update(from: values, in: 0..<values.count)
      average.buffers.update(from: buffers, in: 0..<buffers.count)
    }
  }

  /// For the vector `v` of a weight's spectral norm the shape of that weight.
  private func weightShape(ofVector path: String) -> [Int]? {
    guard path.hasSuffix(".v") else { return nil }
    let stem = path.dropLast(2)
    return store.parameters.first { $0.path == "\(stem).weight" }?.shape
  }
}
