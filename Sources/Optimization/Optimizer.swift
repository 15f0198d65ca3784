public import Layers

/// One rule that turns a network's gradient into a step of its parameters, on the store's flat memory.
public protocol Optimizer: AnyObject {
  /// Name in files and messages.
  static var name: String { get }
  /// Number of floats it remembers for each parameter.
  static var momentCount: Int { get }
  /// Moves the parameters of `store` by its `gradientValues`, within its `share`.
  /// - Parameters:
  ///   - store: parameters and gradients of one network.
  ///   - step: the run's step from 0, which schedules of the rule go by.
  ///   - rate: what the rule's step size is multiplied by.
  func update(_ store: ParameterStore, step: Int, rate: Float)
  /// Step size α, before schedules.
  var learningRate: Float { get }
  /// Number of updates made.
  var updateCount: Int { get set }
  /// What the rule remembers, by name, laid out as the parameters; checkpoints hold it.
  var state: [(name: String, memory: FlatMemory)] { get }
}

extension Optimizer {
  /// An update outside of a run: steps are counted by updates, and the step size is the rule's own.
  public func update(_ store: ParameterStore) { update(store, step: updateCount, rate: 1) }
}

extension ParameterStore {
  /// Values and gradient of an allocated store, or a trap that says what was left out.
  func valuesAndGradient(_ rule: String) -> (FlatMemory, FlatMemory) {
    guard let values, let gradientValues else {
      preconditionFailure("\(rule): store \(name) has no gradient yet; call gradient { … } first")
    }
    return (values, gradientValues)
  }
}
