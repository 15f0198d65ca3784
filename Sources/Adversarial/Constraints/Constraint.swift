public import Layers

/// Something that a network is held to: where its weights are made, or around each of its updates.
///
/// The hooks run in every process that shares the network's memory, at the same point of the step. A process writes within the store's
/// `share` only; between reading what others wrote and writing, `store.barrier()` waits for all.
public protocol Constraint: CatalogEntry {
  /// Which networks it holds. Every constraint has this option.
  var on: NetworkChoice { get set }
  /// What becomes of the weights that layers register.
  var weights: WeightRule { get }
  /// Acts on the complete gradient, before the optimizer reads it.
  func beforeUpdate(of store: ParameterStore)
  /// Acts on the new parameters, before their average takes them in.
  func afterUpdate(of store: ParameterStore)
}

extension Constraint {
  public static var commonFields: [OptionField<Self>] { [.value("on", \.on, "which networks: critic, generator or both")] }
  public var weights: WeightRule { .asBuilt }
  public func beforeUpdate(of store: ParameterStore) {}
  public func afterUpdate(of store: ParameterStore) {}
}

/// Which networks of a game are meant.
public enum NetworkChoice: String, OptionWord, Sendable {
  case critic
  case generator
  case both

  /// Whether a network of this role is among them.
  public func includes(_ role: NetworkRole) -> Bool { self == .both || rawValue == role.rawValue }
}

/// What a network is in a game.
public enum NetworkRole: String, Sendable, CaseIterable {
  case critic
  case generator
}

extension Objective {
  /// The store of a network that is about to be built, whose weights are made as the constraints say.
  /// - Throws: `OptionError` when two constraints say different things.
  public func store(_ name: String, _ role: NetworkRole) throws -> ParameterStore {
    let ruling = constraints.filter { $0.on.includes(role) && $0.weights != .asBuilt }
    guard ruling.count < 2 else {
      throw OptionError(
        "--constraint \(ruling.map(\.card.name).joined(separator: " and ")) both say how weights of the \(role.rawValue) are made; keep one"
      )
    }
    return ParameterStore(name: name, weights: ruling.first?.weights ?? .asBuilt)
  }
}
