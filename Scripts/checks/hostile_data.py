"""Throws damaged and hostile images, folders and files at the importer: each is named, and none crashes it."""

import gzip
import io
import os
import random
import signal
import struct
import subprocess
import time
import zlib

import h5py
import numpy
from PIL import Image

from checking import ENVIRONMENT, command, directory, expect, run
from checking.importing import generator, photo, png, refuse, saved, stored


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


def starved(place):
    """A process that tries a file and gets no core for longer than it may take: the file is not called damaged. Returns what waits for it.

    It is stopped as soon as it is there; a trial may be over before that.
    """
    path = os.path.join(place, "sound.h5")
    with h5py.File(path, "w") as file:
        file["imgs"] = numpy.zeros((20000, 3, 16, 16), "u1")
    for _ in range(50):
        process = subprocess.Popen(command("data", "info", path), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
                    for child in children.read().split():
                        os.kill(int(child), signal.SIGSTOP)
                        return process, int(child), time.time()
            except (FileNotFoundError, ProcessLookupError):
                pass
        process.communicate()
    expect(False, "the process that tries a file was never met")


def fed(process, child, begin):
    """Lets the stopped trial go on half a minute after it was stopped, and expects that the file is read."""
    while time.time() < begin + 30 and process.poll() is None:
        time.sleep(0.1)
    if process.poll() is None:
        os.kill(child, signal.SIGCONT)
    text, _ = process.communicate(timeout=60)
    expect(process.returncode == 0 and "20000" in text, "a sound file whose trial got no core", process.returncode, text)


with directory() as place:
    waiting = starved(place)
    odd, images, files = hostile_folder(place), hostile_images(place), hostile_files(place, 60)
    fed(*waiting)
print(f"hostile data: {images} bad images and {files} bad files named, none crashed; {odd} odd entries of folders are dealt with")
