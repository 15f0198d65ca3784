"""EBGAN: Zhao, Mathieu, LeCun 2017, section 2 and appendix; generator as DCGAN's."""

from torch.nn import functional as F

from networks import batch_norm, conv, flat, transposed
from parts import PartsGame, PullingAway
from steps import Case

from .dcgan import strided_generator

NAME = "ebgan"

PRESETS = {
    "demo": {"generator-channels": 32, "discriminator-channels": 32, "latent": 100, "energy": "norm", "loss": "energy-margin:margin=7"},
    "lsun64": {"generator-channels": 128, "discriminator-channels": 64, "latent": 100, "energy": "norm", "loss": "energy-margin:margin=80"},
}

TINY = {"generator-channels": 4, "discriminator-channels": 3, "latent": 6}
# Energies of such random images lie above the demo's margin: nothing of the hinge would be seen.
STEPS = [Case("demo", 16, settings=TINY | {"loss": "energy-margin:margin=20"}), Case("lsun64", 16, 1, settings=TINY | {"energy": "mean"})]
COUNTS = [Case("demo"), Case("lsun64", 64)]


def autoencoder(store, x, width):
    """What is restored of images, and the code."""
    channels = x.shape[1]
    for layer in range(3):
        x = conv(store, f"encoder.{layer}", x, width << layer, 4, 2, (1, 1), bias=layer == 0)
        x = F.leaky_relu(batch_norm(store, f"norms.{layer - 1}", x) if layer else x, 0.2)
    code = flat(x)
    for layer, outputs in enumerate([2 * width, width, channels]):
        x = transposed(store, f"decoder.{layer}", x, outputs, 4, (1, 1), bias=layer == 2)
        if layer < 2:
            x = F.leaky_relu(batch_norm(store, f"norms.{layer + 2}", x), 0.2)
    return x.tanh(), code


def model(case):
    o = PRESETS[case.preset] | case.settings
    margin = float(o["loss"].rpartition("=")[2])

    def criticize(store, x, _, draws):
        restored, code = autoencoder(store, x, o["discriminator-channels"])
        squares = (x - restored).square()
        energy = squares.sum([1, 2, 3]).sqrt() if o["energy"] == "norm" else squares.mean([1, 2, 3])
        return {"logits": energy, "features": code}

    losses = (lambda real, fake: real["logits"].mean() + (margin - fake["logits"]).relu().mean(),
              lambda real, fake: fake["logits"].mean())
    return PartsGame(
        lambda store, z, _: strided_generator(store, z, case.size, case.channels, o["generator-channels"], 4),
        criticize, losses, o["latent"], "uniform", separate=True, terms=[PullingAway()])
