"""One training step: an update of the critic, one of the generator, one of the generator's weight average."""

import copy

import torch
from torch.nn import functional as F


def hinge_critic(real, fake):
    """`E max(0, 1 - r) + E max(0, 1 + f)` (Lim, Ye 2017)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_generator(fake):
    """`-E f`."""
    return -fake.mean()


def non_saturating_critic(real, fake):
    """`E softplus(-r) + E softplus(f)` (Goodfellow et al. 2014)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_generator(fake):
    """`E softplus(-f)`."""
    return F.softplus(-fake).mean()


class Trainer:
    """A model with an Adam for each network and the exponential average of the generator's parameters and buffers."""

    def __init__(self, model, *, bfloat16, channels_last, beta1, beta2, average_decay, lr=None, generator_lr=None,
                 discriminator_lr=None, **_):
        self.model, self.bfloat16, self.channels_last, self.decay = model, bfloat16, channels_last, average_decay
        if channels_last:
            model.generator.to(memory_format=torch.channels_last)
            model.discriminator.to(memory_format=torch.channels_last)

        def adam(network, rate):
            return torch.optim.Adam(network.parameters(), lr=rate, betas=(beta1, beta2), eps=1e-8, fused=True)

        self.generator_adam = adam(model.generator, generator_lr or lr)
        self.discriminator_adam = adam(model.discriminator, discriminator_lr or lr)
        self.average = copy.deepcopy(model.generator).requires_grad_(False)

    def step(self, images, labels):
        """Both updates on a batch of images in [-1, 1]; returns both losses."""
        if self.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        critic = self.update(self.model.discriminator, self.discriminator_adam, self.model.discriminator_loss, images, labels)
        # The generator's gradient runs through the critic, whose own weights need none.
        self.model.discriminator.requires_grad_(False)
        generator = self.update(self.model.generator, self.generator_adam, self.model.generator_loss, len(images))
        self.model.discriminator.requires_grad_(True)
        self.take_average()
        return critic, generator

    def update(self, network, optimizer, loss, *arguments):
        """One step of the optimizer down the gradient of the loss."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            value = loss(*arguments)
        value.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return value.item()

    @torch.no_grad()
    def take_average(self):
        """`a = decay * a + (1 - decay) * x` for every array of floats."""
        pairs = list(zip(self.average.state_dict().values(), self.model.generator.state_dict().values()))
        averages, current = zip(*[pair for pair in pairs if pair[0].is_floating_point()])
        torch._foreach_lerp_(averages, current, 1 - self.decay)
