public import Layers
public import Optimization

/// The rule that updates a game's networks, in place of the model's own: `--optimizer NAME[:option=value,…]`.
///
/// The step size stays the model's, which its own options set: a rule alone says how a gradient becomes a step.
public protocol OptimizerRule: CatalogEntry {
  /// Which networks it updates. Every rule has this option.
  var on: NetworkChoice { get set }
  /// An optimizer of `store` by this rule.
  func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer
}

extension OptimizerRule {
  public static var commonFields: [OptionField<Self>] { [.value("on", \.on, "which networks: critic, generator or both")] }
}

/// Gradient descent.
public struct DescentRule: OptimizerRule {
  public static let card = EntryCard(
    name: "sgd", summary: "gradient descent", formula: "x - lr * g", paper: "Robbins, Monro 1951, A Stochastic Approximation Method",
    link: "https://doi.org/10.1214/aoms/1177729586")
  public var on = NetworkChoice.both
  /// The rule has no parameters.
  public init() {}
  public func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer {
    GradientDescent(store, learningRate: learningRate)
  }
}

/// Gradient descent with momentum, which may rise: GAN's authors raise it from 0.5 to 0.7.
public struct MomentumRule: OptimizerRule {
  public static let card = EntryCard(
    name: "momentum", summary: "gradient descent with a momentum, which may rise; GAN, cGAN, LAPGAN",
    formula: "v = m v + g, x - lr * v; m goes from momentum to `to` on a straight line while `over` steps pass",
    paper: "Polyak 1964; Sutskever et al. 2013, On the Importance of Initialization and Momentum, section 2",
    link: "https://proceedings.mlr.press/v28/sutskever13.html")
  /// First momentum.
  public var momentum: Float = 0.9
  /// Last momentum.
  public var to: Float = 0.9
  /// Steps from the first to the last.
  public var over = 1
  public var on = NetworkChoice.both
  /// A momentum of 0.9 at every step.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("momentum", \.momentum, "first momentum", in: 0...0.9999),
      .value("to", \.to, "last momentum", in: 0...0.9999),
      .value("over", \.over, "steps from the first momentum to the last", in: 1...1_000_000_000),
    ]
  }

  public func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer {
    GradientDescent(store, learningRate: learningRate, momentum: .linear(from: momentum, to: to, over: over))
  }
}

/// RMSProp.
public struct RMSPropRule: OptimizerRule {
  public static let card = EntryCard(
    name: "rmsprop", summary: "steps divided by the root of the mean square of gradients; WGAN, DualGAN",
    formula: "v = decay v + (1 - decay) g^2, x - lr * g / (sqrt(v) + epsilon)",
    paper: "Hinton, Srivastava, Swersky 2012, Neural Networks for Machine Learning, lecture 6e",
    link: "https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf")
  /// Decay of the second moment.
  public var decay: Float = 0.99
  /// Added to the root of the second moment.
  public var epsilon: Float = 1e-8
  public var on = NetworkChoice.both
  /// PyTorch's numbers, which WGAN's authors used.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("decay", \.decay, "decay of the second moment", in: 0...0.99999),
      .value("epsilon", \.epsilon, "added to the root of the second moment", in: 1e-12...1),
    ]
  }

  public func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer {
    RMSProp(store, learningRate: learningRate, decay: decay, epsilon: epsilon)
  }
}

/// Adam.
public struct AdamRule: OptimizerRule {
  public static let card = EntryCard(
    name: "adam", summary: "momentum divided by the root of the mean square of gradients, both without their bias",
    formula: "m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, "
      + "x - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)",
    paper: "Kingma, Ba 2015, Adam, algorithm 1", link: "https://arxiv.org/abs/1412.6980")
  /// Decay of the first moment.
  public var beta1: Float = 0.9
  /// Decay of the second moment.
  public var beta2: Float = 0.999
  /// Added to the root of the second moment.
  public var epsilon: Float = 1e-8
  public var on = NetworkChoice.both
  /// The paper's numbers.
  public init() {}

  public static var fields: [OptionField<Self>] { adamFields(\.beta1, \.beta2, \.epsilon) }

  public func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer {
    Adam(store, .init(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon))
  }
}

/// Adam with decoupled weight decay.
public struct AdamWRule: OptimizerRule {
  public static let card = EntryCard(
    name: "adamw", summary: "adam, and weights that decay beside its gradient", formula: "x - lr * decay * x, then as adam",
    paper: "Loshchilov, Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2", link: "https://arxiv.org/abs/1711.05101")
  /// Decay of the first moment.
  public var beta1: Float = 0.9
  /// Decay of the second moment.
  public var beta2: Float = 0.999
  /// Added to the root of the second moment.
  public var epsilon: Float = 1e-8
  /// Decay λ of the parameters, in shares of the step size.
  public var decay: Float = 0.01
  public var on = NetworkChoice.both
  /// PyTorch's numbers.
  public init() {}

  public static var fields: [OptionField<Self>] {
    adamFields(\.beta1, \.beta2, \.epsilon) + [.value("decay", \.decay, "decay of the weights, times the step size", in: 0...1000)]
  }

  public func optimizer(_ store: ParameterStore, learningRate: Float) -> any Optimizer {
    Adam(store, .init(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay))
  }
}

private func adamFields<Rule>(
  _ beta1: WritableKeyPath<Rule, Float>, _ beta2: WritableKeyPath<Rule, Float>, _ epsilon: WritableKeyPath<Rule, Float>
) -> [OptionField<Rule>] {
  [
    .value("beta1", beta1, "decay of the first moment", in: 0...0.9999),
    .value("beta2", beta2, "decay of the second moment", in: 0...0.99999),
    .value("epsilon", epsilon, "added to the root of the second moment", in: 1e-12...1),
  ]
}
