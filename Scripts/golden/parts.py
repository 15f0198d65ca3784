"""Games whose critic says more than a logit, and whose losses read it: classes, codes, features, energies of an autoencoder."""

import torch
from torch.nn import functional as F

from game import Draws, Game
from streams import Stream, text_hash


def one_hot(store, labels, classes):
    rows = F.one_hot(labels, classes).double()
    return rows.to("meta") if store.is_abstract else rows


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels.to(logits.device))


def dropout_of_images(draws, path, x, rate):
    """The engine draws in its own order: rows, columns, channels."""
    return draws.dropout(path, x.permute(0, 2, 3, 1), rate).permute(0, 3, 1, 2)


class PartsGame(Game):
    """`generate(store, z, labels)` and `criticize(store, images, labels, draws)`, which gives a dictionary with `logits`.

    - losses: of the critic and of the generator, as functions of both dictionaries; a generator's that reads the real one says so by `needs_real`.
    - classes: number of classes that the generator takes, or nothing.
    - terms: objects with `critic(game, step, real, fake)` and `generator(…)`, whose values are added.
    """

    def __init__(self, generate, criticize, losses, latent, law, separate, classes=None, needs_real=False, terms=()):
        super().__init__(generate, criticize, losses, latent, law, separate)
        self.classes, self.needs_real, self.terms = classes, needs_real, terms

    def says(self, step, images, labels):
        passes = range(step.passes, step.passes + len(images))
        step.passes += len(images)
        joint = None if labels[0] is None else torch.cat(labels)
        parts = self.criticize(step.stores["discriminator"], torch.cat(images), joint, Draws(step, passes))
        return [{key: value.split(step.batch)[index] for key, value in parts.items()} for index in range(len(images))]

    def play(self, step, needs_real, generates):
        """What the critic says of real and of generated images, and those, with labels and z."""
        labels = None if self.classes is None else step.random_labels(self.classes)
        z = self.draw(step)
        images = self.generate(step.stores["generator"], z, labels)
        images = images if generates else images.detach()
        own = None if self.classes is None else step.labels
        extra = {"images": images, "labels": labels, "z": z}
        if not needs_real:
            return None, self.says(step, [images], [labels])[0] | extra
        if self.separate:
            real, fake = self.says(step, [step.images], [own])[0], self.says(step, [images], [labels])[0]
        else:
            real, fake = self.says(step, [step.images, images], [own, labels])
        return real | {"images": step.images, "labels": own}, fake | extra

    def critic_loss(self, step):
        real, fake = self.play(step, True, False)
        return self.losses[0](real, fake) + sum(term.critic(self, step, real, fake) for term in self.terms)

    def generator_loss(self, step):
        real, fake = self.play(step, self.needs_real, True)
        return self.losses[1](real, fake) + sum(term.generator(self, step, real, fake) for term in self.terms)


class Term:
    """Adds nothing."""

    def critic(self, game, step, real, fake):
        return 0

    def generator(self, game, step, real, fake):
        return 0


class AuxiliaryClass(Term):
    """Odena, Olah, Shlens 2017, section 3."""

    def critic(self, game, step, real, fake):
        return cross_entropy(real["classes"], real["labels"]) + cross_entropy(fake["classes"], fake["labels"])

    def generator(self, game, step, real, fake):
        return cross_entropy(fake["classes"], fake["labels"])


class MutualInformation(Term):
    """Chen et al. 2016, eq. (5): minus the logarithms of Q, a softmax and normals of variance 1, without constants."""

    def critic(self, game, step, real, fake):
        codes, numbers = fake["codes"], fake["codes"].shape[1] - game.classes
        loss = cross_entropy(codes[:, : game.classes], fake["labels"])
        return loss + (fake["z"][:, -numbers:] - codes[:, game.classes :]).square().sum(1).mean() / 2 if numbers else loss

    def generator(self, game, step, real, fake):
        return self.critic(game, step, real, fake)


class FewLabels(Term):
    """The supervised part of Salimans et al. 2016, section 5, on a batch of its own."""

    def critic(self, game, step, real, fake):
        shape = [step.batch, step.case.size, step.case.size, step.case.channels]
        images = step.drawn(lambda: Stream(text_hash("labelled images"), 0).uniform(shape, -1, 1), shape).permute(0, 3, 1, 2)
        labels = (torch.arange(step.batch) + 1) % step.case.classes
        return cross_entropy(game.says(step, [images], [None])[0]["classes"], labels)


class FeatureMatching(Term):
    """openai/improved-gan: the mean of magnitudes."""

    def generator(self, game, step, real, fake):
        return (real["features"].mean(0) - fake["features"].mean(0)).abs().mean()


class PullingAway(Term):
    """Zhao, Mathieu, LeCun 2017, section 2.4, weight 0.1: squared cosines of different images' codes."""

    def generator(self, game, step, real, fake):
        s = F.normalize(fake["features"], dim=1)
        squares = (s @ s.T).square()
        return 0.1 * (squares.sum() - squares.diagonal().sum()) / (step.batch * (step.batch - 1))


class Slopes(Term):
    """R1 and R2, each half of gamma: squared slopes at real and at generated images."""

    def __init__(self, gamma):
        self.gamma = gamma

    def critic(self, game, step, real, fake):
        total = 0
        for kind in (real, fake):
            x = kind["images"].detach()
            if step.is_abstract:
                total = total + game.says(step, [x], [kind["labels"]])[0]["logits"].mean()
                continue
            x.requires_grad_()
            slope, = torch.autograd.grad(game.says(step, [x], [kind["labels"]])[0]["logits"].sum(), x, create_graph=True)
            total = total + self.gamma / 2 * slope.square().sum([1, 2, 3]).mean()
        return total


NON_SATURATING = (
    lambda real, fake: F.softplus(-real["logits"]).mean() + F.softplus(fake["logits"]).mean(),
    lambda real, fake: F.softplus(-fake["logits"]).mean(),
)
