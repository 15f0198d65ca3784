"""DCGAN: strided convolutions with batch norm in both networks, without classes (Radford et al. 2016)."""

import torch
from torch import nn
from torch.nn import functional as F

from models.layers import BatchNorm, initialize
from models.step import non_saturating_critic, non_saturating_generator


class Generator(nn.Module):
    """z `[batch, latent]` to images in [-1, 1]: dense to 4x4, then norm, ReLU and a transposed 4x4 convolution for each doubling."""

    def __init__(self, size, channels, latent):
        super().__init__()
        levels = size.bit_length() - 3
        widths = [channels << level for level in reversed(range(levels))]
        self.width = widths[0]
        self.project = nn.Linear(latent, 16 * widths[0], bias=False)
        self.norms = nn.ModuleList(BatchNorm(width) for width in widths)
        self.convolutions = nn.ModuleList(
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=index == levels - 1)
            for index, (inputs, outputs) in enumerate(zip(widths, widths[1:] + [3])))

    def forward(self, latent):
        x = self.project(latent).view(-1, self.width, 4, 4)
        if self.convolutions[0].weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        for norm, convolution in zip(self.norms, self.convolutions):
            x = convolution(F.relu(norm(x), inplace=True))
        return torch.tanh(x)


class Discriminator(nn.Module):
    """Images to logits `[batch]`: strided 4x4 convolutions, batch norm (not on the first), leaky ReLU 0.2, then a dense layer."""

    def __init__(self, size, channels):
        super().__init__()
        levels = size.bit_length() - 3
        widths = [3] + [channels << level for level in range(levels)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=index == 0)
            for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])))
        self.norms = nn.ModuleList([nn.Identity()] + [BatchNorm(width) for width in widths[2:]])
        self.linear = nn.Linear(16 * widths[-1], 1)

    def forward(self, x):
        for convolution, norm in zip(self.convolutions, self.norms):
            x = F.leaky_relu(norm(convolution(x)), 0.2, inplace=True)
        return self.linear(x.flatten(1)).squeeze(1)


class DCGAN:
    """Both networks and their non-saturating losses."""

    def __init__(self, size, classes, *, generator_channels, discriminator_channels, latent, kernel, **_):
        if kernel != 4:
            raise ValueError(f"kernels of {kernel}x{kernel}; this description has 4x4 ones alone")
        self.latent = latent
        self.generator = Generator(size, generator_channels, latent)
        self.discriminator = Discriminator(size, discriminator_channels)
        for network in (self.generator, self.discriminator):
            initialize(network)
            for norm in network.modules():
                if isinstance(norm, BatchNorm):
                    nn.init.normal_(norm.weight, 1, 0.02)

    def draw(self, batch):
        """Images of random z in [-1, 1]."""
        return self.generator(torch.rand(batch, self.latent) * 2 - 1)

    def discriminator_loss(self, images, labels):
        """Real and generated images in passes of their own: batch norm must not tell them apart by their joint moments."""
        with torch.no_grad():
            fake = self.draw(len(images))
        return non_saturating_critic(self.discriminator(images).float(), self.discriminator(fake).float())

    def generator_loss(self, batch):
        """What the critic says of new images."""
        return non_saturating_generator(self.discriminator(self.draw(batch)).float())
