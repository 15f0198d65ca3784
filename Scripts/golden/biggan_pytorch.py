"""Makes Tests/Golden/biggan-pytorch: small generators with random weights and the images they draw, as PyTorch computes them.

The networks have the structure and the parameter names of ajbrock/BigGAN-PyTorch, written anew after the paper (Brock et al. 2019,
appendix B) and that repository's names, so that its G_ema.pth files are read by the same program that reads these. For each case there is
NAME.pth, the state as `torch.save` writes it, and NAME.safetensors with z, labels and images.

    python3 -m venv .build-golden-venv && .build-golden-venv/bin/pip install torch numpy safetensors
    .build-golden-venv/bin/python Scripts/golden/biggan_pytorch.py Tests/Golden/biggan-pytorch
"""

import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

# Image size: input of the first block and output of each, as multiples of the base width.
WIDTHS = {32: [4, 4, 4, 4], 64: [16, 16, 8, 4, 2]}


class Spectral:
    """What spectral norm adds to a layer: the vector u0 and the value sv0; every call divides by the singular value."""

    def prepare(self, outputs):
        self.register_buffer("u0", torch.randn(1, outputs))
        self.register_buffer("sv0", torch.ones(1))

    def divided(self):
        matrix = self.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(self.u0 @ matrix, eps=1e-6)
            u = F.normalize(v @ matrix.T, eps=1e-6)
            if self.training:
                self.u0.copy_(u)
        value = (v @ matrix.T @ u.T).squeeze()
        if self.training:
            self.sv0.fill_(value.item())
        return self.weight / value


class Convolution(nn.Conv2d, Spectral):
    def __init__(self, inputs, outputs, kernel=3, bias=True):
        nn.Conv2d.__init__(self, inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        self.prepare(outputs)

    def forward(self, x):
        return F.conv2d(x, self.divided(), self.bias, padding=self.padding)


class Dense(nn.Linear, Spectral):
    def __init__(self, inputs, outputs, bias=True):
        nn.Linear.__init__(self, inputs, outputs, bias=bias)
        self.prepare(outputs)

    def forward(self, x):
        return F.linear(x, self.divided(), self.bias)


class Norm(nn.Module):
    """Batch norm by stored moments, or by the batch's in training."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def normalized(self, x):
        return F.batch_norm(x, self.stored_mean, self.stored_var, None, None, self.training, 0.1, 1e-5)


class ConditionalNorm(Norm):
    def __init__(self, channels, maps):
        super().__init__(channels)
        self.gain, self.bias = maps(channels), maps(channels)

    def forward(self, x, y):
        return self.normalized(x) * (1 + self.gain(y))[:, :, None, None] + self.bias(y)[:, :, None, None]


class PlainNorm(Norm):
    def __init__(self, channels):
        super().__init__(channels)
        self.gain, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return self.normalized(x) * self.gain[:, None, None] + self.bias[:, None, None]


class Block(nn.Module):
    def __init__(self, inputs, outputs, maps):
        super().__init__()
        self.conv1, self.conv2 = Convolution(inputs, outputs), Convolution(outputs, outputs)
        self.conv_sc = Convolution(inputs, outputs, 1)
        self.bn1, self.bn2 = ConditionalNorm(inputs, maps), ConditionalNorm(outputs, maps)

    def forward(self, x, y):
        h = F.interpolate(F.relu(self.bn1(x, y)), scale_factor=2)
        h = self.conv2(F.relu(self.bn2(self.conv1(h), y)))
        return h + self.conv_sc(F.interpolate(x, scale_factor=2))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.theta, self.phi = (Convolution(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.g = Convolution(channels, channels // 2, 1, bias=False)
        self.o = Convolution(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.tensor(0.0))

    def forward(self, x, _):
        keys, values = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.phi, self.g))
        shares = torch.softmax(self.theta(x).flatten(2).transpose(1, 2) @ keys, dim=2)
        return x + self.gamma * self.o((values @ shares.transpose(1, 2)).view(len(x), -1, *x.shape[2:]))


class Generator(nn.Module):
    def __init__(self, size, channels, latent, classes, shared, hierarchical, attention):
        super().__init__()
        widths = [multiple * channels for multiple in WIDTHS[size]]
        self.chunk = latent // len(widths) if hierarchical else latent
        self.shared = nn.Embedding(classes, shared) if shared else nn.Identity()
        width = shared + (self.chunk if hierarchical else 0)
        maps = (lambda outputs: Dense(width, outputs, bias=False)) if shared else (lambda outputs: nn.Embedding(classes, outputs))
        self.linear = Dense(self.chunk, 16 * widths[0])
        self.blocks = nn.ModuleList(
            nn.ModuleList([Block(inputs, outputs, maps)] + ([Attention(outputs)] if 8 << index == attention else []))
            for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])))
        self.output_layer = nn.Sequential(PlainNorm(widths[-1]), nn.ReLU(), Convolution(widths[-1], 3))

    def forward(self, z, labels):
        y, parts = self.shared(labels), z.split(self.chunk, dim=1)
        h = self.linear(parts[0]).view(len(z), -1, 4, 4)
        for index, layers in enumerate(self.blocks):
            condition = torch.cat([y, parts[index + 1]], dim=1) if len(parts) > 1 else y
            for layer in layers:
                h = layer(h, condition)
        return torch.tanh(self.output_layer(h))


def make(directory, name, legacy, seed, count=2, **sizes):
    """Draws a generator, lets it gather moments, and writes it with what it draws."""
    torch.manual_seed(seed)
    generator = Generator(**sizes)
    with torch.no_grad():
        for path, parameter in generator.named_parameters():
            if path.endswith("gamma") or "output_layer.0" in path:
                parameter.add_(0.5 * torch.rand(parameter.shape) + 0.25)
        draw = lambda count: (torch.randn(count, sizes["latent"]), torch.randint(sizes["classes"], (count,)))
        for _ in range(20):
            generator(*draw(16))
        generator.eval()
        z, labels = draw(count)
        images = generator(z, labels)
    torch.save(generator.state_dict(), os.path.join(directory, f"{name}.pth"), _use_new_zipfile_serialization=not legacy)
    save_file(
        {"z": z, "labels": labels, "images": images.contiguous()}, os.path.join(directory, f"{name}.safetensors"),
        metadata={"generator": os.path.basename(__file__), "torch": torch.__version__})


if __name__ == "__main__":
    make(sys.argv[1], "shared", legacy=False, seed=1, size=32, channels=2, latent=8, classes=3, shared=4, hierarchical=True, attention=16)
    make(sys.argv[1], "tables", legacy=True, seed=2, size=64, channels=1, latent=5, classes=4, shared=0, hierarchical=False, attention=0, count=1)
