/// Every divergence that `--loss` can name; a new one adds a line.
public let divergences = Catalog<any Divergence>(
  kind: "loss",
  [
    Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein(),
    TotalVariation(), KullbackLeibler(), ReverseKullbackLeibler(), Pearson(), Neyman(), Hellinger(), Jeffreys(), JensenShannon(),
    WeightedJensenShannon(), OriginalGame(), AlphaDivergence(),
    Relativistic(),
    EnergyMargin(), Equilibrium(),
    CriticAlone(),
    MaximumMeanDiscrepancy(), Cramer(),
  ]
) { $0 }

/// Every term that `--term` can name; a new one adds a line.
public let terms = Catalog<any Term>(
  kind: "term",
  [
    GradientPenalty(), Dragan(), RealSlopes(), FakeSlopes(), Roth(), FlatBetween(), MaximalGradient(),
    Consistency(), BalancedConsistency(), LatentConsistency(), LeCam(),
    FeatureMatching(), PullingAway(),
    AuxiliaryClass(), MutualInformation(), FewLabels(),
    Orthogonal(), WeightDecay(),
    DiffAugment(), AdaptiveAugment(),
  ]
) { $0 }

/// Every constraint that `--constraint` can name; a new one adds a line.
public let constraints = Catalog<any Constraint>(
  kind: "constraint",
  [
    WeightClipping(), GradientClipping(),
    Spectral(), WeightNorm(),
  ]
) { $0 }

/// Every rule that `--optimizer` can name; a new one adds a line.
public let optimizers = Catalog<any OptimizerRule>(
  kind: "optimizer", [DescentRule(), MomentumRule(), RMSPropRule(), AdamRule(), AdamWRule()]
) { $0 }

/// Every schedule that `--schedule` can name; a new one adds a line.
public let schedules = Catalog<any RateSchedule>(kind: "schedule", [SteadyRate(), LinearRate(), StepRate(), CosineRate()]) { $0 }
