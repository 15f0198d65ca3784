public import Layers
public import Tensors

/// A number, or several, that a divergence or a term carries from step to step: BEGAN's k, LeCam's averages, ADA's p.
public struct StateEntry: Sendable {
  /// Name below the owner's.
  public let name: String
  /// Sizes of the axes; empty for a single number.
  public let shape: [Int]
  /// First value.
  public let initial: Float

  /// An entry that starts as `initial` everywhere.
  public init(_ name: String, shape: [Int] = [], initial: Float = 0) {
    self.name = name
    self.shape = shape
    self.initial = initial
  }
}

/// The state of one divergence or term: buffers `CRITIC.game.OWNER.NAME` of the critic's store, so checkpoints hold them.
///
/// What is stored must be the same on every rank: numbers computed from global means are.
public struct GameState {
  private let buffers: [String: Buffer]
  /// The part of an update that this evaluation makes: below 1 when the batch is accumulated in parts. Steps of the state go by it.
  public internal(set) var share: Float = 1

  /// Registers `entries` in `scope`.
  public init(_ entries: [StateEntry], in scope: Scope) {
    buffers = Dictionary(
      uniqueKeysWithValues: entries.map { ($0.name, scope.buffer($0.name, $0.shape, .constant($0.initial))) })
  }

  /// The state of something that has none.
  public init() { buffers = [:] }

  /// The numbers of an entry, in memory of their own: a loss may read them and then overwrite the entry. Never tracked.
  public subscript(_ name: String) -> Tensor {
    get {
      let current = buffer(name).tensor
      return current.isAbstract ? current : Tensor(current.values, shape: current.shape)
    }
    nonmutating set { if !newValue.isAbstract { buffer(name).set(newValue.detached) } }
  }

  private func buffer(_ name: String) -> Buffer {
    guard let buffer = buffers[name] else {
      preconditionFailure("GameState: no entry \(name); known ones: \(buffers.keys.sorted().joined(separator: ", "))")
    }
    return buffer
  }
}
