"""SemiGAN: Salimans et al. 2016, section 5; openai/improved-gan, train_cifar_feature_matching.py; generator as DCGAN's with 5x5 kernels."""

from torch.nn import functional as F

from parts import FeatureMatching, FewLabels, PartsGame, dropout_of_images
from steps import Case

from .dcgan import strided_generator

NAME = "semigan"

PRESETS = {
    "demo": {"generator-channels": 32, "discriminator-channels": 32, "latent": 100, "image-dropout": 0.2, "dropout": 0.5},
    "cifar10": {"generator-channels": 128, "discriminator-channels": 96, "latent": 100, "image-dropout": 0.2, "dropout": 0.5},
}

STEPS = [Case("cifar10", 16, 3, 4, settings={"generator-channels": 4, "discriminator-channels": 4, "latent": 5})]
COUNTS = [Case("demo", 32, 3, 14), Case("cifar10", 32, 3, 10)]


def normed(store, place, *shape):
    """Salimans, Kingma 2016, eq. (2): a length and a direction for each output."""
    v = store.parameter(f"{place}.weight", *shape)
    lengths = v.square().sum(list(range(len(shape) - 1))).sqrt()
    return v * (store.parameter(f"{place}.gain", shape[-1]) / lengths)


def model(case):
    o = PRESETS[case.preset] | case.settings
    width = o["discriminator-channels"]

    def criticize(store, x, _, draws):
        for layer, outputs in enumerate([width] * 3 + [2 * width] * 6):
            if layer in (0, 3, 6):
                rate = o["dropout"] if layer else o["image-dropout"]
                x = dropout_of_images(draws, f"discriminator.dropouts.{layer // 3}", x, rate)
            kernel = 3 if layer < 7 else 1
            w = normed(store, f"convolutions.{layer}", kernel, kernel, x.shape[1], outputs).permute(3, 2, 0, 1)
            bias = store.parameter(f"convolutions.{layer}.bias", outputs)
            x = F.leaky_relu(F.conv2d(x, w, bias, stride=2 if layer in (2, 5) else 1, padding=1 if layer < 6 else 0), 0.2)
        features = x.mean([2, 3])
        classes = features @ normed(store, "classes", features.shape[1], case.classes) + store.parameter("classes.bias", case.classes)
        return {"logits": classes.logsumexp(1), "features": features, "classes": classes}

    # -Z/2 + softplus(Z)/2 on real images, softplus(Z)/2 on generated ones; the generator learns by features alone.
    losses = (lambda real, fake: (-real["logits"].mean() + F.softplus(real["logits"]).mean() + F.softplus(fake["logits"]).mean()) / 2,
              lambda real, fake: 0)
    return PartsGame(
        lambda store, z, _: strided_generator(store, z, case.size, case.channels, o["generator-channels"], 5),
        criticize, losses, o["latent"], "uniform", separate=False, needs_real=True, terms=[FeatureMatching(), FewLabels()])
