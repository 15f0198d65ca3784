import Kernels
public import Tensors

/// All parameters and buffers of one network: two flat memories and a table of dotted paths.
///
/// Layers register entries while the network is built; `allocate(seed:)` lays them out and draws initial values. Before that (in a
/// planning run for ever) the tensors have shapes only. Parameters are tracked only inside `gradient { … }` of their own store.
public final class ParameterStore {
  /// A named array of the store.
  public struct Entry: Sendable {
    /// Dotted path, as `generator.blocks.2.conv1.weight`.
    public let path: String
    /// Sizes of the axes.
    public let shape: [Int]
    /// First float in the flat memory.
    public let offset: Int
    let initializer: Initializer
    /// Number of floats.
    public var count: Int { shape.reduce(1, *) }
  }

  /// Name of the network, first part of every path.
  public let name: String
  /// Learned arrays.
  public private(set) var parameters: [Entry] = []
  /// Arrays that are kept but not learned: running moments, power-iteration vectors, a loss's own state.
  public private(set) var buffers: [Entry] = []
  /// Numbers of the parameters; nil before `allocate`.
  public private(set) var values: FlatMemory?
  /// Numbers of the buffers; nil before `allocate`.
  public private(set) var bufferValues: FlatMemory?
  /// The gradient of the last `gradient { … }`, laid out as `values`.
  public private(set) var gradientValues: FlatMemory?

  private var leaves: [Tensor]?
  private var preparations: [() -> Void] = []
  private var flatCount = 0
  private var bufferCount = 0
  /// Every array starts on a cache line.
  private static let alignment = 16

  /// An empty store.
  public init(name: String) { self.name = name }

  /// Number of learned floats.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  func register(_ path: String, _ shape: [Int], _ initializer: Initializer, isBuffer: Bool) -> Int {
    precondition(values == nil, "ParameterStore: \(path) was registered after the store \(name) was allocated")
    precondition(
      !parameters.contains { $0.path == path } && !buffers.contains { $0.path == path }, "ParameterStore: \(path) is registered twice")
    let offset = isBuffer ? bufferCount : flatCount
    let entry = Entry(path: path, shape: shape, offset: offset, initializer: initializer)
    let end = (offset + entry.count + Self.alignment - 1) / Self.alignment * Self.alignment
    if isBuffer {
      bufferCount = end
      buffers.append(entry)
      return buffers.count - 1
    }
    flatCount = end
    parameters.append(entry)
    return parameters.count - 1
  }

  /// Runs `body` once the initial values are there: power-iteration vectors and weight averages start from them.
  public func afterAllocation(_ body: @escaping () -> Void) {
    if values == nil { preparations.append(body) } else { body() }
  }

  /// Lays out the memory and draws initial values, each from a stream keyed by `seed` and its path.
  /// - Parameter drawing: whether to draw; what is about to be loaded from a checkpoint starts at zero.
  public func allocate(seed: UInt64, drawing: Bool = true) {
    precondition(values == nil, "ParameterStore: \(name) was allocated twice")
    let memory = FlatMemory(count: flatCount)
    let kept = FlatMemory(count: bufferCount)
    values = memory
    bufferValues = kept
    for (entries, memory) in drawing ? [(parameters, memory), (buffers, kept)] : [] {
      for entry in entries {
        unsafe entry.initializer.fill(memory.pointer + entry.offset, shape: entry.shape, seed: seed, path: entry.path)
      }
    }
    for prepare in preparations { prepare() }
  }

  /// All parameters by path; tracked inside `gradient { … }`.
  public var namedParameters: [(path: String, tensor: Tensor)] {
    parameters.indices.map { (parameters[$0].path, parameter($0)) }
  }

  func parameter(_ index: Int) -> Tensor {
    if let leaves { return leaves[index] }
    return view(parameters[index], values)
  }

  func buffer(_ index: Int) -> Tensor { view(buffers[index], bufferValues) }

  private func view(_ entry: Entry, _ memory: FlatMemory?) -> Tensor {
    guard let memory else { return Tensor.abstract(entry.shape) }
    return unsafe Tensor(viewing: memory.pointer + entry.offset, shape: entry.shape, anchor: memory)
  }

  /// Overwrites a buffer.
  func setBuffer(_ index: Int, to tensor: Tensor) {
    let entry = buffers[index]
    precondition(tensor.shape == entry.shape, "\(entry.path): shape \(tensor.shape), \(entry.shape) is needed")
    guard let memory = bufferValues else { return }
    unsafe tensor.withValues { source in
      if let base = source.baseAddress { unsafe (memory.pointer + entry.offset).update(from: base, count: entry.count) }
    }
  }

  /// Computes a scalar with this store's parameters tracked, and its gradient into `gradientValues`.
  ///
  /// - Parameters:
  ///   - adding: whether to add to the gradient of an earlier part of the batch instead of replacing it.
  ///   - loss: returns a scalar; sums over the batch are over the global batch, so it is the same on every rank.
  /// - Returns: the scalar, not tracked.
  public func gradient(adding: Bool = false, of loss: () throws -> Tensor) rethrows -> Tensor {
    precondition(leaves == nil, "ParameterStore: gradients of \(name) inside gradients of \(name)")
    let tracked = parameters.map { view($0, values).asLeaf() }
    leaves = tracked
    defer { leaves = nil }
    let value = try loss()
    leaves = nil
    let results = gradients(of: value, at: tracked)
    guard values != nil else { return value.detached }
    let flat = gradientValues ?? FlatMemory(count: flatCount)
    gradientValues = flat
    for (entry, result) in zip(parameters, results) {
      let target = unsafe flat.pointer + entry.offset
      guard let result else {
        if !adding { unsafe target.update(repeating: 0, count: entry.count) }
        continue
      }
      unsafe result.withValues { source in
        guard let base = source.baseAddress else { return }
        if adding {
          unsafe Kernels.accumulate(base, target, entry.count)
        } else {
          unsafe target.update(from: base, count: entry.count)
        }
      }
    }
    return value.detached
  }

  /// Runs `body` with other numbers in place of the store's own: the weight average, with moments of its own.
  public func using<R>(values other: FlatMemory, buffers otherBuffers: FlatMemory, _ body: () throws -> R) rethrows -> R {
    precondition(
      other.count == flatCount && otherBuffers.count == bufferCount, "ParameterStore: numbers of another layout for \(name)")
    let own = (values, bufferValues)
    (values, bufferValues) = (other, otherBuffers)
    defer { (values, bufferValues) = own }
    return try body()
  }
}

/// A learned array of a store, as a layer holds it.
public struct Parameter {
  let store: ParameterStore
  let index: Int
  /// The numbers; tracked inside `gradient { … }` of the store.
  public var tensor: Tensor { store.parameter(index) }
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
