"""What is trained of each model, on which images, and how its broken control is broken."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One model's run.

    - data: emoji32 (1,861 coloured images of 14 classes), its 261 flags, kanji32 (11,993 gray ones of 10) or digits (5,000 of 10).
    - options: beside those of the preset `demo`.
    - broken: options with which the model cannot learn, for the control.
    - minutes: share of the budget, 1 for most.
    - codes: whether classes of samples are codes that the model found: each then stands for what most of its samples look like.
    """

    model: str
    data: str
    broken: tuple
    options: tuple = ()
    minutes: float = 1
    codes: bool = False


FROZEN = ("--discriminator-lr", "0")
"""A critic that never learns: the generator follows the taste of its first weights."""
MUTE = ("--constraint", "weight-clipping:bound=0.000001")
"""A critic whose weights are held at zero, for models with one step size for both networks."""

ENTRIES = [
    Entry("gan", "digits", MUTE),
    Entry("lsgan", "kanji32", FROZEN),
    Entry("fgan", "digits", FROZEN),
    Entry("wgan", "kanji32", FROZEN),
    Entry("wgan-gp", "digits", FROZEN),
    Entry("sngan", "flags", FROZEN),
    Entry("dcgan", "kanji32", MUTE),
    Entry("ebgan", "digits", FROZEN),
    Entry("began", "kanji32", FROZEN),
    Entry("cgan", "digits", MUTE),
    Entry("acgan", "digits", FROZEN),
    Entry("infogan", "digits", FROZEN, codes=True),
    Entry("semigan", "digits", FROZEN),
    Entry("r3gan", "digits", FROZEN),
]
