"""SNGAN: Miyato et al. 2018; networks as pfnet-research/sngan_projection, and the paper's table 3."""

from torch.nn import functional as F

from game import HINGE, NON_SATURATING, Game
from models.wgan_gp import residual_generator
from networks import batch_norm, conv, dense, down_block, flat, image, transposed
from steps import Case

NAME = "sngan"

CIFAR = {"networks": "residual", "generator-channels": 256, "discriminator-channels": 128, "latent": 128, "loss": "hinge"}
PRESETS = {
    "demo": CIFAR | {"generator-channels": 32, "discriminator-channels": 32},
    "cifar10": CIFAR,
    "imagenet128": CIFAR | {"generator-channels": 64, "discriminator-channels": 64},
    "cifar10-plain": CIFAR | {"networks": "plain", "generator-channels": 64, "discriminator-channels": 64, "loss": "non-saturating"},
}

STEPS = [Case("cifar10", settings={"generator-channels": 4, "discriminator-channels": 3, "latent": 5}, batch=4),
         Case("imagenet128", 64, 1, settings={"generator-channels": 1, "discriminator-channels": 1, "latent": 5}, batch=3),
         Case("cifar10-plain", settings={"generator-channels": 2, "discriminator-channels": 2, "latent": 5})]
COUNTS = [Case("cifar10"), Case("demo", 32, 1), Case("imagenet128", 64), Case("imagenet128", 128), Case("cifar10-plain"),
          Case("cifar10-plain", 48)]
EPSILON = 1e-12


def model(case):
    o = PRESETS[case.preset] | case.settings
    base, width = o["generator-channels"], o["discriminator-channels"]

    def generate(store, z, _):
        if o["networks"] == "residual":
            widths = {32: [1, 1, 1, 1], 64: [16, 8, 4, 2, 1], 128: [16, 16, 8, 4, 2, 1]}[case.size]
            return residual_generator(store, z, [base * each for each in widths], case.channels)
        bottom = case.size // 8
        x = image(dense(store, "project", z, bottom * bottom * 8 * base), bottom, bottom, 8 * base)
        x = F.relu(batch_norm(store, "norms.0", x))
        for layer, each in enumerate([4, 2, 1]):
            x = transposed(store, f"convolutions.{layer}", x, each * base, 4, (1, 1))
            x = F.relu(batch_norm(store, f"norms.{layer + 1}", x))
        return conv(store, "output", x, case.channels, 3).tanh()

    def criticize(store, x, _, draws):
        if o["networks"] == "plain":
            for layer, each in enumerate([1, 1, 2, 2, 4, 4, 8]):
                kernel, stride = (4, 2) if layer % 2 else (3, 1)
                x = conv(store, f"convolutions.{layer}", x, each * width, kernel, stride, (1, 1), spectral=EPSILON)
                x = F.leaky_relu(x, 0.1)
            return dense(store, "linear", flat(x), 1, spectral=EPSILON)
        widths, halvings = {32: ([1, 1, 1, 1], 2), 64: ([1, 2, 4, 8, 16], 5), 128: ([1, 2, 4, 8, 16, 16], 5)}[case.size]
        for index, each in enumerate(widths):
            x = down_block(store, f"blocks.{index}", x, each * width, index < halvings, hidden=width if index == 0 else x.shape[1],
                           is_first=index == 0, spectral=EPSILON)
        return dense(store, "linear", F.relu(x).sum([2, 3]), 1, spectral=EPSILON)

    losses = HINGE if o["loss"] == "hinge" else NON_SATURATING
    return Game(generate, criticize, losses, o["latent"], "normal", separate=False)
