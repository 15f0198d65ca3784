"""cGAN: Mirza, Osindero 2014, section 4.1."""

import torch

from networks import batch_norm, dense, flat, image, maxout
from parts import NON_SATURATING, PartsGame, one_hot
from steps import Case

NAME = "cgan"

PRESETS = {
    "demo": {"width": 600, "units": 240, "latent": 100, "dropout": 0.3, "batch-norm": True},
    "mnist": {"width": 1200, "units": 240, "latent": 100, "dropout": 0.5, "batch-norm": False},
}

TINY = {"width": 12, "units": 24, "latent": 5}
STEPS = [Case("mnist", 8, 1, 3, settings=TINY), Case("demo", 6, 3, 4, settings=TINY)]
COUNTS = [Case("mnist", 28, 1, 10), Case("demo", 32, 3, 14)]


def model(case):
    o = PRESETS[case.preset] | case.settings
    own = o["width"] // 6
    told = o["units"] * 5 // 24

    def generate(store, z, labels):
        def layer(index, name, x, outputs):
            x = dense(store, name, x, outputs, bias=not o["batch-norm"])
            return (batch_norm(store, f"norms.{index}", x) if o["batch-norm"] else x).relu()

        hint = dense(store, "label", one_hot(store, labels, case.classes), o["width"] - own).relu()
        parts = [layer(0, "latent", z, own), hint]
        x = layer(1, "joint", torch.cat(parts, 1), o["width"])
        pixels = dense(store, "output", x, case.size * case.size * case.channels).sigmoid()
        return image(pixels * 2 - 1, case.size, case.size, case.channels)

    def criticize(store, x, labels, draws):
        def dropout(index, x):
            return draws.dropout(f"discriminator.dropouts.{index}", x, o["dropout"])

        seen = dropout(0, maxout(store, "image", flat(x + 1) / 2, o["units"], 5))
        hint = dropout(1, maxout(store, "label", one_hot(store, labels, case.classes), told, 5))
        x = dropout(2, maxout(store, "joint", torch.cat([seen, hint], 1), o["units"], 4))
        return {"logits": dense(store, "output", x, 1)}

    return PartsGame(generate, criticize, NON_SATURATING, o["latent"], "uniform", separate=False, classes=case.classes)
