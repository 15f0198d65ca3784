"""One picture of all models: some samples of each below its name, and some real images of each set."""

import numpy
from PIL import Image, ImageDraw

COLUMNS, ROWS = 5, 4
"""Samples of a tile."""
ACROSS = 6
"""Tiles of a row."""
GAP, NAME = 1, 14
"""Pixels between samples, and of the line with the name."""


def tile(name, images, labels):
    """The first samples, or, where there are classes, samples of all of them in turn."""
    count = COLUMNS * ROWS
    chosen = numpy.arange(count)
    if labels is not None:
        chosen = numpy.argsort(labels, kind="stable")[numpy.linspace(0, len(labels) - 1, count).round().astype(int)]
    height, width = images.shape[2:]
    picture = Image.new("RGB", (COLUMNS * (width + GAP) + 5, ROWS * (height + GAP) + NAME + 5), "white")
    ImageDraw.Draw(picture).text((0, 1), name, fill="black")
    for place, image in enumerate(images[chosen]):
        pixels = numpy.broadcast_to(image.transpose(1, 2, 0), (height, width, 3))
        row, column = divmod(place, COLUMNS)
        picture.paste(Image.fromarray(pixels.copy()), (column * (width + GAP), NAME + row * (height + GAP)))
    return picture


def write_picture(tiles, path):
    """`tiles`: (name, images `[count, channels, height, width]`, labels or nothing) of each."""
    pictures = [tile(*each) for each in tiles]
    width, height = pictures[0].size
    whole = Image.new("RGB", (ACROSS * width, -(-len(pictures) // ACROSS) * height), "white")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, ACROSS)
        whole.paste(picture, (column * width, row * height))
    # A palette halves the file, and is not seen at this size.
    whole.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
