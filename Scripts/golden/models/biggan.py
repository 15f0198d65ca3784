"""BigGAN: Brock, Donahue, Simonyan 2019, appendix B, tables 4 to 6, figure 15; 32 px as ajbrock/BigGAN-PyTorch."""

import torch
from torch.nn import functional as F

from game import HINGE, Game
from networks import attention, batch_norm, conditional_norm, conv, dense, doubled, down_block, image, projected
from steps import Case

NAME = "biggan"

PAPER = {"channels": 96, "latent": 120, "hierarchical": True, "shared-embedding": 128, "attention": 64, "spectral": 1e-4, "norm": 1e-4}
PRESETS = {
    "demo": PAPER | {"channels": 16, "latent": 80, "shared-embedding": 32, "attention": 16, "spectral": 1e-6, "norm": 1e-5},
    "cifar10": PAPER | {"channels": 64, "latent": 128, "hierarchical": False, "shared-embedding": 0, "attention": 0, "spectral": 1e-8,
                        "norm": 1e-5},
    "imagenet128": PAPER,
}

STEPS = [Case("demo", 32, 3, 4, settings={"channels": 2, "latent": 8, "shared-embedding": 3}, batch=4),
         Case("cifar10", 32, 1, 3, settings={"channels": 1, "latent": 5}, batch=4),
         Case("demo", 32, 3, None, settings={"channels": 2, "latent": 8}, batch=4)]
COUNTS = [Case("demo", 32, 3, 14), Case("cifar10", 32, 3, 10), Case("imagenet128", 128, 3, 1000)]

GENERATOR = {32: [4, 4, 4, 4], 64: [16, 16, 8, 4, 2], 128: [16, 16, 8, 4, 2, 1]}
CRITIC = {32: ([4, 4, 4, 4], 2), 64: ([1, 2, 4, 8, 16], 4), 128: ([1, 2, 4, 8, 16, 16], 5)}


def model(case, o=None):
    o = PRESETS[case.preset] | case.settings if o is None else o
    spectral = o["spectral"]

    def generate(store, z, labels):
        widths = [each * o["channels"] for each in GENERATOR[case.size]]
        embedded = None
        if labels is not None and o["shared-embedding"] > 0:
            embedded = store.parameter("embedding.weight", case.classes, o["shared-embedding"])[labels]
        parts = list(z.chunk(len(widths), dim=1)) if o["hierarchical"] else [z] + [None] * (len(widths) - 1)
        x = image(dense(store, "project", parts[0], 16 * widths[0], spectral=spectral), 4, 4, widths[0])
        for index, (width, part) in enumerate(zip(widths[1:], parts[1:])):
            vector = [each for each in (embedded, part) if each is not None]
            condition = {"vector": torch.cat(vector, 1) if vector else None, "labels": None if vector else labels,
                         "classes": case.classes, "spectral": spectral}
            place = f"blocks.{index}"
            h = doubled(F.relu(conditional_norm(store, f"{place}.norm1", x, o["norm"], **condition)))
            h = conv(store, f"{place}.conv1", h, width, 3, spectral=spectral)
            h = F.relu(conditional_norm(store, f"{place}.norm2", h, o["norm"], **condition))
            h = conv(store, f"{place}.conv2", h, width, 3, spectral=spectral)
            x = h + conv(store, f"{place}.shortcut", doubled(x), width, 1, spectral=spectral)
            if x.shape[2] == o["attention"]:
                x = attention(store, "attention", x, spectral)
        x = F.relu(batch_norm(store, "norm", x, o["norm"]))
        return conv(store, "output", x, case.channels, 3, spectral=spectral).tanh()

    def criticize(store, x, labels, draws):
        widths, halvings = CRITIC[case.size]
        is_attended = False
        for index, width in enumerate(widths):
            x = down_block(store, f"blocks.{index}", x, width * o["channels"], index < halvings, is_first=index == 0, spectral=spectral)
            if x.shape[2] == o["attention"] and not is_attended:
                x, is_attended = attention(store, "attention", x, spectral), True
        return projected(store, x, labels, case.classes, spectral)

    return Game(generate, criticize, HINGE, o["latent"], "normal", separate=False, classes=case.classes)
