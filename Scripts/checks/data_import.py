"""Imports folders, CIFAR, MNIST and HDF5 files, compares every pixel, and trains on every kind of images."""

import gzip
import os
import re
import resource
import signal
import struct
import subprocess
import time

import h5py
import numpy
from PIL import Image, ImageOps

from checking import ENVIRONMENT, SMALL, command, directory, expect, run, succeed
from checking.importing import bilinear, checksum, close, colours, fitted, generator, imported, photo, refuse, saved, stored


# Folders


def folders(place):
    """Every kind of PNG and JPEG, by class, in any depth."""
    source = os.path.join(place, "photos")
    at = lambda name: os.path.join(source, name)
    files = [
        saved(Image.fromarray(photo(48, 64)), at("ant/colour.png")),
        saved(Image.fromarray(photo(64, 48)), at("ant/photo.jpg"), quality=90),
        saved(Image.fromarray(photo(50, 70)), at("ant/progressive.jpeg"), quality=85, progressive=True),
        saved(Image.fromarray(photo(64, 64, 1)[..., 0]), at("bee/2020/grey.png")),
        saved(Image.fromarray(photo(90, 64, 1)[..., 0]), at("bee/2021/grey.jpg")),
        saved(Image.fromarray(photo(40, 40, 4)), at("bee/2021/spring/clear.png")),
        saved(Image.fromarray(photo(37, 91)).quantize(16), at("cat/palette.png")),
        saved(Image.fromarray(generator.integers(0, 65536, (64, 80), dtype=numpy.uint16)), at("cat/wide.png")),
        saved(Image.fromarray(photo(20, 30)), at("cat/small.png")),
        saved(Image.fromarray(photo(33, 65)).convert("CMYK"), at("cat/printed.jpg")),
        saved(Image.fromarray(photo(64, 64)).convert("1"), at("cat/two-colours.png")),
    ]
    # Content tells, not the name.
    os.rename(saved(Image.fromarray(photo(64, 64)), at("cat/x.jpg")), at("cat/really-a-jpeg.png"))
    os.rename(saved(Image.fromarray(photo(64, 64)), at("cat/x.png")), at("cat/nameless"))
    files = [path for path in files if os.path.exists(path)] + [at("cat/really-a-jpeg.png"), at("cat/nameless")]
    open(at("cat/notes.txt"), "w").write("no image")
    # As the importer lists them: files of a directory before the directories in it.
    files.sort(key=lambda path: (path[len(source) + 1 :].split("/")[0], os.path.dirname(path), os.path.basename(path)))

    path = imported(place, source, "--size", 32)
    images, labels, names = stored(path)
    expect(names == ["ant", "bee", "cat"] and labels.tolist() == [0] * 3 + [1] * 3 + [2] * 7, names, labels)
    expect(images.shape == (13, 3, 32, 32), images.shape)
    for index, file in enumerate(files):
        close(images[index], fitted(colours(Image.open(file)), 32, 32), file, 2.01 if "printed" in file else 1.01)
    shown = succeed("data", "info", path)
    expect(re.search(r"cat +7 ", shown), shown)

    distorted = ["--size", "24x40", "--crop", "none", "--resize", "bilinear", "--classes-from", "none"]
    images, labels, names = stored(imported(place, source, *distorted))
    expect(labels is None and names is None and images.shape == (13, 3, 24, 40), labels, names, images.shape)
    for index, file in enumerate(files):
        close(images[index], fitted(colours(Image.open(file)), 24, 40, crop=False, way=bilinear), file, 2.01 if "printed" in file else 1.01)

    images, _, _ = stored(imported(place, os.path.join(source, "bee", "2021", "spring"), "--channels", 4))
    expect((images[0].transpose(1, 2, 0) == numpy.asarray(Image.open(at("bee/2021/spring/clear.png")))).all(), "RGBA differs")
    images, _, _ = stored(imported(place, source, "--size", 32, "--channels", 1))
    grey = fitted(numpy.asarray(Image.open(at("ant/colour.png")).convert("L"))[..., None].astype(float), 32, 32)
    close(images[0], grey, "grey of colour", 1.51)

    # The same bytes, however many ranks and threads decode.
    alone = [stored(imported(place, source, "--size", 32, "--threads", threads))[0] for threads in [1, 2]]
    for ranks in [1, 3, 8]:
        shared, labels, names = stored(imported(place, source, "--size", 32, ranks=ranks))
        expect((shared == alone[0]).all() and (shared == alone[1]).all() and len(labels) == 13, f"{ranks} ranks give other bytes")
    return source


def turned(place):
    """Pictures as cameras store them, and Pillow's word for how they are upright."""
    source = os.path.join(place, "camera")
    files = []
    for ending, options in [("jpg", dict(quality=90)), ("png", {})]:
        for orientation in range(9):
            exif = Image.Exif()
            exif[0x010F] = "a camera"
            if orientation:
                exif[0x0112] = orientation
            files.append(saved(Image.fromarray(photo(26, 44)), os.path.join(source, f"{orientation}.{ending}"), exif=exif, **options))
    images, _, _ = stored(imported(place, source, "--size", "30x20", ranks=2))
    for index, file in enumerate(sorted(files)):
        upright = ImageOps.exif_transpose(Image.open(file))
        close(images[index], fitted(colours(upright), 30, 20), file)
    # Without a size all images have that of the first one, upright.
    alone = os.path.join(place, "upright")
    os.mkdir(alone)
    os.link(os.path.join(source, "6.jpg"), os.path.join(alone, "6.jpg"))
    images, _, _ = stored(imported(place, alone))
    expect(images.shape == (1, 3, 44, 26), images.shape)


# Sets in files of their own


def cifar(place):
    source = os.path.join(place, "cifar-10-batches-bin")
    os.mkdir(source)
    images = generator.integers(0, 256, (6, 20, 3, 32, 32), dtype=numpy.uint8)
    labels = generator.integers(0, 10, (6, 20), dtype=numpy.uint8)
    names = [f"batches/data_batch_{index + 1}.bin" for index in range(5)] + ["test_batch.bin"]
    for index, name in enumerate(names):
        records = numpy.concatenate([labels[index][:, None], images[index].reshape(20, -1)], 1)
        records.tofile(os.path.join(source, os.path.basename(name)))
    open(os.path.join(source, "batches.meta.txt"), "w").write("\n".join("abcdefghij") + "\n\n")
    found, classes, written = stored(imported(place, source))
    expect((found == images[:5].reshape(100, 3, 32, 32)).all() and (classes == labels[:5].ravel()).all(), "CIFAR-10 differs")
    expect(written == list("abcdefghij"), written)
    found, classes, _ = stored(imported(place, source, "--part", "test", ranks=3))
    expect((found == images[5]).all() and (classes == labels[5]).all(), "CIFAR-10's test part differs")

    hundred = os.path.join(place, "hundred.bin")
    both = numpy.stack([generator.integers(0, 20, 20), generator.integers(0, 100, 20)], 1).astype(numpy.uint8)
    numpy.concatenate([both, images[0].reshape(20, -1)], 1).tofile(hundred)
    for words, column in [([], 1), (["--coarse"], 0)]:
        found, classes, _ = stored(imported(place, hundred, *words))
        expect((found == images[0]).all() and (classes == both[:, column]).all(), "CIFAR-100 differs", words)


def mnist(place):
    source = os.path.join(place, "mnist")
    os.mkdir(source)
    images = generator.integers(0, 256, (50, 28, 28), dtype=numpy.uint8)
    labels = generator.integers(0, 10, 50, dtype=numpy.uint8)
    contents = {
        "images-idx3": struct.pack(">BBBBIII", 0, 0, 8, 3, 50, 28, 28) + images.tobytes(),
        "labels-idx1": struct.pack(">BBBBI", 0, 0, 8, 1, 50) + labels.tobytes(),
    }
    for name, content in contents.items():
        open(os.path.join(source, f"train-{name}-ubyte"), "wb").write(content)
        open(os.path.join(source, f"t10k-{name}-ubyte.gz"), "wb").write(gzip.compress(content))
    for part in ["train", "test"]:
        found, classes, _ = stored(imported(place, source, "--part", part))
        expect((found[:, 0] == images).all() and (classes == labels).all(), "MNIST differs", part)
    # A file by itself: its labels lie beside it, or it has none.
    for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"]:
        found, classes, _ = stored(imported(place, os.path.join(source, name)))
        expect((found[:, 0] == images).all() and (classes == labels).all(), "MNIST differs", name)
    alone = os.path.join(place, "some-images.gz")
    open(alone, "wb").write(gzip.compress(contents["images-idx3"]))
    found, classes, _ = stored(imported(place, alone))
    expect((found[:, 0] == images).all() and classes is None, "images without labels differ")
    new = os.path.join(place, "no.h5")
    refuse(65, "--part train or --part test", "data", "import", source, "--part", "all", "--output", new, place=place)
    refuse(65, "name the file of images", "data", "import", os.path.join(source, "train-labels-idx1-ubyte"), "--output", new, place=place)
    found, _, _ = stored(imported(place, source, "--size", 32, "--channels", 3))
    for index in range(50):
        close(found[index], numpy.repeat(fitted(images[index][..., None].astype(float), 32, 32), 3, 2), f"MNIST {index} at 32")


def hdf5(place):
    """Files that BigGAN-PyTorch and others write with h5py, read as they are and imported."""
    images = (photo(16, 24)[None] // (1 + numpy.arange(1100) % 7)[:, None, None, None]).astype(numpy.uint8).transpose(0, 3, 1, 2)
    labels = numpy.arange(1100) % 10
    expected = checksum(images.tobytes())
    chunk = (500, 3, 16, 24)
    for index, options in enumerate([
        dict(),
        dict(chunks=chunk, maxshape=images.shape),
        dict(chunks=(7, 3, 16, 24), maxshape=(None, 3, 16, 24)),
        dict(chunks=(7, 1, 16, 5)),
        dict(chunks=chunk, compression="gzip", maxshape=images.shape),
        dict(chunks=chunk, compression="lzf", maxshape=images.shape),
        dict(chunks=(64, 3, 16, 24), compression="lzf", shuffle=True, fletcher32=True),
        dict(chunks=(64, 3, 16, 24), compression="gzip", shuffle=True, fletcher32=True),
    ]):
        path = os.path.join(place, f"set{index}.h5")
        with h5py.File(path, "w", libver="v110" if index == 3 else None) as file:
            file.create_dataset("imgs", data=images, **options)
            file.create_dataset("labels", data=labels, chunks=(500,), maxshape=labels.shape)
        shown = succeed("data", "verify", path)
        expect(f"CRC-32C      {expected}" in shown and "sound" in shown, path, options, shown, expected)
        found, classes, _ = stored(imported(place, path))
        expect((found == images).all() and (classes == labels).all(), "an import differs", options)
    # What training reads, in whatever order, is what is there: the hash of 64 images spread over the set.
    prints = {re.search(r"fingerprint +(\w+)", succeed("data", "info", os.path.join(place, f"set{index}.h5")))[1] for index in range(8)}
    expect(len(prints) == 1, "fingerprints differ", prints)

    # Chunks larger than HDF5's own room for them, as BigGAN-PyTorch's are: read in order, each is decompressed once, not for each image.
    smooth = (numpy.cumsum(generator.integers(-3, 4, (4000, 3, 64, 64)), 3) + 128).clip(0, 255).astype(numpy.uint8)
    for compression in ["gzip", "lzf"]:
        path = os.path.join(place, f"large-{compression}.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("imgs", data=smooth, chunks=(500, 3, 64, 64), compression=compression)
        start = time.monotonic()
        succeed("data", "verify", path)
        expect((stored(imported(place, path, ranks=2))[0] == smooth).all(), "a large set differs", compression)
        expect(time.monotonic() - start < 30, "chunks are decompressed again and again", compression, time.monotonic() - start)

    for channels in [1, 2, 4]:
        path = os.path.join(place, f"channels{channels}.h5")
        odd = generator.integers(0, 256, (30, channels, 12, 20), dtype=numpy.uint8)
        with h5py.File(path, "w") as file:
            file["imgs"] = odd
        expect(f"CRC-32C      {checksum(odd.tobytes())}" in succeed("data", "verify", path), channels)
        found, _, _ = stored(imported(place, path))
        expect((found == odd).all(), channels)

    # Files that are written here state their check: a changed pixel is noticed.
    made = os.path.join(place, "made.h5")
    succeed("data", "make", "kanji32", "--output", made)
    for words in [["--skip-bad"], [], None]:
        path = made if words is None else imported(place, made, *words)
        expect("as the file states" in succeed("data", "verify", path), path)
        with h5py.File(path) as file:
            offset = file["imgs"].id.get_offset() + file["imgs"].size - 1
        with open(path, "r+b") as file:
            file.seek(offset)
            value = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([value ^ 1]))
        result = run("data", "verify", path)
        expect(
            result.returncode == 65 and "have changed since they were written" in result.stderr and "sound" not in result.stdout, path,
            result.stdout, result.stderr)

    path = os.path.join(place, "other.h5")
    values = generator.random((40, 10, 12, 3))
    with h5py.File(path, "w") as file:
        file["train/x"] = values.astype(numpy.float32) * 2 - 1
        file["train/y"] = labels[:40, None].astype(numpy.int32)
        file["wide"] = numpy.rint(values * 65535).astype(numpy.uint16)
        file["double"] = values
        file["swapped"] = values.astype(">f4")
        file["half"] = values.astype(numpy.float16)
        file["signed"] = numpy.rint(values * 4000 - 2000).astype(">i2")
    bytes_expected = values.transpose(0, 3, 1, 2) * 255
    for key, words in [("train/x", ["--range", "-1,1"]), ("wide", []), ("double", ["--range", "0,1"]), ("swapped", ["--range", "0,1"]),
        ("half", ["--range", "0,1"]), ("signed", ["--range", "-2000,2000"])]:
        found, classes, _ = stored(imported(place, path, "--images-key", key, "--labels-key", "train/y", *words))
        # Half a byte, and half a step of the coarser kinds.
        expect(numpy.abs(found - bytes_expected).max() <= 0.51 + {"half": 0.125, "signed": 0.032}.get(key, 0) and (classes == labels[:40]).all(), key)
    refuse(65, "holds float64", "data", "import", path, "--images-key", "double", "--output", os.path.join(place, "no.h5"), place=place)
    refuse(65, "outside of the stated range", "data", "import", path, "--images-key", "double", "--range", "0,0.5", "--output",
        os.path.join(place, "no.h5"), place=place)


def trained(place):
    """Every kind of images is imported, trained on for a step, shown, and drawn again."""
    sources = []
    for mode, channels in [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)]:
        folder = os.path.join(place, mode)
        for index in range(10):
            pixels = generator.integers(0, 256, (32, 32, channels), dtype=numpy.uint8).squeeze()
            saved(Image.fromarray(pixels), os.path.join(folder, f"class{index % 2}", f"{index}.png"))
        sources.append((mode, imported(place, folder, "--channels", channels), channels))
        os.rename(sources[-1][1], os.path.join(place, f"{mode}.h5"))
        sources[-1] = (mode, os.path.join(place, f"{mode}.h5"), channels)
    values = generator.random((10, 3, 32, 32))
    for name, stored_values, limits in [
        ("float16", values.astype(numpy.float16), [0, 1]), ("float32", values.astype(numpy.float32) * 2 - 1, [-1, 1]), ("float64", values, [0, 1]),
        ("uint16", (values * 65535).astype(numpy.uint16), None), ("int16", (values * 4000 - 2000).astype(numpy.int16), [-2000, 2000]),
    ]:
        path = os.path.join(place, f"kind-{name}.h5")
        with h5py.File(path, "w") as file:
            file["imgs"] = stored_values
            if limits:
                file["imgs"].attrs["range"] = numpy.array(limits, float)
        sources.append((name, path, 3))
    for name, path, channels in sources:
        run_of, sheet, again = (os.path.join(place, f"{what}-{name}") for what in ["run", "sheet", "again"])
        succeed(*SMALL, "--data", path, "--output", run_of, "--steps", 1)
        # Two channels are shown by the first one.
        mode = ["L", "L", "RGB", "RGBA"][channels - 1]
        succeed("sample", "--from", run_of, "--count", 4, "--output", f"{sheet}.png")
        succeed("sample", "--from", run_of, "--count", 4, "--output", f"{again}.h5")
        for picture in [os.path.join(run_of, "real.png"), os.path.join(run_of, "samples", "step-1.png"), f"{sheet}.png"]:
            shown = Image.open(picture)
            expect(shown.mode == mode and min(shown.size) >= 32, picture, shown.mode, shown.size)
        expect(numpy.asarray(Image.open(os.path.join(run_of, "real.png"))).std() > 30, "the data's sheet is empty", name)
        expect(stored(f"{again}.h5")[0].shape == (4, channels, 32, 32), name)
    return len(sources)


# Failures


def options(place, source):
    """Options that cannot be, and places that cannot be written to."""
    new = os.path.join(place, "no.h5")
    data = lambda code, fragment, *words, **more: refuse(code, fragment, "data", "import", *words, place=place, **more)
    data(64, "--size 0", source, "--size", 0, "--output", new)
    data(64, "64x48", source, "--size", "32x", "--output", new)
    data(64, "centre, none", source, "--size", 32, "--crop", "middle", "--output", new)
    data(64, "area, bilinear", source, "--size", 32, "--resize", "cubic", "--output", new)
    data(64, "--channels 5", source, "--size", 32, "--channels", 5, "--output", new)
    data(64, "folders, none", source, "--classes-from", "names", "--output", new)
    data(64, "0,1", source, "--range", "1,0", "--output", new)
    data(64, "nhwc", source, "--axes", "hwcn", "--output", new)
    data(65, "--size", source, "--output", new)
    data(66, "nowhere", os.path.join(place, "nowhere"), "--output", new)
    data(65, "neither HDF5", __file__, "--output", new)
    data(73, "/proc/no.h5", source, "--size", 32, "--output", "/proc/no.h5")
    data(73, "it exists already", source, "--size", 32, "--output", os.path.join(place, "set0.h5"))

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    for words in [[], ["--skip-bad"]]:
        data(74, "no.h5", source, "--size", 128, *words, "--output", new, options=dict(preexec_fn=small_disk, restore_signals=False))


def stopped(place):
    """A signal ends an import in order."""
    source = os.path.join(place, "many")
    file = saved(Image.fromarray(photo(700, 700)), os.path.join(source, "0.png"))
    for index in range(1, 400):
        os.link(file, os.path.join(source, f"{index}.png"))
    kept = set(os.listdir(place))
    for words in [[], ["--skip-bad"]]:
        process = subprocess.Popen(
            command("data", "import", source, "--size", 64, "--output", os.path.join(place, "no.h5"), *words), env=ENVIRONMENT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()
        expect(line.startswith("importing"), line)
        process.send_signal(signal.SIGTERM)
        _, text = process.communicate(timeout=60)
        expect(process.returncode == 75 and "stopped by a signal" in text, process.returncode, text)
        expect(set(os.listdir(place)) == kept, "something was left behind", os.listdir(place))


with directory() as place:
    source = folders(place)
    turned(place)
    cifar(place)
    mnist(place)
    hdf5(place)
    kinds = trained(place)
    options(place, source)
    stopped(place)
print(f"data import: pixels are what they should be; {kinds} kinds of images are trained on")
