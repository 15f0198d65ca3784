"""WGAN-GP: Gulrajani et al. 2017, algorithm 1; networks as igul222/improved_wgan_training, gan_cifar_resnet.py and gan_64x64.py.

Also the residual networks of other models.
"""

import torch
from torch.nn import functional as F

from game import WASSERSTEIN, Game, gradient_penalty
from models.dcgan import strided_critic, strided_generator
from models.fgan import dense_critic, dense_generator
from networks import batch_norm, conv, dense, down_block, flat, image, up_block
from steps import Case

NAME = "wgan-gp"

CIFAR = {"networks": "residual", "channels": 128, "width": 512, "latent": 128, "layer-norm": False}
PRESETS = {
    "demo": CIFAR | {"channels": 32},
    "cifar10": CIFAR,
    "imagenet64": CIFAR | {"channels": 64, "layer-norm": True},
    "convolutional": CIFAR | {"networks": "convolutional", "channels": 64},
    "dense": CIFAR | {"networks": "dense", "channels": 64},
}

STEPS = [Case("cifar10", settings={"channels": 4, "latent": 5}, batch=4),
         Case("imagenet64", 64, 1, settings={"channels": 1, "latent": 5}, batch=3),
         Case("convolutional", 16, settings={"channels": 3, "latent": 5}),
         Case("convolutional", 16, settings={"channels": 2, "latent": 5, "layer-norm": True}),
         Case("dense", 6, 1, settings={"width": 8, "latent": 5})]
COUNTS = [Case("cifar10"), Case("demo", 32, 1), Case("imagenet64", 64), Case("imagenet64", 128), Case("convolutional", 64),
          Case("dense", 28, 1)]


def residual_generator(store, z, widths, channels):
    x = image(dense(store, "project", z, 16 * widths[0]), 4, 4, widths[0])
    for index, width in enumerate(widths[1:]):
        x = up_block(store, f"blocks.{index}", x, width)
    return conv(store, "output", F.relu(batch_norm(store, "norm", x)), channels, 3).tanh()


def model(case):
    o = PRESETS[case.preset] | case.settings
    dim = o["channels"]

    def generate(store, z, _):
        if o["networks"] == "dense":
            return dense_generator(store, z, case, [o["width"]] * 4, False, torch.tanh)
        if o["networks"] == "convolutional":
            return strided_generator(store, z, case.size, case.channels, dim, 5)
        widths = {32: [1, 1, 1, 1], 64: [8, 8, 4, 2, 1], 128: [8, 8, 8, 4, 2, 1]}[case.size]
        return residual_generator(store, z, [dim * width for width in widths], case.channels)

    def criticize(store, x, _, draws):
        if o["networks"] == "dense":
            return dense_critic(store, x, [o["width"]] * 3, F.relu)
        if o["networks"] == "convolutional":
            return strided_critic(store, x, dim, 5, norm="layer" if o["layer-norm"] else "none")
        norm = o["layer-norm"]
        if case.size == 32:
            x = down_block(store, "blocks.0", x, dim, True, is_first=True, normalized=norm)
            x = down_block(store, "blocks.1", x, dim, True, hidden=dim, normalized=norm)
            for index in (2, 3):
                x = down_block(store, f"blocks.{index}", x, dim, False, hidden=dim, normalized=norm)
            return dense(store, "linear", F.relu(x).mean([2, 3]), 1)
        x = conv(store, "entry", x, dim, 3)
        for index, width in enumerate([2, 4, 8, 8] if case.size == 64 else [2, 4, 8, 8, 8]):
            x = down_block(store, f"blocks.{index}", x, dim * width, True, hidden=x.shape[1], normalized=norm)
        return dense(store, "linear", flat(x), 1)

    return Game(generate, criticize, WASSERSTEIN, o["latent"], "normal", separate=False, penalty=gradient_penalty())
