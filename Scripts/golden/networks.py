"""Layers of the models' independent descriptions, in PyTorch: double precision, images `[batch, channels, height, width]`.

A network's parameters live in a `Store`, which makes each one when a layer first asks for it: their paths, shapes and number follow from
running the network. Shapes are those of the engine's files: kernels `[height, width, inputs, outputs]` (of transposed convolutions
`[height, width, outputs, inputs]`), matrices `[inputs, outputs]`. Numbers are drawn by a formula of path and index that the tests share.
"""

import math

import torch
from torch.nn import functional as F

from streams import Stream, text_hash


class Store:
    """One network's parameters by path, and the vectors of its spectral norms."""

    def __init__(self, name, is_abstract=False):
        self.name, self.is_abstract = name, is_abstract
        self.parameters, self.vectors, self.sigmas = {}, {}, {}
        self.is_updated = False

    def begin(self, is_updated):
        """A new phase: new leaves of the same numbers; spectral norms go on from their vectors."""
        self.is_updated = is_updated
        self.sigmas = {}
        self.parameters = {path: value.detach().requires_grad_() for path, value in self.parameters.items()}

    def parameter(self, place, *shape):
        path = f"{self.name}.{place}"
        if path not in self.parameters:
            self.parameters[path] = torch.empty(shape, device="meta") if self.is_abstract else drawn(path, shape).requires_grad_()
        value = self.parameters[path]
        assert value.shape == shape, f"{path}: {tuple(value.shape)} and {shape}"
        return value

    def weight(self, place, *shape, spectral=None):
        """A weight, over its largest singular value where `spectral` (the smallest norm divided by) is given."""
        weight = self.parameter(f"{place}.weight", *shape)
        if spectral is None or self.is_abstract:
            return weight
        matrix = weight.reshape(-1, shape[-1])
        # While the network's own gradient is taken, one power iteration serves all passes.
        if not self.is_updated or place not in self.sigmas:
            u = self.vectors.get(place)
            if u is None:
                u = Stream(text_hash(f"{self.name}.{place}.u"), step=0).uniform([1, shape[-1]], -1, 1)[0]
            with torch.no_grad():
                v = matrix @ u
                v = v / v.norm().clamp(min=spectral)
                u = matrix.T @ v
                u = u / u.norm().clamp(min=spectral)
            self.vectors[place] = u
            self.sigmas[place] = (u, v)
        u, v = self.sigmas[place]
        return weight / (v @ matrix @ u)


def drawn(path, shape):
    """First numbers: gains around 1, biases around 0, matrices and kernels by He's rule; rounded as the engine's are."""
    uniform = Stream(text_hash(path), step=0).uniform([1, math.prod(shape)], -1, 1)[0]
    if path.endswith(".gain"):
        values = 1 + 0.2 * uniform
    elif len(shape) < 2:
        values = 0.2 * uniform
    else:
        values = uniform * math.sqrt(6 / math.prod(shape[:-1]))
    return values.float().double().reshape(shape)


def flat(x):
    """All numbers of an image in the engine's order: rows, columns, channels."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1)


def image(x, height, width, channels):
    """The reverse of `flat`."""
    return x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def dense(store, place, x, outputs, bias=True, spectral=None):
    y = x @ store.weight(place, x.shape[1], outputs, spectral=spectral)
    return y + store.parameter(f"{place}.bias", outputs) if bias else y


def conv(store, place, x, outputs, kernel, stride=1, padding=None, bias=True, spectral=None):
    """`padding`: zeros above and left, and below and right; by default half the kernel."""
    before, after = (kernel // 2, kernel // 2) if padding is None else padding
    weight = store.weight(place, kernel, kernel, x.shape[1], outputs, spectral=spectral).permute(3, 2, 0, 1)
    b = store.parameter(f"{place}.bias", outputs) if bias else None
    return F.conv2d(F.pad(x, (before, after, before, after)), weight, b, stride=stride)


def transposed(store, place, x, outputs, kernel, padding, stride=2, bias=True, spectral=None):
    """The adjoint of a strided convolution with zeros above and left, and below and right."""
    before, after = padding
    weight = store.weight(place, kernel, kernel, outputs, x.shape[1], spectral=spectral).permute(3, 2, 0, 1)
    b = store.parameter(f"{place}.bias", outputs) if bias else None
    y = F.conv_transpose2d(x, weight, None, stride=stride)
    y = y[:, :, before : y.shape[2] - after, before : y.shape[3] - after]
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def channels(vector, x):
    return vector.reshape([1, -1] + [1] * (x.dim() - 2))


def batch_norm(store, place, x, epsilon=1e-5):
    axes = [0] + list(range(2, x.dim()))
    centred = x - x.mean(axes, keepdim=True)
    normal = centred / (centred.square().mean(axes, keepdim=True) + epsilon).sqrt()
    gain, bias = store.parameter(f"{place}.gain", x.shape[1]), store.parameter(f"{place}.bias", x.shape[1])
    return normal * channels(gain, x) + channels(bias, x)


def layer_norm(store, place, x, epsilon=1e-5):
    axes = list(range(1, x.dim()))
    centred = x - x.mean(axes, keepdim=True)
    normal = centred / (centred.square().mean(axes, keepdim=True) + epsilon).sqrt()
    gain, bias = store.parameter(f"{place}.gain", x.shape[1]), store.parameter(f"{place}.bias", x.shape[1])
    return normal * channels(gain, x) + channels(bias, x)


def conditional_norm(store, place, x, epsilon, vector=None, labels=None, classes=None, spectral=None):
    """Batch norm whose gain, around 1, and bias are linear in a vector, or rows of tables (Brock et al. 2019, appendix B)."""
    if vector is None and labels is None:
        return batch_norm(store, place, x, epsilon)
    axes = [0] + list(range(2, x.dim()))
    centred = x - x.mean(axes, keepdim=True)
    normal = centred / (centred.square().mean(axes, keepdim=True) + epsilon).sqrt()
    if vector is None:
        gain, bias = (store.parameter(f"{place}.{name}.weight", classes, x.shape[1])[labels] for name in ("gain", "bias"))
    else:
        gain, bias = (dense(store, f"{place}.{name}", vector, x.shape[1], bias=False, spectral=spectral) for name in ("gain", "bias"))
    return normal * (1 + gain)[:, :, None, None] + bias[:, :, None, None]


def attention(store, place, x, spectral):
    """Zhang et al. 2019, section 3, with the authors' pooling of keys and values."""
    batch, width, height, columns = x.shape
    query, key, value = (conv(store, f"{place}.{name}", x, width // share, 1, bias=False, spectral=spectral)
                         for name, share in (("query", 8), ("key", 8), ("value", 2)))
    key, value = (F.max_pool2d(each, 2).flatten(2) for each in (key, value))
    weights = (query.flatten(2).transpose(1, 2) @ key).softmax(2)
    mixed = (value @ weights.transpose(1, 2)).reshape(batch, width // 2, height, columns)
    return x + conv(store, f"{place}.output", mixed, width, 1, bias=False, spectral=spectral) * store.parameter(f"{place}.gain")


def projected(store, x, labels, classes, spectral):
    """Sum pooling and the projection of Miyato, Koyama 2018, eq. (3)."""
    h = F.relu(x).sum([2, 3])
    logits = dense(store, "linear", h, 1, spectral=spectral)
    if labels is None:
        return logits
    rows = store.weight("embedding", classes, h.shape[1], spectral=spectral)[labels]
    return logits + (rows * h).sum(1, keepdim=True)


def maxout(store, place, x, units, pieces):
    return dense(store, place, x, units * pieces).reshape(-1, pieces, units).amax(1)


def doubled(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def halved(x):
    return F.avg_pool2d(x, 2)


def up_block(store, place, x, outputs):
    """Generator block of residual networks."""
    h = conv(store, f"{place}.conv1", doubled(batch_norm(store, f"{place}.norm1", x).relu()), outputs, 3)
    h = conv(store, f"{place}.conv2", batch_norm(store, f"{place}.norm2", h).relu(), outputs, 3)
    return h + conv(store, f"{place}.shortcut", doubled(x), outputs, 1)


def down_block(store, place, x, outputs, halves, hidden=None, is_first=False, normalized=False, spectral=None):
    """Critic block of residual networks."""
    hidden = outputs if hidden is None else hidden
    h = x
    if not is_first:
        h = (layer_norm(store, f"{place}.norm1", h) if normalized else h).relu()
    h = conv(store, f"{place}.conv1", h, hidden, 3, spectral=spectral)
    h = (layer_norm(store, f"{place}.norm2", h) if normalized else h).relu()
    h = conv(store, f"{place}.conv2", h, outputs, 3, spectral=spectral)
    shortcut = x
    if halves or x.shape[1] != outputs:
        shortcut = conv(store, f"{place}.shortcut", x, outputs, 1, spectral=spectral)
    return halved(h) + halved(shortcut) if halves else h + shortcut
