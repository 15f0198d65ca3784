"""DCGAN: Radford, Metz, Chintala 2016, section 3, figure 1; Newmu/dcgan_code. Also the strided networks of other models."""

from torch.nn import functional as F

from game import NON_SATURATING, Game
from networks import batch_norm, conv, dense, flat, image, layer_norm, transposed
from steps import Case

NAME = "dcgan"

PRESETS = {
    "demo": {"generator-channels": 32, "discriminator-channels": 32, "latent": 100, "kernel": 4},
    "tutorial": {"generator-channels": 64, "discriminator-channels": 64, "latent": 100, "kernel": 4},
    "paper": {"generator-channels": 128, "discriminator-channels": 128, "latent": 100, "kernel": 5},
}

TINY = {"generator-channels": 4, "discriminator-channels": 3, "latent": 6}
STEPS = [Case("demo", settings=TINY), Case("paper", 16, 1, settings=TINY)]
COUNTS = [Case("demo"), Case("tutorial", 64), Case("paper", 64), Case("tutorial", 128, 1)]


def padding(kernel):
    """Zeros with which stride 2 halves sizes exactly."""
    return (1, 1) if kernel == 4 else (1, 2)


def strided_generator(store, z, size, channels, width, kernel, norm=True):
    levels = size.bit_length() - 3
    widths = [width << level for level in reversed(range(levels))]
    x = image(dense(store, "project", z, 16 * widths[0], bias=not norm), 4, 4, widths[0])
    for level, outputs in enumerate(widths[1:] + [channels]):
        x = F.relu(batch_norm(store, f"norms.{level}", x) if norm else x)
        is_last = level == levels - 1
        x = transposed(store, f"convolutions.{level}", x, outputs, kernel, padding(kernel), bias=is_last or not norm)
    return x.tanh()


def strided_critic(store, x, width, kernel, norm="batch"):
    levels = x.shape[2].bit_length() - 3
    for level in range(levels):
        x = conv(store, f"convolutions.{level}", x, width << level, kernel, 2, padding(kernel), bias=level == 0 or norm == "none")
        if level > 0 and norm != "none":
            x = {"batch": batch_norm, "layer": layer_norm}[norm](store, f"norms.{level - 1}", x)
        x = F.leaky_relu(x, 0.2)
    return dense(store, "linear", flat(x), 1)


def model(case):
    o = PRESETS[case.preset] | case.settings
    return Game(
        lambda store, z, _: strided_generator(store, z, case.size, case.channels, o["generator-channels"], o["kernel"]),
        lambda store, x, _, draws: strided_critic(store, x, o["discriminator-channels"], o["kernel"]),
        NON_SATURATING, o["latent"], "uniform", separate=True)
