public import Tensors

/// A learned array of a store, as a layer holds it.
public struct Parameter {
  let store: ParameterStore
  let index: Int
  /// The numbers; tracked inside `gradient { … }` of the store.
  public var tensor: Tensor { store.parameter(index) }
  /// Overwrites the numbers; for first values, in the process that draws them.
  func set(_ tensor: Tensor) { store.setParameter(index, to: tensor) }
}

/// A kept but not learned array of a store.
public struct Buffer {
  let store: ParameterStore
  let index: Int
  /// The numbers, never tracked.
  public var tensor: Tensor { store.buffer(index) }
  /// Overwrites the numbers.
  public func set(_ tensor: Tensor) { store.setBuffer(index, to: tensor) }
}
