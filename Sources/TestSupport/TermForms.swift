package import Adversarial

/// Every term in every form, as `--term` has it: what the checks over the catalogue run.
///
/// A test holds the list against the catalogue: every entry, and for each of its options a value other than the default.
package enum TermForms {
  private static let penalties = [
    "gradient-penalty", "gradient-penalty:strength=2,target=0.5", "gradient-penalty:target=0.1,sides=one", "dragan",
    "dragan:strength=2,spread=1.5", "r1", "r1:gamma=0.3", "r2", "r2:gamma=0.3", "roth", "roth:gamma=2", "zero-centred",
    "zero-centred:strength=2", "maximal-gradient", "maximal-gradient:strength=2",
  ]

  private static let consistency = [
    "consistency", "consistency:strength=2,shift=0.25,flip=false", "balanced-consistency",
    "balanced-consistency:real=2,fake=3,shift=0.25,flip=false", "latent-consistency",
    "latent-consistency:critic=2,generator=3,deviation=0.5", "lecam", "lecam:strength=2,decay=0.5,start=2,rectified=true",
  ]

  private static let others = [
    "feature-matching", "feature-matching:strength=2,norm=absolute", "pulling-away", "pulling-away:strength=2", "orthogonal",
    "orthogonal:strength=0.01,form=plain,on=both", "weight-decay", "weight-decay:strength=0.1,on=both",
  ]

  private static let classes = [
    "auxiliary-class", "auxiliary-class:critic=2,generator=0.1,fake=false", "mutual-information",
    "mutual-information:discrete=2,continuous=0.1", "few-labels", "few-labels:strength=2",
  ]

  /// Those that change what the critic sees and add nothing: they are checked with a divergence.
  package static let augmentations = [
    "diff-augment", "diff-augment:color=false,translation=0.25,cutout=0", "diff-augment:color=true,translation=0,cutout=0.25",
    "ada:target=0.2,kimg=0.1,interval=1", "ada:color=false,translation=0.25,cutout=0.25",
  ]

  /// Terms that read what a critic says, under losses of features, whose witness speaks for it.
  package static let ofWitnesses = [
    "gradient-penalty with cramer", "r1:gamma=0.3 with cramer", "gradient-penalty with mmd",
    "roth:gamma=2 with mmd:kernel=gaussian,scale=2", "consistency with mmd", "lecam with cramer",
  ]

  /// The forms.
  package static let all: [String] = penalties + consistency + others + classes + augmentations

  /// The term of `TERM with LOSS`, and the loss: none where none is named, or Wasserstein's for an augmentation.
  package static func parts(_ form: String) throws -> (term: String, loss: any Divergence) {
    let words = form.split(separator: " with ").map(String.init)
    if words.count == 2 { return (words[0], try divergences.parse(words[1])) }
    return (form, augmentations.contains(form) ? Wasserstein() : NoLoss())
  }
}
