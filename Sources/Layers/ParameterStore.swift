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
    /// Whether its rows belong to classes: a table, not a matrix.
    public let isTable: Bool
    /// Number of floats.
    public var count: Int { shape.reduce(1, *) }
  }

  /// Name of the network, first part of every path.
  public let name: String
  /// What becomes of the weights that layers register.
  public let weights: WeightRule
  /// Learned arrays.
  public private(set) var parameters: [Entry] = []
  /// Arrays that are kept but not learned: running moments, power-iteration vectors, a loss's own state.
  public private(set) var buffers: [Entry] = []
  /// Numbers of the parameters; nil before `allocate`.
  public var values: FlatMemory? {
    settle()
    return memory
  }
  /// Numbers of the buffers; nil before `allocate`.
  public private(set) var bufferValues: FlatMemory?
  /// The gradient of the last `gradient { … }`, laid out as `values`; this process fills its `share` of it.
  public var gradientValues: FlatMemory? {
    settle()
    return gradientMemory
  }
  /// The floats of `values` that this process updates: all, unless processes share the memory.
  public private(set) var share = 0..<0

  private var memory: FlatMemory?
  private var gradientMemory: FlatMemory?
  private var home: any StoreMemory = PrivateMemory()
  private var leaves: [Tensor]?
  private var remembered: [String: Tensor] = [:]
  private var unfinished: (() -> Void)?
  private var derivations: [() -> Void] = []
  private var preparations: [() -> Void] = []
  private var bufferCount = 0
  /// Every array starts on a cache line.
  private static let alignment = 16

  /// An empty store.
  public init(name: String, weights: WeightRule = .asBuilt) {
    self.name = name
    self.weights = weights
  }

  /// Number of floats of `values`: the parameters, each on cache lines of its own.
  public private(set) var flatCount = 0

  /// Number of learned floats.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  func register(_ path: String, _ shape: [Int], _ initializer: Initializer, isBuffer: Bool, isTable: Bool = false) -> Int {
    precondition(memory == nil, "ParameterStore: \(path) was registered after the store \(name) was allocated")
    precondition(
      !parameters.contains { $0.path == path } && !buffers.contains { $0.path == path }, "ParameterStore: \(path) is registered twice")
    let offset = isBuffer ? bufferCount : flatCount
    let entry = Entry(path: path, shape: shape, offset: offset, initializer: initializer, isTable: isTable)
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

  /// Runs `body` after initial values were drawn, in the process that drew them: for first values that follow from others.
  func afterDrawing(_ body: @escaping () -> Void) { derivations.append(body) }

  /// Runs `body` once the initial values are there: power-iteration vectors and weight averages start from them.
  public func afterAllocation(_ body: @escaping () -> Void) {
    if memory == nil { preparations.append(body) } else { body() }
  }

  /// Lays out the memory and draws initial values, each from a stream keyed by `seed` and its path.
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - drawing: whether to draw; what is about to be loaded from a checkpoint starts at zero.
  ///   - home: where parameters, gradients and what optimizers remember live; buffers are this process's own.
  public func allocate(seed: UInt64, drawing: Bool = true, in home: any StoreMemory = PrivateMemory()) {
    precondition(memory == nil, "ParameterStore: \(name) was allocated twice")
    self.home = home
    let memory = home.floats(flatCount)
    let kept = FlatMemory(count: bufferCount)
    self.memory = memory
    bufferValues = kept
    let (index, count) = home.share
    func bound(_ index: Int) -> Int { index == count ? flatCount : flatCount * index / count / Self.alignment * Self.alignment }
    share = bound(index)..<bound(index + 1)
    if drawing {
      if index == 0 {
        draw(parameters, memory, seed)
        for derive in derivations { derive() }
      }
      draw(buffers, kept, seed)
    }
    home.barrier()
    for prepare in preparations { prepare() }
    home.barrier()
  }

  private func draw(_ entries: [Entry], _ memory: FlatMemory, _ seed: UInt64) {
    for entry in entries {
      unsafe entry.initializer.fill(memory.pointer + entry.offset, shape: entry.shape, seed: seed, path: entry.path)
    }
  }

  /// Zeros laid out as `values`, in the same kind of memory: for a gradient, a moment, an average.
  public func makeMemory() -> FlatMemory { home.floats(flatCount) }

  /// Waits for the processes that share this store's memory.
  public func barrier() { home.barrier() }

  /// All parameters by path; tracked inside `gradient { … }`.
  public var namedParameters: [(path: String, tensor: Tensor)] {
    parameters.indices.map { (parameters[$0].path, parameter($0)) }
  }

  func parameter(_ index: Int) -> Tensor {
    if let leaves { return leaves[index] }
    settle()
    return view(parameters[index], memory)
  }

  func buffer(_ index: Int) -> Tensor { view(buffers[index], bufferValues) }

  private func view(_ entry: Entry, _ memory: FlatMemory?) -> Tensor {
    guard let memory else { return Tensor.abstract(entry.shape) }
    return unsafe Tensor(viewing: memory.pointer + entry.offset, shape: entry.shape, anchor: memory)
  }

  /// Overwrites a buffer.
  func setBuffer(_ index: Int, to tensor: Tensor) { set(buffers[index], in: bufferValues, to: tensor) }

  /// Overwrites a parameter.
  func setParameter(_ index: Int, to tensor: Tensor) { set(parameters[index], in: memory, to: tensor) }

  private func set(_ entry: Entry, in memory: FlatMemory?, to tensor: Tensor) {
    precondition(tensor.shape == entry.shape, "\(entry.path): shape \(tensor.shape), \(entry.shape) is needed")
    guard let memory else { return }
    unsafe tensor.withValues { source in
      if let base = source.baseAddress { unsafe (memory.pointer + entry.offset).update(from: base, count: entry.count) }
    }
  }

  // MARK: Gradients

  /// Computes a scalar with this store's parameters tracked, and its gradient into `gradientValues`.
  ///
  /// - Parameter loss: returns a scalar; sums over the batch are over the global batch, so it is the same on every rank.
  /// - Returns: the scalar, not tracked.
  public func gradient(of loss: () throws -> Tensor) rethrows -> Tensor {
    let value = try gradient(parts: 1, of: { _ in try loss() }, then: {})[0]
    settle()
    return value
  }

  /// Computes the gradient of a sum of scalars, one for each part of a batch, and what is to be done with it.
  ///
  /// Sums over the ranks travel until the gradient is needed: `update` runs when somebody next asks for the numbers of this store. In a
  /// process alone it runs at once.
  /// - Parameters:
  ///   - parts: number of parts; over several the plan keeps shards apart.
  ///   - loss: the scalar of a part.
  ///   - update: uses `values` and `gradientValues`, on their `share`; every process that shares them comes here.
  /// - Returns: the scalars, not tracked.
  public func gradient(parts: Int, of loss: (_ part: Int) throws -> Tensor, then update: @escaping () -> Void) rethrows -> [Tensor] {
    precondition(leaves == nil, "ParameterStore: gradients of \(name) inside gradients of \(name)")
    settle()
    let tracked = parameters.map { view($0, memory).asLeaf() }
    leaves = tracked
    defer {
      leaves = nil
      remembered = [:]
    }
    let gradient = ParameterGradient(at: tracked)
    let scalars = try (0..<parts).map { part in
      let value = try loss(part)
      gradient.add(value, isLast: part == parts - 1)
      return value.detached
    }
    unfinished = { [unowned self] in
      complete(gradient)
      if memory != nil { update() }
    }
    if !gradient.isUnderWay {
      leaves = nil
      settle()
    }
    return scalars
  }

  /// Waits for the gradient under way, if there is one, and makes its update.
  public func settle() {
    guard let finish = unfinished else { return }
    unfinished = nil
    finish()
  }

  private func complete(_ gradient: ParameterGradient) {
    guard memory != nil else { return gradient.finish { _, _ in } }
    let flat = gradientMemory ?? makeMemory()
    gradientMemory = flat
    var missing = Set(parameters.indices)
    gradient.finish { index, result in
      missing.remove(index)
      unsafe write(parameters[index], to: flat) { target, start, count in
        unsafe result.copy(from: start, count: count, to: target)
      }
    }
    for index in missing {
      unsafe write(parameters[index], to: flat) { target, _, count in unsafe target.update(repeating: 0, count: count) }
    }
  }

  /// Hands over what of an entry lies in this process's share: where it goes, the first element and how many.
  private func write(_ entry: Entry, to flat: FlatMemory, _ body: (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
    let range = (entry.offset..<(entry.offset + entry.count)).clamped(to: share)
    if !range.isEmpty { unsafe body(flat.pointer + range.lowerBound, range.lowerBound - entry.offset, range.count) }
  }

  /// A tensor that depends on the parameters alone, computed once for all parts of a gradient, so that its own gradient is taken once.
  public func remembering(_ key: String, _ make: () -> Tensor) -> Tensor {
    guard leaves != nil else { return make() }
    if let known = remembered[key] { return known }
    let made = make()
    remembered[key] = made
    return made
  }

  /// Runs `body` with other numbers in place of the store's own: the weight average, with moments of its own.
  public func using<R>(values other: FlatMemory, buffers otherBuffers: FlatMemory, _ body: () throws -> R) rethrows -> R {
    precondition(
      other.count == flatCount && otherBuffers.count == bufferCount, "ParameterStore: numbers of another layout for \(name)")
    settle()
    let own = (memory, bufferValues)
    (memory, bufferValues) = (other, otherBuffers)
    defer { (memory, bufferValues) = own }
    return try body()
  }

  /// Runs `body` on a copy of the buffers: passes in training mode then leave no trace in this store.
  public func preservingBuffers<R>(_ body: () throws -> R) rethrows -> R {
    settle()
    let own = bufferValues
    bufferValues = own?.copy()
    defer { bufferValues = own }
    return try body()
  }
}
