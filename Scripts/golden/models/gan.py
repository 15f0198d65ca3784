"""GAN: Goodfellow et al. 2014; layers as goodfeli/adversarial, mnist.yaml."""

from game import NON_SATURATING, Game
from networks import batch_norm, dense, flat, image, maxout
from steps import Case

NAME = "gan"

PRESETS = {
    "demo": {"generator-width": 600, "units": 240, "pieces": 5, "latent": 100, "visible-dropout": 0.2, "dropout": 0.5,
             "batch-norm": True},
    "mnist": {"generator-width": 1200, "units": 240, "pieces": 5, "latent": 100, "visible-dropout": 0.2, "dropout": 0.5,
              "batch-norm": False},
}

TINY = {"generator-width": 12, "units": 6, "latent": 5}
STEPS = [Case("mnist", 8, 1, settings=TINY), Case("demo", 6, 3, settings=TINY)]
COUNTS = [Case("mnist", 28, 1), Case("demo", 32, 3)]


def model(case):
    o = PRESETS[case.preset] | case.settings

    def generate(store, z, _):
        for layer in range(2):
            z = dense(store, f"layers.{layer}", z, o["generator-width"], bias=not o["batch-norm"])
            z = (batch_norm(store, f"norms.{layer}", z) if o["batch-norm"] else z).relu()
        pixels = dense(store, "output", z, case.size * case.size * case.channels).sigmoid()
        return image(pixels * 2 - 1, case.size, case.size, case.channels)

    def criticize(store, x, _, draws):
        x = draws.dropout("discriminator.dropouts.0", flat(x + 1) / 2, o["visible-dropout"])
        for layer in range(2):
            x = draws.dropout(f"discriminator.dropouts.{layer + 1}", maxout(store, f"layers.{layer}", x, o["units"], o["pieces"]), o["dropout"])
        return dense(store, "output", x, 1)

    return Game(generate, criticize, NON_SATURATING, o["latent"], "normal", separate=False)
