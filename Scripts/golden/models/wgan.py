"""WGAN: Arjovsky, Chintala, Bottou 2017; networks as martinarjovsky/WassersteinGAN, models/dcgan.py, models/mlp.py."""

import torch
from torch.nn import functional as F

from game import WASSERSTEIN, Game
from models.dcgan import strided_critic, strided_generator
from models.fgan import dense_critic, dense_generator
from steps import Case

NAME = "wgan"

LSUN = {"generator": "convolutional", "critic": "convolutional", "channels": 64, "width": 512, "latent": 100, "batch-norm": True,
        "critic-norm": "batch"}
PRESETS = {"demo": LSUN | {"channels": 32}, "lsun64": LSUN, "dense": LSUN | {"generator": "dense", "critic": "dense"}}

STEPS = [Case("lsun64", 16, settings={"channels": 3, "latent": 5}),
         Case("lsun64", 16, 1, settings={"channels": 2, "latent": 5, "batch-norm": False, "critic-norm": "layer"}),
         Case("dense", 6, 1, settings={"width": 8, "latent": 5})]
COUNTS = [Case("lsun64", 64), Case("demo"), Case("dense", 64), Case("dense", 28, 1)]


def model(case):
    o = PRESETS[case.preset] | case.settings

    def generate(store, z, _):
        if o["generator"] == "dense":
            return dense_generator(store, z, case, [o["width"]] * 3, False, torch.tanh)
        return strided_generator(store, z, case.size, case.channels, o["channels"], 4, norm=o["batch-norm"])

    def criticize(store, x, _, draws):
        if o["critic"] == "dense":
            return dense_critic(store, x, [o["width"]] * 3, F.relu)
        return strided_critic(store, x, o["channels"], 4, norm=o["critic-norm"])

    separate = o["critic"] == "convolutional" and o["critic-norm"] == "batch"
    return Game(generate, criticize, WASSERSTEIN, o["latent"], "normal", separate=separate)
