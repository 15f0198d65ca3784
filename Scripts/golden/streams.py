"""The engine's counter-based random numbers (Philox4x32-10, written here from its paper), so that both sides draw the same ones."""

import math

import numpy
import torch

MASK = (1 << 64) - 1


def mixed(value):
    """The finalizer of splitmix64."""
    z = (value + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def text_hash(text):
    """FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def philox(blocks, row, key):
    """Four words for each block of a row, `[blocks, 4]`. Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"."""
    low = numpy.uint64(0xFFFFFFFF)
    count = numpy.arange(blocks, dtype=numpy.uint64)
    c = [count, numpy.zeros_like(count), numpy.full_like(count, row & 0xFFFFFFFF), numpy.full_like(count, row >> 32)]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p0, p1 = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        shift = numpy.uint64(32)
        c = [(p1 >> shift) ^ c[1] ^ numpy.uint64(k[0]), p1 & low, (p0 >> shift) ^ c[3] ^ numpy.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return numpy.stack(c, axis=1)


class Stream:
    """Rows of random numbers; a row belongs to a sample."""

    def __init__(self, purpose, step, seed=4):
        self.key = mixed(mixed(mixed(seed) ^ purpose) ^ step)

    def words(self, row, count):
        return philox((count + 3) // 4, row, self.key).reshape(-1)[:count]

    def uniform(self, shape, low=0.0, high=1.0):
        count = math.prod(shape[1:])
        rows = [(self.words(row, count) >> numpy.uint64(8)).astype(numpy.float64) * 2.0**-24 for row in range(shape[0])]
        return torch.from_numpy(numpy.stack(rows)).reshape(shape) * (high - low) + low

    def normal(self, shape):
        count = math.prod(shape[1:])
        rows = []
        for row in range(shape[0]):
            words = self.words(row, (count + 3) // 4 * 4)
            length = numpy.sqrt(-2 * numpy.log((words[::2].astype(numpy.float64) + 0.5) / 2**32))
            angle = 2 * math.pi * (words[1::2] >> numpy.uint64(8)).astype(numpy.float64) * 2.0**-24
            rows.append(numpy.stack([length * numpy.cos(angle), length * numpy.sin(angle)], axis=1).reshape(-1)[:count])
        return torch.from_numpy(numpy.stack(rows)).reshape(shape)

    def classes(self, count, classes):
        """A class for each of `count` rows."""
        return torch.tensor([(int(self.words(row, 1)[0]) * classes) >> 32 for row in range(count)])
