"""ACGAN: Odena, Olah, Shlens 2017, appendix A, table 2; generator as DCGAN's with 5x5 kernels."""

import torch
from torch.nn import functional as F

from networks import batch_norm, conv, dense, flat
from parts import NON_SATURATING, AuxiliaryClass, PartsGame, dropout_of_images, one_hot
from steps import Case

from .dcgan import strided_generator

NAME = "acgan"

PRESETS = {
    "demo": {"generator-channels": 32, "discriminator-channels": 16, "latent": 100, "dropout": 0.3},
    "cifar10": {"generator-channels": 96, "discriminator-channels": 16, "latent": 100, "dropout": 0.5},
}

STEPS = [Case("cifar10", 16, 3, 4, settings={"generator-channels": 4, "discriminator-channels": 2, "latent": 5})]
COUNTS = [Case("demo", 32, 3, 14), Case("cifar10", 32, 3, 10)]


def model(case):
    o = PRESETS[case.preset] | case.settings

    def generate(store, z, labels):
        z = torch.cat([z, one_hot(store, labels, case.classes)], 1)
        return strided_generator(store, z, case.size, case.channels, o["generator-channels"], 5)

    def criticize(store, x, _, draws):
        for layer in range(6):
            x = conv(store, f"convolutions.{layer}", x, o["discriminator-channels"] << layer, 3, 1 + (layer + 1) % 2, (1, 1), bias=layer == 0)
            x = F.leaky_relu(batch_norm(store, f"norms.{layer - 1}", x) if layer else x, 0.2)
            x = dropout_of_images(draws, f"discriminator.dropouts.{layer}", x, o["dropout"])
        return {"logits": dense(store, "linear", flat(x), 1), "classes": dense(store, "classes", flat(x), case.classes)}

    return PartsGame(
        generate, criticize, NON_SATURATING, o["latent"], "uniform", separate=True, classes=case.classes, terms=[AuxiliaryClass()])
