"""BigGAN: residual blocks, class-conditional batch norm, z in every block, self-attention, projection critic (Brock et al. 2019)."""

import torch
from torch import nn
from torch.nn import functional as F

from models.layers import BatchNorm, ConditionalBatchNorm, Convolution, Dense, Embedding, SelfAttention, initialize
from models.step import hinge_critic, hinge_generator

# Image size: widths of the generator (first input, then each block's output), of the critic's blocks, and how many of these halve.
WIDTHS = {
    32: ([4, 4, 4, 4], [4, 4, 4, 4], 2),
    64: ([16, 16, 8, 4, 2], [1, 2, 4, 8, 16], 4),
    128: ([16, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 16], 5),
}


class UpBlock(nn.Module):
    """Doubles the size: norm, ReLU, up, 3x3, norm, ReLU, 3x3, plus up and 1x1 on the shortcut (the 1x1 first: the same function)."""

    def __init__(self, inputs, outputs, norm, spectral):
        super().__init__()
        self.norm1, self.norm2 = norm(inputs), norm(outputs)
        self.conv1 = Convolution(inputs, outputs, 3, spectral=spectral)
        self.conv2 = Convolution(outputs, outputs, 3, spectral=spectral)
        self.shortcut = Convolution(inputs, outputs, 1, spectral=spectral)

    def forward(self, x, condition):
        h = F.relu(self.norm1(x, condition), inplace=True)
        h = self.conv1(F.interpolate(h, scale_factor=2))
        h = self.conv2(F.relu(self.norm2(h, condition), inplace=True))
        return h + F.interpolate(self.shortcut(x), scale_factor=2)


class DownBlock(nn.Module):
    """ReLU, 3x3, ReLU, 3x3, average pooling if it halves; a shortcut, with 1x1 (after the pooling) where sizes change."""

    def __init__(self, inputs, outputs, first, halves, spectral):
        super().__init__()
        self.first, self.halves = first, halves
        self.conv1 = Convolution(inputs, outputs, 3, spectral=spectral)
        self.conv2 = Convolution(outputs, outputs, 3, spectral=spectral)
        self.shortcut = Convolution(inputs, outputs, 1, spectral=spectral) if inputs != outputs or halves else nn.Identity()

    def forward(self, x):
        h = self.conv1(x if self.first else F.relu(x))
        h = self.conv2(F.relu(h, inplace=True))
        if self.halves:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.shortcut(x)


class Generator(nn.Module):
    """z `[batch, latent]` and classes to images in [-1, 1]."""

    def __init__(self, size, classes, channels, latent, hierarchical, shared_embedding, attention, spectral, epsilon):
        super().__init__()
        widths = [multiple * channels for multiple in WIDTHS[size][0]]
        self.width, self.hierarchical = widths[0], hierarchical
        self.chunk = latent // len(widths) if hierarchical else latent
        self.embedding = Embedding(classes, shared_embedding) if shared_embedding else None
        vector = shared_embedding + (self.chunk if hierarchical else 0)

        def norm(channels):
            if vector:
                maps = [Dense(vector, channels, bias=False, spectral=spectral) for _ in range(2)]
            else:
                maps = [Embedding(classes, channels) for _ in range(2)]
            return ConditionalBatchNorm(channels, *maps, epsilon)

        self.project = Dense(self.chunk, 16 * widths[0], spectral=spectral)
        self.blocks = nn.ModuleList(UpBlock(inputs, outputs, norm, spectral) for inputs, outputs in zip(widths, widths[1:]))
        self.attention = nn.ModuleDict(
            {str(index): SelfAttention(widths[index + 1], spectral) for index in range(len(self.blocks)) if 8 << index == attention})
        self.norm = BatchNorm(widths[-1], eps=epsilon)
        self.output = Convolution(widths[-1], 3, 3, spectral=spectral)

    def forward(self, latent, labels):
        parts = latent.split(self.chunk, dim=1)
        embedded = labels if self.embedding is None else self.embedding(labels)
        x = self.project(parts[0]).view(-1, self.width, 4, 4)
        if self.output.weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        for index, block in enumerate(self.blocks):
            x = block(x, torch.cat([embedded, parts[index + 1]], dim=1) if self.hierarchical else embedded)
            if str(index) in self.attention:
                x = self.attention[str(index)](x)
        return torch.tanh(self.output(F.relu(self.norm(x), inplace=True)))


class Discriminator(nn.Module):
    """Images and classes to logits `[batch]`: blocks, ReLU, sum pooling to h, and `linear(h) + <embedding(y), h>`."""

    def __init__(self, size, classes, channels, attention, spectral):
        super().__init__()
        _, multiples, halvings = WIDTHS[size]
        widths = [3] + [multiple * channels for multiple in multiples]
        self.blocks = nn.ModuleList(
            DownBlock(inputs, outputs, index == 0, index < halvings, spectral)
            for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])))
        self.attention = nn.ModuleDict(
            {str(index): SelfAttention(widths[index + 1], spectral) for index in range(halvings) if size >> (index + 1) == attention})
        self.linear = Dense(widths[-1], 1, spectral=spectral)
        self.embedding = Embedding(classes, widths[-1], spectral=spectral)

    def forward(self, x, labels):
        for index, block in enumerate(self.blocks):
            x = block(x)
            if str(index) in self.attention:
                x = self.attention[str(index)](x)
        features = F.relu(x).sum((2, 3))
        return self.linear(features).squeeze(1) + (self.embedding(labels) * features).sum(1)


class BigGAN:
    """Both networks and their hinge losses."""

    def __init__(self, size, classes, *, channels, latent, hierarchical, shared_embedding, attention, spectral_epsilon,
                 batch_norm_epsilon, **_):
        self.latent, self.classes = latent, classes
        self.generator = Generator(
            size, classes, channels, latent, hierarchical, shared_embedding, attention, spectral_epsilon, batch_norm_epsilon)
        self.discriminator = Discriminator(size, classes, channels, attention, spectral_epsilon)
        initialize(self.generator)
        initialize(self.discriminator)

    def draw(self, batch):
        """Images of random z and classes, with these classes."""
        labels = torch.randint(self.classes, (batch,))
        return self.generator(torch.randn(batch, self.latent), labels), labels

    def discriminator_loss(self, images, labels):
        """Real and generated images in one pass, so that spectral norm iterates once."""
        with torch.no_grad():
            fake, fake_labels = self.draw(len(images))
        both = torch.cat([images.to(fake.dtype), fake])
        real, fake = self.discriminator(both, torch.cat([labels, fake_labels])).float().split(len(images))
        return hinge_critic(real, fake)

    def generator_loss(self, batch):
        """What the critic says of new images."""
        return hinge_generator(self.discriminator(*self.draw(batch)).float())
