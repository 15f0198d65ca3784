"""R3GAN: Huang et al. 2024, section 3; brownvc/R3GAN, R3GAN/Networks.py and Resamplers.py, training/loss.py."""

import torch
from torch.nn import functional as F

from networks import dense
from parts import PartsGame, Slopes, one_hot
from steps import Case

NAME = "r3gan"

PRESETS = {
    "demo": {"channels": 128, "full-size": 4, "blocks": 1, "expansion": 2, "group": 16, "latent": 64, "gamma": 1},
    "cifar10": {"channels": 768, "full-size": 32, "blocks": 2, "expansion": 2, "group": 16, "latent": 64, "gamma": 0.05},
    "ffhq256": {"channels": 768, "full-size": 32, "blocks": 2, "expansion": 2, "group": 16, "latent": 64, "gamma": 150},
}

TINY = {"channels": 4, "full-size": 4, "group": 2, "latent": 5}
STEPS = [Case("demo", 8, settings=TINY), Case("cifar10", 16, 1, 3, settings=TINY | {"full-size": 8})]
COUNTS = [Case("demo"), Case("cifar10", 32, 3, 10), Case("ffhq256", 256)]


def widths(o, size):
    return [o["channels"] // max(1, (1 << level) // o["full-size"]) for level in range(2, size.bit_length())]


def conv(store, place, x, outputs, kernel=1, groups=1, bias=False):
    w = store.parameter(f"{place}.weight", kernel, kernel, x.shape[1] // groups, outputs).permute(3, 2, 0, 1)
    b = store.parameter(f"{place}.bias", outputs) if bias else None
    return F.conv2d(x, w, b, padding=kernel // 2, groups=groups)


def filtered(x, scale):
    """The filter (1, 2, 1) in both directions, without a border."""
    taps = torch.tensor([1.0, 2.0, 1.0], device=x.device) * scale
    kernel = (taps[:, None] * taps[None]).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, groups=x.shape[1])


def up(x):
    """A zero after each pixel, two before the first; gain 2 in each direction."""
    batch, channels, height, width = x.shape
    spread = torch.stack([x, torch.zeros_like(x)], 4).reshape(batch, channels, height, 2 * width)
    spread = torch.stack([spread, torch.zeros_like(spread)], 3).reshape(batch, channels, 2 * height, 2 * width)
    return filtered(F.pad(spread, (2, 0, 2, 0)), 1 / 2)


def down(x):
    """One zero before the first pixel; every second result."""
    return filtered(F.pad(x, (1, 0, 1, 0)), 1 / 4)[:, :, ::2, ::2]


def block(store, place, x, o):
    inner = x.shape[1] * o["expansion"]
    y = F.leaky_relu(conv(store, f"{place}.expand", x, inner, bias=True), 0.2)
    y = F.leaky_relu(conv(store, f"{place}.grouped", y, inner, 3, inner // min(o["group"], inner), bias=True), 0.2)
    return x + conv(store, f"{place}.project", y, x.shape[1])


def stage(store, index, x, o):
    for number in range(o["blocks"]):
        x = block(store, f"stages.{index}.{number}", x, o)
    return x


def model(case):
    o = PRESETS[case.preset] | case.settings
    stages = widths(o, case.size)

    def basis(store, channels):
        return store.parameter("basis", 4, 4, channels).permute(2, 0, 1)[None]

    def embedded(store, labels, width):
        return one_hot(store, labels, case.classes) @ store.parameter("embedding.weight", case.classes, width)

    def generate(store, z, labels):
        if case.classes:
            z = torch.cat([z, embedded(store, labels, o["latent"])], 1)
        x = basis(store, stages[0]) * dense(store, "linear", z, stages[0], bias=False)[:, :, None, None]
        for index, width in enumerate(stages):
            if index:
                x = up(conv(store, f"transitions.{index - 1}", x, width) if x.shape[1] != width else x)
            x = stage(store, index, x, o)
        return conv(store, "output", x, case.channels)

    def criticize(store, x, labels, draws):
        x = conv(store, "input", x, stages[-1])
        for index, width in enumerate(reversed(stages)):
            if index:
                x = down(x)
                x = conv(store, f"transitions.{index - 1}", x, width) if x.shape[1] != width else x
            x = stage(store, index, x, o)
        x = dense(store, "linear", (x * basis(store, stages[0])).sum([2, 3]), stages[-1] if case.classes else 1, bias=False)
        return {"logits": (x * embedded(store, labels, stages[-1])).sum(1, keepdim=True) if case.classes else x}

    losses = (lambda real, fake: F.softplus(-(real["logits"] - fake["logits"])).mean(),
              lambda real, fake: F.softplus(-(fake["logits"] - real["logits"])).mean())
    return PartsGame(
        generate, criticize, losses, o["latent"], "normal", separate=False, classes=case.classes, needs_real=True,
        terms=[Slopes(o["gamma"])])
