"""LSGAN: Mao et al. 2017, figure 3; xudonmao/LSGAN, vgg.py, ops.py."""

from torch.nn import functional as F

from game import LEAST_SQUARES, Game
from networks import batch_norm, conv, dense, flat, image, transposed
from steps import Case

NAME = "lsgan"

PRESETS = {
    "demo": {"generator-channels": 16, "discriminator-channels": 16, "latent": 128},
    "lsun112": {"generator-channels": 64, "discriminator-channels": 64, "latent": 1024},
}

STEPS = [Case("lsun112", settings={"generator-channels": 2, "discriminator-channels": 2, "latent": 6})]
COUNTS = [Case("lsun112", 112), Case("demo"), Case("demo", 48, 1)]


def model(case):
    o = PRESETS[case.preset] | case.settings

    def generate(store, z, _):
        base, bottom = o["generator-channels"], case.size // 16
        x = image(dense(store, "project", z, bottom * bottom * 4 * base, bias=False), bottom, bottom, 4 * base)
        x = F.relu(batch_norm(store, "norms.0", x))
        # Stride and width, as the paper's figure lists them.
        for layer, (stride, width) in enumerate([(2, 256), (1, 256), (2, 256), (1, 256), (2, 128), (2, 64)]):
            place, outputs = f"convolutions.{layer}", width * base // 64
            if stride == 2:
                x = transposed(store, place, x, outputs, 3, (0, 1), bias=False)
            else:
                x = conv(store, place, x, outputs, 3, bias=False)
            x = F.relu(batch_norm(store, f"norms.{layer + 1}", x))
        return conv(store, "output", x, case.channels, 3).tanh()

    def criticize(store, x, _, draws):
        for layer in range(4):
            x = conv(store, f"convolutions.{layer}", x, o["discriminator-channels"] << layer, 5, 2, (1, 2), bias=layer == 0)
            if layer > 0:
                x = batch_norm(store, f"norms.{layer - 1}", x)
            x = F.leaky_relu(x, 0.2)
        return dense(store, "linear", flat(x), 1)

    return Game(generate, criticize, LEAST_SQUARES, o["latent"], "uniform", separate=True)
