import Adversarial

extension Objective {
  /// How the first adversarial nets were trained: non-saturating losses, one critic update in a step, gradient descent whose step size is
  /// divided by `divisor` at each update, down to 1e-5 of what it was, and whose momentum rises from 0.5 to 0.7.
  /// - Source: goodfeli/adversarial, mnist.yaml: 250 epochs of 500 updates while the momentum rises, step sizes from 0.1 to 1e-6.
  static func first(dividingBy divisor: Float) -> Objective {
    var (objective, schedule, momentum) = (Objective(NonSaturating(), criticSteps: 1), StepRate(), MomentumRule())
    (schedule.factor, schedule.interval, schedule.floor) = (1 / divisor, 1, 1e-5)
    (momentum.momentum, momentum.to, momentum.over) = (0.5, 0.7, 125_000)
    objective.schedule = schedule
    objective.optimizers = [momentum]
    return objective
  }

  /// The same game by Adam, with DCGAN's decay.
  static var firstByAdam: Objective {
    var (objective, adam) = (Objective(NonSaturating(), criticSteps: 1), AdamRule())
    adam.beta1 = 0.5
    objective.optimizers = [adam]
    return objective
  }
}
