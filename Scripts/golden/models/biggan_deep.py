"""BigGAN-deep: Brock, Donahue, Simonyan 2019, appendix B, tables 7 and 8, figure 16; 32 px as google/compare_gan."""

import torch
from torch.nn import functional as F

from game import HINGE, Game
from networks import attention, batch_norm, conditional_norm, conv, dense, doubled, halved, image, projected
from steps import Case

NAME = "biggan-deep"

PAPER = {"channels": 128, "latent": 128, "shared-embedding": 128, "attention": 64, "spectral": 1e-4, "norm": 1e-4}
PRESETS = {
    "demo": PAPER | {"channels": 32, "latent": 64, "shared-embedding": 32, "attention": 16, "spectral": 1e-6, "norm": 1e-5},
    "cifar10": PAPER | {"attention": 16, "spectral": 1e-6},
    "imagenet128": PAPER,
}

STEPS = [Case("demo", 32, 3, 4, settings={"channels": 4, "latent": 4, "shared-embedding": 3}, batch=4),
         Case("demo", 32, 1, None, settings={"channels": 4, "latent": 4}, batch=3)]
COUNTS = [Case("demo", 32, 3, 14), Case("cifar10", 32, 3, 10), Case("imagenet128", 128, 3, 1000)]

GENERATOR = {32: [4] * 7, 128: [16, 16, 16, 8, 8, 4, 4, 2, 2, 1]}
"""Width of each block's end; every second block doubles the size."""
FIRST = {32: (4, 2), 128: (16, 1)}
"""Width before the first block of generator and critic."""
CRITIC = {32: [2] * 7, 128: [2, 2, 4, 4, 8, 8, 16, 16, 16, 16]}
"""The same of the critic, whose blocks halve the size beginning with the first."""


def model(case):
    o = PRESETS[case.preset] | case.settings
    spectral = o["spectral"]

    def generate(store, z, labels):
        vector = z
        if labels is not None:
            vector = torch.cat([z, store.parameter("embedding.weight", case.classes, o["shared-embedding"])[labels]], 1)
        width = FIRST[case.size][0] * o["channels"]
        x = image(dense(store, "project", vector, 16 * width, spectral=spectral), 4, 4, width)
        for index, multiple in enumerate(GENERATOR[case.size]):
            place, outputs, doubles = f"blocks.{index}", multiple * o["channels"], index % 2 == 1
            inner = x.shape[1] // 4
            h = x
            for layer, (after, kernel) in enumerate([(inner, 1), (inner, 3), (inner, 3), (outputs, 1)]):
                h = F.relu(conditional_norm(store, f"{place}.norm{layer + 1}", h, o["norm"], vector=vector, spectral=spectral))
                h = doubled(h) if doubles and layer == 1 else h
                h = conv(store, f"{place}.conv{layer + 1}", h, after, kernel, spectral=spectral)
            # The shortcut leaves out the last channels.
            kept = x[:, :outputs]
            x = h + (doubled(kept) if doubles else kept)
            if doubles and x.shape[2] == o["attention"]:
                x = attention(store, "attention", x, spectral)
        x = F.relu(batch_norm(store, "norm", x, o["norm"]))
        return conv(store, "output", x, case.channels, 3, spectral=spectral).tanh()

    def criticize(store, x, labels, draws):
        x = conv(store, "input", x, FIRST[case.size][1] * o["channels"], 3, spectral=spectral)
        for index, multiple in enumerate(CRITIC[case.size]):
            place, outputs, halves = f"blocks.{index}", multiple * o["channels"], index % 2 == 0
            inner = outputs // 4
            h = x
            for layer, (after, kernel) in enumerate([(inner, 1), (inner, 3), (inner, 3), (outputs, 1)]):
                h = F.relu(h)
                h = halved(h) if halves and layer == 3 else h
                h = conv(store, f"{place}.conv{layer + 1}", h, after, kernel, spectral=spectral)
            shortcut = halved(x) if halves else x
            if outputs > x.shape[1]:
                added = conv(store, f"{place}.added", shortcut, outputs - x.shape[1], 1, spectral=spectral)
                shortcut = torch.cat([shortcut, added], 1)
            x = h + shortcut
            if index == first_block(case.size, o["attention"]):
                x = attention(store, "attention", x, spectral)
        return projected(store, x, labels, case.classes, spectral)

    return Game(generate, criticize, HINGE, o["latent"], "normal", separate=False, classes=case.classes)


def first_block(size, attended):
    """The critic's first block at the size of its attention that does not halve."""
    for index in range(len(CRITIC[size])):
        if index % 2 == 0:
            size //= 2
        elif size == attended:
            return index
    return None
