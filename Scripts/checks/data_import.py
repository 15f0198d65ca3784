"""Imports folders, CIFAR, MNIST and HDF5 files, compares every pixel, trains on every kind of images, and throws damaged and hostile files at the importer."""

import gzip
import io
import os
import random
import re
import resource
import signal
import struct
import subprocess
import time
import zlib

import h5py
import numpy
from PIL import Image, ImageOps

from checking import ENVIRONMENT, SMALL, command, directory, expect, run, succeed

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


def damaged_images(count):
    """Damaged and hostile images: name, content, whether it must be refused."""
    dice = random.Random(11)
    zeros = lambda size: zlib.compress(bytes(size), 9)
    yield "empty.png", b"", True
    yield "words.jpg", b"this is no image\n" * 50, True
    yield "signature.png", b"\x89PNG\r\n\x1a\n", True
    yield "start.jpg", b"\xff\xd8\xff\xe0", True
    yield "gif.png", b"GIF89a" + bytes(100), True
    yield "webp.jpg", b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100), True
    yield "bitmap.bmp", b"BM" + bytes(100), True
    yield "bomb.png", png(30000, 30000, 8, 0, zeros(30000 * 1000)), True
    yield "wide-bomb.png", png(2**31 - 1, 2**31 - 1, 16, 6, zeros(1000)), True
    yield "large-claim.png", png(100000, 100000, 8, 2, zeros(10_000_000)), True
    yield "claim.png", png(16000, 16000, 8, 0, zeros(1000)), True
    yield "no-pixels.png", png(0, 0, 8, 2, zeros(10)), True
    yield "depth.png", png(8, 8, 3, 2, zeros(300)), True
    yield "short.png", png(64, 64, 8, 2, zeros(64 * 150)), True
    yield "no-zlib.png", png(8, 8, 8, 2, b"\x00" * 200), True
    text = b"t\0\0" + zeros(80_000_000)
    note = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    yield "note.png", png(8, 8, 8, 2, zlib.compress(bytes(8 * 25)), note), False
    frame = lambda height, width: b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    yield "frame.jpg", b"\xff\xd8" + frame(65500, 65500), True
    yield "frame-zero.jpg", b"\xff\xd8" + frame(0, 0) + b"\xff\xd9", True
    buffer = io.BytesIO()
    Image.fromarray(photo(40, 40)).save(buffer, "JPEG", progressive=True)
    progressive = buffer.getvalue()
    start = progressive.index(b"\xff\xc2")
    yield "huge.jpg", progressive[: start + 5] + struct.pack(">HH", 60000, 60000) + progressive[start + 9 :], True
    buffer = io.BytesIO()
    Image.fromarray(photo(40, 40)).save(buffer, "JPEG")
    plain = buffer.getvalue()
    buffer = io.BytesIO()
    Image.fromarray(photo(40, 40)).save(buffer, "PNG")
    picture = buffer.getvalue()
    scan = plain.index(b"\xff\xda")
    yield "no-tables.jpg", plain[: plain.index(b"\xff\xdb")] + plain[plain.index(b"\xff\xc0") :], True
    # A last scan repeated for ever.
    last = progressive.rindex(b"\xff\xda")
    yield "scans.jpg", progressive[:-2] + progressive[last:-2] * 2000 + b"\xff\xd9", True
    number = 0
    while True:
        for name, content in [("baseline.jpg", plain), ("progressive.jpg", progressive), ("colour.png", picture)]:
            number += 1
            yield f"cut{number}-{name}", content[: dice.randrange(3, len(content) - 20)], True
            flipped = bytearray(content)
            for _ in range(dice.choice([1, 2, 8, 64])):
                flipped[dice.randrange(2, len(flipped))] ^= 1 << dice.randrange(8)
            # A PNG has checksums; a JPEG may lose a bit unnoticed.
            yield f"flipped{number}-{name}", bytes(flipped), False
            if number >= count:
                return


def hostile_images(place):
    source = os.path.join(place, "hostile")
    os.mkdir(source)
    new = os.path.join(place, "no.h5")
    total = bad = 0
    for name, content, must in damaged_images(36):
        total += 1
        folder = os.path.join(place, "one")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        open(path, "wb").write(content)
        result = run("data", "import", folder, "--size", 16, "--output", new)
        facts = (name, f"exit code {result.returncode}", result.stderr)
        expect(result.returncode in ([65] if must else [0, 65]), *facts)
        if result.returncode == 65:
            bad += 1
            sentence = result.stderr.splitlines()[-1]
            expect(name in sentence and sentence.startswith("dist-gan: "), "the file is not named", *facts)
        else:
            os.remove(new)
        os.rename(path, os.path.join(source, name))
    # All at once, left out and counted; on ranks as well, where nobody may wait for one that has met a bad file.
    saved(Image.fromarray(photo(20, 20)), os.path.join(source, "good.png"))
    for ranks in [None, 3]:
        result = run("data", "import", source, "--size", 16, "--skip-bad", "--output", new, ranks=ranks)
        facts = (f"exit code {result.returncode}", result.stdout, result.stderr)
        expect(result.returncode == 0 and f"{total + 1 - bad} images" in result.stdout, *facts)
        expect(f"{bad} bad ones left out" in result.stdout, *facts)
        expect(len(stored(new)[0]) == total + 1 - bad, *facts)
        os.remove(new)
    refuse(65, source, "data", "import", source, "--size", 16, "--output", new, place=place, ranks=3)
    only = os.path.join(place, "only")
    os.mkdir(only)
    open(os.path.join(only, "bad.png"), "w").close()
    refuse(65, "bad.png", "data", "import", only, "--skip-bad", "--output", new, place=place)
    return total


def hostile_folder(place):
    """Names, links, pipes and rights that a folder may hold."""
    source, new = os.path.join(place, "odd"), os.path.join(place, "no.h5")
    at = lambda name: os.path.join(source, name)
    picture = Image.fromarray(photo(20, 20))
    names = ["etc%2f..%2f..%2f/x..\\..\\x.png", "a/new\nline.png", "a/red\x1b[31m.png", "a/" + "x" * 250 + ".png", "a/\u202egnp.png", "a/'; ls '.png"]
    for name in names:
        saved(picture, at(name))
    # Circles of links are walked once; what is no regular file is bad if its name says that it is an image, else passed over.
    os.symlink("..", at("a/up"))
    os.symlink("../a", at("a/loop"))
    os.symlink("self.png", at("a/self.png"))
    os.symlink("/nowhere", at("a/nothing.jpg"))
    os.symlink("/dev/zero", at("a/zero.png"))
    os.mkfifo(at("a/pipe.png"))
    os.mkfifo(at("a/pipe"))
    open(at("a/empty\x1b[31m\n.png"), "w").close()
    bad = ["self.png", "nothing.jpg", "zero.png", "pipe.png", "empty?[31m?.png"]
    result = run("data", "import", source, "--size", 16, "--skip-bad", "--output", new, timeout=60)
    facts = (f"exit code {result.returncode}", result.stdout, result.stderr)
    expect(result.returncode == 0 and f"{len(names)} images" in result.stdout and f"{len(bad)} bad ones" in result.stdout, *facts)
    expect(all(any(name in line for line in result.stderr.splitlines()) for name in bad) and "\x1b[31m" not in result.stderr, *facts)
    os.remove(new)
    for name in bad:
        expect("not a regular file" in result.stderr or name not in ["zero.png", "pipe.png"], *facts)
    for path in [at("a/pipe.png"), at("a/pipe")]:
        refuse(66, "not a regular file", "data", "import", path, "--output", new, place=place)
        for verb in ["info", "verify"]:
            refuse(66, "not a regular file", "data", verb, path)
    # Root may read everything.
    if os.getuid() == 0:
        os.chmod(place, 0o777)
        nobody = lambda: (os.setgid(65534), os.setuid(65534))
        saved(picture, at("b/secret.png"))
        os.chmod(at("b/secret.png"), 0)
        refuse(65, "Permission denied", "data", "import", at("b"), "--size", 16, "--output", new, options=dict(preexec_fn=nobody))
        os.chmod(at("b"), 0)
        refuse(66, "Permission denied", "data", "import", source, "--size", 16, "--output", new, options=dict(preexec_fn=nobody))
    return len(bad) + 4


def hostile_files(place, count):
    """Damaged and hostile HDF5, CIFAR and MNIST files."""
    dice = random.Random(12)
    images = (photo(16, 16)[None] // (1 + numpy.arange(40) % 5)[:, None, None, None]).astype(numpy.uint8).transpose(0, 3, 1, 2)
    path, new = os.path.join(place, "hostile.h5"), os.path.join(place, "no.h5")
    contents = []
    for options in [
        dict(),
        dict(chunks=(10, 3, 16, 16)),
        dict(chunks=(10, 3, 16, 16), compression="gzip"),
        dict(chunks=(10, 3, 16, 16), compression="lzf", maxshape=images.shape),
        dict(chunks=(10, 3, 16, 16), compression="lzf", shuffle=True, fletcher32=True),
    ]:
        with h5py.File(path, "w") as file:
            file.create_dataset("imgs", data=images, **options)
            file["labels"] = numpy.arange(40) % 4
            file.attrs["classes"] = list("abcd")
        contents.append(open(path, "rb").read())

    def meet(content, must, what):
        open(path, "wb").write(content)
        codes = []
        for words in [["verify", path], ["import", path, "--output", new]]:
            result = run("data", *words)
            facts = (what, words, f"exit code {result.returncode}", result.stderr)
            expect(result.returncode in ([65, 66] if must else [0, 65, 66]), *facts)
            if result.returncode:
                sentence = result.stderr.splitlines()[-1]
                expect("hostile.h5" in sentence and sentence.startswith("dist-gan: "), "the file is not named", *facts)
            codes.append(result.returncode)
            if os.path.exists(new):
                os.remove(new)
        return codes

    total = 0
    for index in range(count):
        content = bytearray(contents[index % len(contents)])
        if index % 3 == 0:
            meet(content[: dice.randrange(len(content))], True, f"cut {index}")
        else:
            # The header, the end, where indices lie, and anywhere.
            spans = [(8, min(len(content), 4000)), (max(0, len(content) - 4000), len(content)), (0, len(content))]
            for _ in range(dice.choice([1, 4, 32])):
                place_of = dice.randrange(*spans[index % 3])
                content[place_of] = dice.choice([content[place_of] ^ 1 << dice.randrange(8), 0, 255])
            meet(content, False, f"flipped {index}")
        total += 1

    # Damage of what was compressed alone: refused, or of no effect.
    for index, options in enumerate([dict(compression="gzip"), dict(compression="gzip", shuffle=True), dict(compression="lzf", fletcher32=True)] * 8):
        with h5py.File(path, "w") as file:
            chunk = file.create_dataset("imgs", data=images, chunks=(10, 3, 16, 16), **options).id.get_chunk_info(index % 4)
        content = bytearray(open(path, "rb").read())
        for _ in range(dice.choice([1, 4, 32])):
            content[chunk.byte_offset + dice.randrange(chunk.size)] ^= 1 << dice.randrange(8)
        open(path, "wb").write(content)
        result = run("data", "import", path, "--output", new)
        facts = (f"damaged chunk {index}", f"exit code {result.returncode}", result.stderr)
        expect(result.returncode in [0, 65], *facts)
        if result.returncode == 0:
            expect((stored(new)[0] == images).all(), "damaged pixels were imported", *facts)
            os.remove(new)
        else:
            expect("hostile.h5" in result.stderr.splitlines()[-1], "the file is not named", *facts)
        total += 1

    # A shape that its bytes cannot fill; chunks that are too short once they are decompressed; labels of another count.
    with h5py.File(path, "w") as file:
        file.create_dataset("imgs", (10**9, 3, 1000, 1000), "u1", chunks=(1, 3, 1000, 1000))
    meet(open(path, "rb").read(), True, "a shape beyond reason")
    whole = bytes(64 * 3 * 128 * 128)
    for name, packed in [
        ("gzip", zlib.compress(b"short")), ("gzip", zlib.compress(whole[:-1])), ("gzip", zlib.compress(whole + b"\0")),
        ("gzip", zlib.compress(whole)[:-9]), ("gzip", b"no zlib"), ("lzf", b"\x04short"), ("lzf", b"\xff" * 300), (None, whole[:-1]),
    ]:
        for others in [dict(), dict(shuffle=True), dict(fletcher32=True)]:
            with h5py.File(path, "w") as file:
                data = file.create_dataset("imgs", (64, 3, 128, 128), "u1", chunks=(64, 3, 128, 128), compression=name, **others)
                data.id.write_direct_chunk((0, 0, 0, 0), packed)
            codes = meet(open(path, "rb").read(), True, f"a chunk of {name} of another size, {others}")
            expect(codes == [65, 65], codes)
            total += 1
    with h5py.File(path, "w") as file:
        file["imgs"], file["labels"] = images, numpy.arange(41)
    meet(open(path, "rb").read(), True, "labels of another count")
    total += 2

    refused = lambda name, content, fragment: (
        open(os.path.join(place, name), "wb").write(content),
        refuse(65, fragment, "data", "import", os.path.join(place, name), "--output", new, place=place))
    refused("cut.bin", bytes(3073 * 3 - 1), "cut.bin")
    refused("label.bin", (bytes([10]) + bytes(3072)) * 2, "label 10")
    header = struct.pack(">BBBBIII", 0, 0, 8, 3, 50, 28, 28)
    refused("cut-idx3-ubyte", header + bytes(50 * 784 - 1), "cut short")
    refused("claim-idx3-ubyte", struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "cut short")
    refused("bomb-idx3-ubyte.gz", gzip.compress(struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 28, 28) + bytes(10**7)), "claims")
    refused("longer-idx3-ubyte.gz", gzip.compress(header + bytes(10**7)), "damaged")
    packed = bytearray(gzip.compress(header + generator.integers(0, 256, 50 * 784, dtype=numpy.uint8).tobytes()))
    packed[len(packed) // 2] ^= 16
    refused("flipped-idx3-ubyte.gz", bytes(packed), "flipped")
    return total + 7


with directory() as place:
    source = folders(place)
    turned(place)
    cifar(place)
    mnist(place)
    hdf5(place)
    kinds = trained(place)
    options(place, source)
    stopped(place)
    odd, images, files = hostile_folder(place), hostile_images(place), hostile_files(place, 60)
print(f"data import: {kinds} kinds of images are trained on, {odd} odd entries of folders are dealt with")
print(f"data import: pixels are what they should be; {images} bad images and {files} bad files named, none crashed")
