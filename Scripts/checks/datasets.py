"""Opens what `data make` writes with h5py and compares it with the pictures and labels it was made of."""

import os

import h5py
import numpy
from PIL import Image

from checking import directory, expect, succeed

SOURCES = os.path.join(os.path.dirname(__file__), "..", "..", "Sources", "CEmbedded", "data")

with directory() as place:
    for name, channels in [("emoji32", 3), ("kanji32", 1)]:
        path = os.path.join(place, name + ".h5")
        succeed("data", "make", name, "--output", path)
        with h5py.File(path) as file:
            images, labels = file["imgs"][:], file["labels"][:]
            classes = [text.decode() if isinstance(text, bytes) else text for text in file.attrs["classes"]]
            license = file.attrs["license"]
        expect(images.dtype == numpy.uint8 and images.shape[1:] == (channels, 32, 32), name, images.dtype, images.shape)
        expect(labels.dtype == numpy.int64 and labels.shape == images.shape[:1], name, labels.dtype, labels.shape)
        expect(len(license) > 0, name, "has no licence")

        table = open(os.path.join(SOURCES, name + ".labels"), "rb").read()
        count = len(images)
        written = [line for line in table[:-count].decode().splitlines() if line]
        expect(classes == written, name, "classes", classes, written)
        expect(labels.tolist() == list(table[-count:]), name, "labels differ from the table")

        atlas = numpy.asarray(Image.open(os.path.join(SOURCES, name + ".png")).convert("RGB" if channels == 3 else "L"))
        atlas = atlas.reshape(atlas.shape[0], atlas.shape[1], channels)
        columns = atlas.shape[1] // 32
        for index in range(count):
            top, left = index // columns * 32, index % columns * 32
            tile = atlas[top : top + 32, left : left + 32].transpose(2, 0, 1)
            expect((images[index] == tile).all(), name, f"image {index} differs from the atlas")

        shown = succeed("data", "info", path)
        for number, title in enumerate(classes):
            line = next(line for line in shown.splitlines() if line.strip().startswith(title + " "))
            expect(int(line.strip()[len(title) :].split()[0]) == (labels == number).sum(), name, "histogram", line)
print("datasets: files are what they were made of")
