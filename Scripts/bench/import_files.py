"""Makes 10,000 mixed JPEG and PNG files and times their import against a Python script with Pillow, in turn, on one core each.

Usage: import_files.py PROGRAM [COUNT [SIZE [ROUNDS]]], in an environment with h5py, numpy and Pillow. Files are 150 to 500 pixels wide and
high, in ten directories; both programs crop the middle, take the area mean at SIZE x SIZE and write one HDF5 file.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy
from PIL import Image


def make(folder, count):
    """Files with smooth and rough parts, every other one a JPEG."""
    generator = numpy.random.default_rng(1)
    for index in range(count):
        height, width = (int(side) for side in generator.integers(150, 500, 2))
        small = Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=numpy.uint8))
        pixels = numpy.asarray(small.resize((width, height), Image.BICUBIC)) + generator.integers(-6, 7, (height, width, 1))
        image = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
        place = os.path.join(folder, f"class{index % 10}")
        os.makedirs(place, exist_ok=True)
        if index % 2:
            image.save(os.path.join(place, f"{index}.jpg"), quality=90)
        else:
            image.save(os.path.join(place, f"{index}.png"))


def pillow(source, output, size):
    """The import as a Python script does it."""
    files = []
    for label, name in enumerate(sorted(os.listdir(source))):
        files += [(os.path.join(source, name, file), label) for file in sorted(os.listdir(os.path.join(source, name)))]
    with h5py.File(output, "w") as file:
        images = file.create_dataset("imgs", (len(files), 3, size, size), "u1")
        for index, (path, _) in enumerate(files):
            image = Image.open(path).convert("RGB")
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.resize((size, size), Image.BOX, box=(left, top, left + side, top + side))
            images[index] = numpy.asarray(image).transpose(2, 0, 1)
        file["labels"] = numpy.array([label for _, label in files], dtype=numpy.int64)


def main(program, count=10_000, size=128, rounds=3):
    cores = os.sched_getaffinity(0)
    core = min(cores)
    with tempfile.TemporaryDirectory(prefix="dist-gan-import-") as place:
        source = os.path.join(place, "images")
        make(source, count)

        def timed(name, words, bound):
            output = os.path.join(place, name + ".h5")
            start = time.perf_counter()
            subprocess.run(
                [*words, output], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, {core} if bound else cores))
            seconds = time.perf_counter() - start
            os.remove(output)
            return seconds

        own = [program, "data", "import", source, "--size", str(size), "--output"]
        ways = {
            "Pillow, one core": ([sys.executable, os.path.abspath(__file__), "--pillow", source, str(size)], True),
            "dist-gan, one core": (own, True),
            f"dist-gan, {len(cores)} cores": (own, False),
        }
        seconds = {name: [] for name in ways}
        for _ in range(rounds):
            for index, (name, (words, bound)) in enumerate(ways.items()):
                seconds[name].append(timed(f"out{index}", words, bound))
    first = statistics.median(next(iter(seconds.values())))
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(f"{name:20}  {middle:6.2f} s  {count / middle:6.0f} images/s  {first / middle:.2f} times Pillow's rate")


if sys.argv[1] == "--pillow":
    pillow(sys.argv[2], sys.argv[4], int(sys.argv[3]))
else:
    main(os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:]))
