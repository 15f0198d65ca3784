"""The models that are compared, each described once for both programs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Configuration:
    """One model at one size. `options` are dist-gan's by their names; the PyTorch models take the same ones."""

    name: str
    model: str
    preset: str
    size: int
    classes: int
    batch: int
    options: dict

    @property
    def data(self):
        """Images in the synthetic set: some batches, and every class at least once."""
        return max(8 * self.batch, self.classes)

    @property
    def arguments(self):
        """The options as dist-gan's command line has them."""
        words = ["--model", self.model, "--preset", self.preset, "--batch", str(self.batch)]
        for name, value in self.options.items():
            words += [f"--{name}", str(value).lower()]
        return words

    @property
    def keywords(self):
        """The options as keyword arguments."""
        return {name.replace("-", "_"): value for name, value in self.options.items()}


def biggan_128(channels, batch):
    """BigGAN as the paper has it for 128 px, with another base width; one critic update, no orthogonal regularization."""
    options = {
        "channels": channels,
        "latent": 120,
        "hierarchical": True,
        "shared-embedding": 128,
        "attention": 64,
        "generator-lr": 5e-5,
        "discriminator-lr": 2e-4,
        "beta1": 0.0,
        "beta2": 0.999,
        "average-decay": 0.9999,
        "average-start": 0,
        "spectral-epsilon": 1e-4,
        "batch-norm-epsilon": 1e-4,
        "critic-steps": 1,
        "term": "none",
        "initializer": "normal",
    }
    return Configuration(f"biggan-128-ch{channels}", "biggan", "imagenet128", 128, 1000, batch, options)


BIGGAN_32 = {
    "channels": 64,
    "latent": 128,
    "hierarchical": False,
    "shared-embedding": 0,
    "attention": 0,
    "generator-lr": 2e-4,
    "discriminator-lr": 2e-4,
    "beta1": 0.0,
    "beta2": 0.999,
    "average-decay": 0.9999,
    "average-start": 0,
    "spectral-epsilon": 1e-8,
    "batch-norm-epsilon": 1e-5,
    "critic-steps": 1,
    "term": "none",
    "initializer": "normal",
}

# The SAGAN-style 64 px network of ajbrock/BigGAN-PyTorch, and SAGAN's step sizes: 1000 classes in
# tables of every conditional norm, no chunks of z.
SAGAN_BLOCKS_64 = {
    **BIGGAN_32,
    "attention": 32,
    "generator-lr": 1e-4,
    "discriminator-lr": 4e-4,
}

DCGAN_64 = {
    "generator-channels": 64,
    "discriminator-channels": 64,
    "latent": 100,
    "kernel": 4,
    "lr": 2e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "average-decay": 0.999,
}

# The residual networks of WGAN-GP, with one critic update, whose penalty needs second derivatives.
WGAN_GP_32 = {
    "channels": 128,
    "latent": 128,
    "layer-norm": False,
    "generator-lr": 2e-4,
    "discriminator-lr": 2e-4,
    "beta1": 0.0,
    "beta2": 0.9,
    "average-decay": 0.999,
    "average-start": 0,
    "critic-steps": 1,
    "schedule": "constant",
}

CONFIGURATIONS = [
    Configuration("biggan-cifar10", "biggan", "cifar10", 32, 10, 50, BIGGAN_32),
    Configuration("dcgan-64", "dcgan", "tutorial", 64, 0, 64, DCGAN_64),
    Configuration("sagan-blocks-64", "biggan", "cifar10", 64, 1000, 16, SAGAN_BLOCKS_64),
    Configuration("wgan-gp-32", "wgan-gp", "cifar10", 32, 0, 64, WGAN_GP_32),
    biggan_128(channels=32, batch=8),
    biggan_128(channels=96, batch=4),
]
