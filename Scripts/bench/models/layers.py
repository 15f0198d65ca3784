"""Layers of the GANs, written from the papers; tensors are `[batch, channels, height, width]` in either memory format."""

import torch
from torch import nn
from torch.nn import functional as F


class SpectralNorm(nn.Module):
    """A weight divided by its largest singular value; each call makes one power iteration (Miyato et al. 2018, algorithm 1)."""

    def __init__(self, outputs, epsilon):
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("u", torch.randn(outputs))

    def forward(self, weight):
        # bfloat16 would lose the norm, and casting the weight would cost more than the two products.
        with torch.autocast("cpu", enabled=False):
            matrix = self.matrix(weight)
            with torch.no_grad():
                v = F.normalize(matrix.T.mv(self.u), dim=0, eps=self.epsilon)
                u = F.normalize(matrix.mv(v), dim=0, eps=self.epsilon)
                self.u.copy_(u)
            return weight / torch.dot(u, matrix.mv(v))

    @staticmethod
    def matrix(weight):
        """`[outputs, inputs]` without a copy: the order of the inputs is that of the memory."""
        if weight.dim() == 4 and weight.is_contiguous(memory_format=torch.channels_last):
            weight = weight.permute(0, 2, 3, 1)
        return weight.reshape(weight.shape[0], -1)


class Convolution(nn.Conv2d):
    """A convolution of stride 1 that keeps the size; with spectral norm if `spectral` is its epsilon."""

    def __init__(self, inputs, outputs, kernel, bias=True, spectral=None):
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        self.norm = SpectralNorm(outputs, spectral) if spectral else nn.Identity()

    def forward(self, x):
        return F.conv2d(x, self.norm(self.weight), self.bias, padding=self.padding)


class Dense(nn.Linear):
    """A dense layer; with spectral norm if `spectral` is its epsilon."""

    def __init__(self, inputs, outputs, bias=True, spectral=None):
        super().__init__(inputs, outputs, bias=bias)
        self.norm = SpectralNorm(outputs, spectral) if spectral else nn.Identity()

    def forward(self, x):
        return F.linear(x, self.norm(self.weight), self.bias)


class Embedding(nn.Embedding):
    """One learned row for each class; with spectral norm if `spectral` is its epsilon."""

    def __init__(self, classes, width, spectral=None):
        super().__init__(classes, width)
        self.norm = SpectralNorm(classes, spectral) if spectral else nn.Identity()

    def forward(self, labels):
        return F.embedding(labels, self.norm(self.weight))


class BatchNorm(nn.BatchNorm2d):
    """Batch norm with a learned gain and bias (Ioffe, Szegedy 2015)."""

    def forward(self, x, condition=None):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, True, self.momentum, self.eps)


class ConditionalBatchNorm(nn.BatchNorm2d):
    """Batch norm whose gain `1 + gain(condition)` and bias `bias(condition)` depend on the sample (Brock et al. 2019, appendix B)."""

    def __init__(self, channels, gain, bias, epsilon):
        super().__init__(channels, eps=epsilon, affine=False)
        self.gain, self.shift = gain, bias

    def forward(self, x, condition):
        normalized = F.batch_norm(x, self.running_mean, self.running_var, None, None, True, self.momentum, self.eps)
        gain, shift = (layer(condition).to(x.dtype)[:, :, None, None] for layer in (self.gain, self.shift))
        return torch.addcmul(shift, normalized, 1 + gain)


class SelfAttention(nn.Module):
    """`x + gain * o(softmax(q(x) k(x)^T) v(x))`, keys and values maximum-pooled (Zhang et al. 2019, section 3)."""

    def __init__(self, channels, spectral):
        super().__init__()
        self.query = Convolution(channels, channels // 8, 1, bias=False, spectral=spectral)
        self.key = Convolution(channels, channels // 8, 1, bias=False, spectral=spectral)
        self.value = Convolution(channels, channels // 2, 1, bias=False, spectral=spectral)
        self.output = Convolution(channels // 2, channels, 1, bias=False, spectral=spectral)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        batch, _, height, width = x.shape
        query = self.query(x).flatten(2)
        key, value = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.key, self.value))
        attention = torch.softmax(query.transpose(1, 2) @ key, dim=2).to(value.dtype)
        if x.is_contiguous(memory_format=torch.channels_last):
            mixed = (attention @ value.transpose(1, 2)).view(batch, height, width, -1).permute(0, 3, 1, 2)
        else:
            mixed = (value @ attention.transpose(1, 2)).view(batch, -1, height, width)
        return torch.addcmul(x, self.output(mixed), self.gain.to(x.dtype))


def initialize(network):
    """Weights from N(0, 0.02^2), biases 0; gains keep their start."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)
