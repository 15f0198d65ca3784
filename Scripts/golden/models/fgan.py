"""f-GAN: Nowozin, Cseke, Tomioka 2016, sections 2 and 3.2, table 6. Also the dense networks of other models."""

import math

import torch
from torch.nn import functional as F

from game import Game
from models.dcgan import strided_critic, strided_generator
from networks import batch_norm, dense, flat, image
from steps import Case

NAME = "fgan"

DENSE = {"networks": "dense", "generator-width": 1200, "critic-width": 240, "channels": 64, "latent": 100, "loss": "kl"}
PRESETS = {
    "demo": DENSE | {"generator-width": 600, "loss": "jensen-shannon"},
    "convolutional": DENSE | {"networks": "convolutional", "channels": 32, "loss": "jensen-shannon"},
    "mnist": DENSE,
}

TINY = {"generator-width": 10, "critic-width": 6, "latent": 5}
STEPS = [Case("mnist", 8, 1, settings=TINY), Case("demo", 6, 3, settings=TINY | {"loss": "hellinger"}),
         Case("convolutional", 16, settings={"channels": 2, "latent": 5})]
COUNTS = [Case("mnist", 28, 1), Case("demo"), Case("convolutional")]

# g(v) and f*(t) as the paper's tables 2 and 6 have them; the increasing forms of g. Scales of f are those of table 1.
DIVERGENCES = {
    "kl": (lambda v: v, lambda t: (t - 1).exp()),
    "jensen-shannon": (lambda v: math.log(2) - F.softplus(-v), lambda t: -(2 - t.exp()).log()),
    "hellinger": (lambda v: 1 - (-v).exp(), lambda t: t / (1 - t)),
}


def dense_generator(store, z, case, widths, norm, squash):
    for layer, width in enumerate(widths):
        z = dense(store, f"layers.{layer}", z, width, bias=not norm)
        z = F.relu(batch_norm(store, f"norms.{layer}", z) if norm else z)
    return image(squash(dense(store, "output", z, case.size * case.size * case.channels)), case.size, case.size, case.channels)


def dense_critic(store, x, widths, activation):
    x = flat(x)
    for layer, width in enumerate(widths):
        x = activation(dense(store, f"layers.{layer}", x, width))
    return dense(store, "output", x, 1)


def model(case):
    o = PRESETS[case.preset] | case.settings
    g, conjugate = DIVERGENCES[o["loss"]]
    # The critic maximises the bound; the generator maximises E g(v) of its images, as the paper's section 3.2 recommends.
    losses = (lambda r, f: conjugate(g(f)).mean() - g(r).mean(), lambda f: -g(f).mean())
    if o["networks"] == "dense":
        return Game(
            lambda store, z, _: dense_generator(store, z, case, [o["generator-width"]] * 2, True, lambda x: x.sigmoid() * 2 - 1),
            lambda store, x, _, draws: dense_critic(store, x, [o["critic-width"]] * 2, F.elu),
            losses, o["latent"], "uniform", separate=False)
    return Game(
        lambda store, z, _: strided_generator(store, z, case.size, case.channels, o["channels"], 4),
        lambda store, x, _, draws: strided_critic(store, x, o["channels"], 4, norm="none"),
        losses, o["latent"], "uniform", separate=False)
