"""SAGAN: Zhang et al. 2019, brain-research/self-attention-gan; the strided form as heykeetae/Self-Attention-GAN."""

from torch.nn import functional as F

from game import HINGE, Game
from models import biggan
from networks import attention, batch_norm, conv, dense, flat, image, transposed
from steps import Case

NAME = "sagan"

PAPER = {"form": "residual", "channels": 64, "latent": 128, "attention": 32, "spectral": 1e-12, "norm": 1e-5}
PRESETS = {
    "demo": PAPER | {"channels": 16, "attention": 16, "spectral": 1e-6},
    "imagenet128": PAPER,
    "strided64": PAPER | {"form": "strided"},
}

STEPS = [Case("demo", 32, 3, 4, settings={"channels": 2, "latent": 5}, batch=4),
         Case("strided64", 32, 3, None, settings={"channels": 8, "latent": 5}, batch=3)]
COUNTS = [Case("demo", 32, 3, 14), Case("imagenet128", 128, 3, 1000), Case("strided64", 64)]


def model(case):
    o = PRESETS[case.preset] | case.settings
    if o["form"] == "residual":
        # z feeds the first layer alone, and each conditional norm has tables of its own.
        return biggan.model(case, o | {"hierarchical": False, "shared-embedding": 0})
    spectral, levels = o["spectral"], case.size.bit_length() - 3

    def generate(store, z, _):
        widths = [o["channels"] << level for level in reversed(range(levels))]
        x = image(dense(store, "project", z, 16 * widths[0], spectral=spectral), 4, 4, widths[0])
        for level, outputs in enumerate(widths[1:] + [case.channels]):
            x = F.relu(batch_norm(store, f"norms.{level}", x, o["norm"]))
            if level >= levels - 2:
                x = attention(store, f"attention.{level - (levels - 2)}", x, spectral)
            x = transposed(store, f"convolutions.{level}", x, outputs, 4, (1, 1), spectral=None if level == levels - 1 else spectral)
        return x.tanh()

    def criticize(store, x, _, draws):
        for level in range(levels):
            x = F.leaky_relu(conv(store, f"convolutions.{level}", x, o["channels"] << level, 4, 2, (1, 1), spectral=spectral), 0.1)
            if level >= levels - 2:
                x = attention(store, f"attention.{level - (levels - 2)}", x, spectral)
        return dense(store, "linear", flat(x), 1)

    return Game(generate, criticize, HINGE, o["latent"], "normal", separate=False)
