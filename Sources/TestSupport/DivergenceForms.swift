/// Every divergence in every form, as `--loss` has it: what the checks over the catalogue run.
///
/// A test holds the list against the catalogue: every entry, and for each of its options a value other than the default.
package enum DivergenceForms {
  /// The members of the f-GAN family that have no option but the generator's objective.
  private static let members = [
    "total-variation", "kl", "reverse-kl", "pearson", "neyman", "hellinger", "jeffreys", "jensen-shannon", "gan",
  ]

  /// The other f-divergences.
  private static let weighted = [
    "weighted-jensen-shannon", "weighted-jensen-shannon:pi=0.3", "weighted-jensen-shannon:pi=0.8,generator=saturating", "alpha",
    "alpha:alpha=-1.5", "alpha:alpha=0.25,generator=saturating", "alpha:alpha=2", "alpha:alpha=3,generator=saturating",
  ]

  private static let classic = [
    "minimax", "non-saturating", "least-squares", "least-squares:a=-1,b=1,c=0", "least-squares:b=2,c=2", "hinge", "wasserstein",
  ]

  private static let relativistic = ["pairs", "average"].flatMap { (pairing: String) -> [String] in
    ["standard", "least-squares", "hinge"].map { "relativistic:pairing=\(pairing),form=\($0)" }
  }

  /// Of energies and of features.
  private static let others = [
    "energy-margin:margin=1.5", "equilibrium", "equilibrium:gamma=0.7,lambda=0.01,patience=2,floor=0.5",
    "critic-alone", "mmd", "mmd:kernel=gaussian,scale=2",
    "mmd:scale=0.5", "cramer",
  ]

  /// The forms.
  package static let all: [String] = {
    let family: [String] = members.flatMap { [$0, "\($0):generator=saturating"] }
    return classic + family + weighted + relativistic + others
  }()
}
