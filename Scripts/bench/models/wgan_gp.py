"""WGAN-GP at 32 px: residual networks, a critic without norms whose slopes are held to 1 (Gulrajani et al. 2017)."""

import torch
from torch import nn
from torch.nn import functional as F

from models.layers import BatchNorm, Convolution, Dense, initialize


class UpBlock(nn.Module):
    """Norm, ReLU, up, 3x3, norm, ReLU, 3x3; the shortcut's 1x1 runs before the upsampling, which is the same function."""

    def __init__(self, width):
        super().__init__()
        self.norms = nn.ModuleList(BatchNorm(width) for _ in range(2))
        self.convolutions = nn.ModuleList(Convolution(width, width, 3) for _ in range(2))
        self.shortcut = Convolution(width, width, 1)

    def forward(self, x):
        h = F.interpolate(F.relu(self.norms[0](x)), scale_factor=2)
        h = self.convolutions[0](h)
        h = self.convolutions[1](F.relu(self.norms[1](h)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2)


class DownBlock(nn.Module):
    """ReLU (not in the first block), 3x3, ReLU, 3x3, and average pooling where it halves; pooling before the shortcut's 1x1."""

    def __init__(self, inputs, width, is_first, halves):
        super().__init__()
        self.is_first, self.halves = is_first, halves
        self.convolutions = nn.ModuleList([Convolution(inputs, width, 3), Convolution(width, width, 3)])
        self.shortcut = Convolution(inputs, width, 1) if halves else nn.Identity()

    def forward(self, x):
        h = self.convolutions[0](x if self.is_first else F.relu(x))
        h = self.convolutions[1](F.relu(h))
        if not self.halves:
            return h + x
        return F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))


class Generator(nn.Module):
    """z to images in [-1, 1]."""

    def __init__(self, width, latent):
        super().__init__()
        self.width = width
        self.project = Dense(latent, 16 * width)
        self.blocks = nn.ModuleList(UpBlock(width) for _ in range(3))
        self.norm = BatchNorm(width)
        self.output = Convolution(width, 3, 3)

    def forward(self, latent):
        x = self.project(latent).view(-1, self.width, 4, 4)
        if self.output.weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            x = block(x)
        return torch.tanh(self.output(F.relu(self.norm(x))))


class Discriminator(nn.Module):
    """Images to logits `[batch]`."""

    def __init__(self, width):
        super().__init__()
        self.blocks = nn.ModuleList([DownBlock(3, width, True, True), DownBlock(width, width, False, True),
                                     DownBlock(width, width, False, False), DownBlock(width, width, False, False)])
        self.linear = Dense(width, 1)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.linear(F.relu(x).mean([2, 3])).squeeze(1)


class WGANGP:
    """Both networks and their losses."""

    def __init__(self, size, classes, *, channels, latent, layer_norm, **_):
        if size != 32 or layer_norm:
            raise ValueError(f"{size} px, layer norm {layer_norm}; this description has 32 px and no layer norm alone")
        self.latent = latent
        self.generator, self.discriminator = Generator(channels, latent), Discriminator(channels)
        for network in (self.generator, self.discriminator):
            initialize(network)

    def draw(self, batch):
        """Images of random z."""
        return self.generator(torch.randn(batch, self.latent))

    def discriminator_loss(self, images, labels):
        """The distance in one pass over real and generated images, and the penalty at points between them."""
        with torch.no_grad():
            fake = self.draw(len(images)).float()
        real_logits, fake_logits = self.discriminator(torch.cat([images, fake])).float().chunk(2)
        share = torch.rand(len(images), 1, 1, 1)
        between = (share * images + (1 - share) * fake).requires_grad_()
        slope, = torch.autograd.grad(self.discriminator(between).float().sum(), between, create_graph=True)
        norm = slope.float().square().sum([1, 2, 3]).sqrt()
        return fake_logits.mean() - real_logits.mean() + 10 * (norm - 1).square().mean()

    def generator_loss(self, batch):
        """What the critic says of new images."""
        return -self.discriminator(self.draw(batch)).float().mean()
