"""BEGAN: Berthelot, Schumm, Metz 2017, figure 1; layers as carpedm20/BEGAN-tensorflow, models.py."""

from torch.nn import functional as F

from networks import conv, dense, doubled, flat, image
from parts import PartsGame
from steps import Case

NAME = "began"

PRESETS = {"demo": {"channels": 32, "latent": 64}, "paper": {"channels": 128, "latent": 64}}

STEPS = [Case("demo", 16, settings={"channels": 3, "latent": 5}), Case("paper", 32, 1, settings={"channels": 2, "latent": 4})]
COUNTS = [Case("demo"), Case("paper", 64), Case("paper", 128, 1)]


def scales(size):
    return size.bit_length() - 3


def decode(store, place, z, size, channels, width):
    x = image(dense(store, f"{place}project", z, 64 * width), 8, 8, width)
    for scale in range(scales(size)):
        x = doubled(x) if scale else x
        for layer in range(2):
            x = F.elu(conv(store, f"{place}convolutions.{2 * scale + layer}", x, width, 3))
    return conv(store, f"{place}output", x, channels, 3)


def model(case):
    o = PRESETS[case.preset] | case.settings

    def criticize(store, images, _, draws):
        x, count = F.elu(conv(store, "encoder.first", images, o["channels"], 3)), scales(case.size)
        for scale in range(count):
            width = o["channels"] * (scale + 1)
            for layer in range(2):
                x = F.elu(conv(store, f"encoder.{scale}.{layer}", x, width, 3))
            if scale < count - 1:
                x = conv(store, f"encoder.{scale}.2", x, width, 3, 2, (0, 1))
        code = dense(store, "encoder.code", flat(x), o["latent"])
        restored = decode(store, "decoder.", code, case.size, case.channels, o["channels"])
        return {"logits": (images - restored).abs().mean([1, 2, 3]), "features": code}

    # k is 0 at the first step.
    losses = (lambda real, fake: real["logits"].mean(), lambda real, fake: fake["logits"].mean())
    return PartsGame(
        lambda store, z, _: decode(store, "", z, case.size, case.channels, o["channels"]),
        criticize, losses, o["latent"], "uniform", separate=False)
