"""An image set as two files: NAME.png, an atlas of square tiles, and NAME.labels, the class of each tile."""

import pathlib
import struct
import zlib

import numpy

SIZE = 32
COLUMNS = 64


def write(folder, name, classes, images, labels, bits):
    """Writes `images` (uint8, [count, SIZE, SIZE, channels]) in class order with `bits` a sample.

    The labels file holds the class names in UTF-8, one a line, an empty line, then one byte for each image.
    """
    order = numpy.argsort(labels, kind="stable")
    images, labels = numpy.stack(images)[order], numpy.asarray(labels, numpy.uint8)[order]
    folder = pathlib.Path(folder)
    png = encode(tiles(images), bits)
    (folder / f"{name}.png").write_bytes(png)
    head = "".join(f"{line}\n" for line in classes) + "\n"
    (folder / f"{name}.labels").write_bytes(head.encode() + labels.tobytes())
    print(f"{name}: {len(images)} images, {len(png)} bytes")
    for line, count in zip(classes, numpy.bincount(labels, minlength=len(classes))):
        print(f"  {count:5d} {line}")


def tiles(images):
    """Lays the images out row by row, COLUMNS in each; the last row is filled up with white."""
    count, height, width, channels = images.shape
    rows = -(-count // COLUMNS)
    sheet = numpy.full((rows * COLUMNS, height, width, channels), 255, numpy.uint8)
    sheet[:count] = images
    sheet = sheet.reshape(rows, COLUMNS, height, width, channels).transpose(0, 2, 1, 3, 4)
    return sheet.reshape(rows * height, COLUMNS * width, channels)


def encode(picture, bits):
    """A PNG of 8-bit colour or of grey with 4 or 8 bits.

    Written here because Pillow cannot write grey of 4 bits, which halves the calligraphy.
    """
    height, width, channels = picture.shape
    if bits == 4:
        levels = picture[:, :, 0] // 17
        lines = levels[:, 0::2] << 4 | levels[:, 1::2]
        step, kinds = 1, [0]
    else:
        lines, step, kinds = picture.reshape(height, width * channels), channels, [0, 1, 2, 3, 4]
    data = zlib.compress(filtered(lines, step, kinds), 9)
    header = struct.pack(">IIBBBBB", width, height, bits, {1: 0, 3: 2}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(lines, step, kinds):
    """PNG's line filters; of each line the one with the least sum of absolute differences is kept."""
    result = bytearray()
    above = numpy.zeros(lines.shape[1], numpy.int16)
    for line in lines.astype(numpy.int16):
        left = numpy.concatenate([numpy.zeros(step, numpy.int16), line[:-step]])
        corner = numpy.concatenate([numpy.zeros(step, numpy.int16), above[:-step]])
        guess = left + above - corner
        distances = [abs(guess - left), abs(guess - above), abs(guess - corner)]
        paeth = numpy.where(
            (distances[0] <= distances[1]) & (distances[0] <= distances[2]),
            left,
            numpy.where(distances[1] <= distances[2], above, corner),
        )
        guesses = [0, left, above, (left + above) // 2, paeth]
        trials = [(kind, (line - guesses[kind]).astype(numpy.uint8)) for kind in kinds]
        kind, best = min(trials, key=lambda trial: abs(trial[1].astype(numpy.int8).astype(int)).sum())
        result.append(kind)
        result += best.tobytes()
        above = line
    return bytes(result)
