"""A game of a generator and a critic: the losses of both phases of a step, written from the papers."""

import torch
from torch.nn import functional as F

from streams import Stream, mixed, text_hash

STEP = 7


class Step:
    """One step of training on drawn images: its phases run in order, with the same weights; spectral norms and states go on."""

    def __init__(self, case, stores, is_abstract=False):
        self.case, self.stores, self.is_abstract = case, stores, is_abstract
        self.batch = case.batch
        shape = [case.batch, case.size, case.size, case.channels]
        self.images = self.drawn(lambda: Stream(text_hash("images"), 0).uniform(shape, -1, 1), shape).permute(0, 3, 1, 2)
        rows = torch.arange(case.batch)
        self.labels = None if case.classes is None else rows * rows % case.classes
        self.phase, self.passes = None, 0

    def drawn(self, draw, shape):
        return torch.empty(shape, device="meta") if self.is_abstract else draw()

    def begin(self, phase):
        self.phase, self.passes = phase, 0

    def stream(self, purpose):
        return Stream(text_hash(purpose) ^ mixed(text_hash(self.phase)), STEP)

    def uniform(self, purpose, shape, low=0, high=1):
        return self.drawn(lambda: self.stream(purpose).uniform(shape, low, high), shape)

    def normal(self, purpose, shape):
        return self.drawn(lambda: self.stream(purpose).normal(shape), shape)

    def random_labels(self, classes):
        return self.stream("labels").classes(self.batch, classes)


class Draws:
    """Random numbers of one pass of a critic, whose batch may be real and then generated images."""

    def __init__(self, step, passes):
        self.step, self.passes = step, passes

    def uniform(self, path, x):
        parts = [self.step.uniform(f"{path} pass {number}", [self.step.batch] + list(x.shape[1:])) for number in self.passes]
        return torch.cat(parts)

    def dropout(self, path, x, rate):
        return x * (self.uniform(path, x) < 1 - rate) / (1 - rate)


class Game:
    """What most models are: `generate(store, z, labels)`, `criticize(store, images, labels, draws)`, losses of logits, a penalty.

    - separate: whether real and generated images go through the critic one after the other, as batch norm needs it.
    - penalty: added to the critic's loss, a function of (game, real images, generated images).
    - classes: of a conditional model, whose generator draws them uniformly.
    """

    def __init__(self, generate, criticize, losses, latent, law, separate, penalty=None, classes=None):
        self.generate, self.criticize, self.losses, self.penalty = generate, criticize, losses, penalty
        self.latent, self.law, self.separate, self.classes = latent, law, separate, classes

    def phases(self, step):
        return [("discriminator", "discriminator", lambda: self.critic_loss(step)),
                ("generator", "generator", lambda: self.generator_loss(step))]

    def draw(self, step):
        shape = [step.batch, self.latent]
        return step.uniform("latent", shape, -1, 1) if self.law == "uniform" else step.normal("latent", shape)

    def says(self, step, images, labels=None):
        """One pass of the critic over one or two batches."""
        passes = range(step.passes, step.passes + len(images))
        step.passes += len(images)
        labels = None if self.classes is None else torch.cat(labels)
        logits = self.criticize(step.stores["discriminator"], torch.cat(images), labels, Draws(step, passes))
        return logits.split(step.batch)

    def fake(self, step):
        """Generated images and their classes."""
        labels = None if self.classes is None else step.random_labels(self.classes)
        return self.generate(step.stores["generator"], self.draw(step), labels), labels

    def critic_loss(self, step):
        fake, labels = self.fake(step)
        fake = fake.detach()
        if self.separate:
            r, f = self.says(step, [step.images], [step.labels])[0], self.says(step, [fake], [labels])[0]
        else:
            r, f = self.says(step, [step.images, fake], [step.labels, labels])
        loss = self.losses[0](r, f)
        return loss + self.penalty(self, step, step.images, fake) if self.penalty else loss

    def generator_loss(self, step):
        fake, labels = self.fake(step)
        return self.losses[1](self.says(step, [fake], [labels])[0])


def gradient_penalty(strength=10):
    """Gulrajani et al. 2017, algorithm 1: one share for each sample."""

    def penalty(game, step, real, fake):
        share = step.uniform("gradient-penalty share", [step.batch, 1, 1, 1])
        x = (share * real + (1 - share) * fake)
        if step.is_abstract:
            return game.says(step, [x])[0].mean()
        x = x.detach().requires_grad_()
        slope, = torch.autograd.grad(game.says(step, [x])[0].sum(), x, create_graph=True)
        return strength * (slope.square().sum([1, 2, 3]).sqrt() - 1).square().mean()

    return penalty


NON_SATURATING = (lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), lambda f: F.softplus(-f).mean())
LEAST_SQUARES = (lambda r, f: (r - 1).square().mean() / 2 + f.square().mean() / 2, lambda f: (f - 1).square().mean() / 2)
WASSERSTEIN = (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean())
HINGE = (lambda r, f: (1 - r).relu().mean() + (1 + f).relu().mean(), lambda f: -f.mean())
