"""InfoGAN: Chen et al. 2016, appendix C.1; openai/InfoGAN, infogan/models/regularized_gan.py."""

import torch
from torch.nn import functional as F

from networks import batch_norm, conv, dense, flat, image, transposed
from parts import NON_SATURATING, MutualInformation, PartsGame, one_hot
from steps import Case

NAME = "infogan"

PRESETS = {
    "demo": {"channels": 32, "hidden": 256, "latent": 62, "categories": 10, "numbers": 2},
    "mnist": {"channels": 64, "hidden": 1024, "latent": 62, "categories": 10, "numbers": 2},
}

STEPS = [Case("mnist", 8, 1, settings={"channels": 3, "hidden": 16, "latent": 4, "categories": 3})]
COUNTS = [Case("mnist", 28, 1), Case("demo", 32, 3)]


def model(case):
    o = PRESETS[case.preset] | case.settings
    side = case.size // 4

    def generate(store, z, labels):
        x = torch.cat([z, one_hot(store, labels, o["categories"])], 1)
        for layer, width in enumerate([o["hidden"], side * side * 2 * o["channels"]]):
            x = batch_norm(store, f"norms.{layer}", dense(store, f"dense.{layer}", x, width, bias=False)).relu()
        x = transposed(store, "convolutions.0", image(x, side, side, 2 * o["channels"]), o["channels"], 4, (1, 1), bias=False)
        x = transposed(store, "convolutions.1", batch_norm(store, "norms.2", x).relu(), case.channels, 4, (1, 1))
        return x.sigmoid() * 2 - 1

    def criticize(store, x, _, draws):
        def rectified(x):
            return F.leaky_relu(x, 0.01)

        x = rectified(conv(store, "convolutions.0", x, o["channels"], 4, 2, (1, 1)))
        x = rectified(batch_norm(store, "norms.0", conv(store, "convolutions.1", x, 2 * o["channels"], 4, 2, (1, 1), bias=False)))
        x = rectified(batch_norm(store, "norms.1", dense(store, "dense", flat(x), o["hidden"], bias=False)))
        head = rectified(batch_norm(store, "norms.2", dense(store, "head.hidden", x, o["hidden"] // 8, bias=False)))
        return {"logits": dense(store, "linear", x, 1), "codes": dense(store, "head.codes", head, o["categories"] + o["numbers"])}

    return PartsGame(
        generate, criticize, NON_SATURATING, o["latent"] + o["numbers"], "uniform", separate=True, classes=o["categories"],
        terms=[MutualInformation()])
