import Adversarial
import Layers
import Optimization

/// Gradient descent whose momentum rises in the first part of a run: how the first adversarial nets were trained.
/// - Source: goodfeli/adversarial, mnist.yaml: step size 0.1, momentum 0.5 to 0.7 over 250 epochs of 500 updates.
public struct MomentumOptions: Sendable, Equatable {
  /// Step size of both networks.
  public var learningRate: Float = 0.1
  /// Momentum at the first step.
  public var momentum: Float = 0.5
  /// Momentum once it has risen.
  public var finalMomentum: Float = 0.7
  /// Steps in which it rises.
  public var momentumSteps = 125_000

  /// The authors' options for MNIST.
  public init() {}

  /// These options as fields of a model's, which has them at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    func at<Value>(_ part: WritableKeyPath<Self, Value>) -> WritableKeyPath<Options, Value> { path.appending(path: part) }
    return [
      .value("lr", at(\.learningRate), "step size of both networks", in: 0...10),
      .value("momentum", at(\.momentum), "momentum at the first step", in: 0...0.9999),
      .value("final-momentum", at(\.finalMomentum), "momentum once it has risen", in: 0...0.9999),
      .value("momentum-steps", at(\.momentumSteps), "steps in which the momentum rises", in: 1...1_000_000_000),
    ]
  }

  /// A network that is trained so.
  func network(_ store: ParameterStore) -> Network {
    let course = Schedule.linear(from: momentum, to: finalMomentum, over: momentumSteps)
    return Network(store: store, optimizer: GradientDescent(store, learningRate: learningRate, momentum: course))
  }
}
