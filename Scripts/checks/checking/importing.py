"""What the checks of imports share: pictures, what an import should make of them, and imports that succeed or are refused."""

import os
import struct
import subprocess
import zlib

import h5py
import numpy
from PIL import Image

from checking import ENVIRONMENT, command, expect, succeed

generator = numpy.random.default_rng(5)


# What an import should give, by another way.


def area(length, size):
    """The matrix that takes the mean of what each new pixel covers."""
    matrix = numpy.zeros((size, length))
    for target in range(size):
        low, high = target * length / size, (target + 1) * length / size
        for pixel in range(length):
            matrix[target, pixel] = max(0, min(high, pixel + 1) - max(low, pixel)) / (high - low)
    return matrix


def bilinear(length, size):
    """The matrix that interpolates between pixel centres."""
    matrix = numpy.zeros((size, length))
    for target in range(size):
        position = min(max((target + 0.5) * length / size - 0.5, 0), length - 1)
        left = min(int(position), max(0, length - 2))
        matrix[target, left] += 1 - (position - left)
        matrix[target, min(left + 1, length - 1)] += position - left
    return matrix


def colours(image):
    """The pixels of an opened image in RGB, transparent parts on white."""
    if image.mode.startswith("I;16") or image.mode == "I":
        grey = numpy.rint(numpy.asarray(image).astype(float) * 255 / 65535)
        return numpy.repeat(grey[..., None], 3, 2)
    pixels = numpy.asarray(image.convert("RGBA")).astype(float)
    alpha = pixels[..., 3:] / 255
    return numpy.rint(pixels[..., :3] * alpha + 255 * (1 - alpha))


def fitted(pixels, height, width, crop=True, way=None):
    """Pixels [h, w, c] cropped to the shape in the middle and resized."""
    rows, columns = pixels.shape[:2]
    if crop and columns * height > rows * width:
        part = max(1, (2 * rows * width + height) // (2 * height))
        pixels = pixels[:, (columns - part) // 2 :][:, :part]
    elif crop:
        part = max(1, (2 * columns * height + width) // (2 * width))
        pixels = pixels[(rows - part) // 2 :][:part]
    if pixels.shape[:2] == (height, width):
        return pixels
    way = way or (area if pixels.shape[0] > height or pixels.shape[1] > width else bilinear)
    pixels = numpy.einsum("ij,jkc->ikc", way(pixels.shape[0], height), pixels)
    return numpy.einsum("ij,kjc->kic", way(pixels.shape[1], width), pixels)


def checksum(data):
    """CRC-32C of bytes."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = TABLE[(remainder ^ byte) & 255] ^ (remainder >> 8)
    return f"{remainder ^ 0xFFFFFFFF:08x}"


def entry(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


TABLE = [entry(byte) for byte in range(256)]


def photo(height, width, channels=3):
    """A picture with smooth and rough parts."""
    small = Image.fromarray(generator.integers(0, 256, (5, 6, channels), dtype=numpy.uint8).squeeze())
    return numpy.asarray(small.resize((width, height), Image.BICUBIC)).reshape(height, width, channels)


def png(width, height, depth, colour, data, extra=b""):
    """A PNG of any header and any compressed data."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(image, path, **options):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image.save(path, **options)
    return path


def stored(path):
    """Images, labels and class names of a file."""
    with h5py.File(path) as file:
        expect(file["imgs"].dtype == numpy.uint8 and file["imgs"].chunks is None, path, file["imgs"])
        labels = file["labels"][:] if "labels" in file else None
        expect(labels is None or labels.dtype == numpy.int64, path, labels)
        names = file.attrs.get("classes")
        return file["imgs"][:], labels, None if names is None else [name.decode() for name in names]


def close(found, expected, what, tolerance=1.01):
    """Expects planes [c, h, w] to be pixels [h, w, c], give or take a rounding."""
    distance = numpy.abs(found.transpose(1, 2, 0).astype(float) - expected).max()
    expect(distance <= tolerance, what, f"the largest distance is {distance}")


def imported(place, *words, ranks=None):
    path = os.path.join(place, "out.h5")
    if os.path.exists(path):
        os.remove(path)
    succeed("data", "import", *words, "--output", path, ranks=ranks)
    return path


def refuse(code, fragment, *words, place=None, ranks=None, options=None):
    """Runs the program, expects its refusal in one sentence, and nothing left behind."""
    kept = set(os.listdir(place)) if place else None
    result = subprocess.run(
        command(*words, ranks=ranks), env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **(options or {}))
    sentences = [line for line in result.stderr.splitlines() if line.startswith("dist-gan: ")]
    facts = (words, f"exit code {result.returncode}, expected {code}", result.stdout, result.stderr)
    expect(result.returncode == code, *facts)
    expect(len(sentences) == 1 and fragment in sentences[0], f"one sentence with '{fragment}' is expected", *facts)
    expect(place is None or set(os.listdir(place)) == kept, "something was left behind", *facts)
