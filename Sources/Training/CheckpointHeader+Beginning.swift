public import Adversarial
internal import Layers

extension CheckpointHeader {
  /// The header of a run that has weights and has not begun.
  /// - Parameters:
  ///   - recipe: the model with its weights.
  ///   - identity: what the bits depend on.
  ///   - steps: steps of the whole run.
  ///   - format: size, channels and classes of the data.
  ///   - classNames: names of the classes, in order; none where they have none.
  public init(beginning recipe: any Recipe, identity: [NamedValue], steps: Int, format: DataFormat, classNames: [String]) {
    self.init(
      identity: identity, step: 0, steps: steps, position: 0, updates: recipe.networks.map { NamedValue($0.store.name, "0") },
      parameterHash: hashText(recipe.parameterHash()), classNames: classNames, environment: Machine.description,
      format: [format.height, format.width, format.channels, format.classes ?? 0])
  }
}
