/// A place in a store, by dotted path: what a layer is built in.
public struct Scope {
  /// The store that layers register in.
  public let store: ParameterStore
  /// Dotted path from the network's name on.
  public let path: String

  /// The top of a store.
  public init(_ store: ParameterStore) {
    self.store = store
    path = store.name
  }

  private init(store: ParameterStore, path: String) {
    self.store = store
    self.path = path
  }

  /// The place `name` below this one.
  public subscript(_ name: String) -> Scope { Scope(store: store, path: "\(path).\(name)") }
  /// The place `index` below this one.
  public subscript(_ index: Int) -> Scope { self["\(index)"] }

  /// Registers a learned array; a table has a row for each class.
  public func parameter(_ name: String, _ shape: [Int], _ initializer: Initializer, isTable: Bool = false) -> Parameter {
    Parameter(store: store, index: store.register("\(path).\(name)", shape, initializer, isBuffer: false, isTable: isTable))
  }

  /// Registers a kept array.
  public func buffer(_ name: String, _ shape: [Int], _ initializer: Initializer) -> Buffer {
    Buffer(store: store, index: store.register("\(path).\(name)", shape, initializer, isBuffer: true))
  }
}

/// How a network runs; an argument of every layer, never a global.
public enum Mode: Equatable, Sendable {
  /// Moments of the batch, running averages updated, one power iteration.
  case training
  /// Running (or standing) moments, nothing changes.
  case inference
  /// Moments of the batch, averaged into the running moments with weight 1/pass: standing statistics (Brock et al. 2019, section 3).
  case accumulating(pass: Int)
}
