"""Samples: the same on any number of ranks, in every form; sweeps, interpolations and attention maps."""

import os
import signal
import subprocess
import time

import h5py
import numpy
from PIL import Image

from checking import ENVIRONMENT, SMALL, command, directory, expect, run, succeed

BIGGAN = ["--model", "biggan", "--data", "emoji32", "--channels", 2, "--latent", 16, "--shared-embedding", 8, "--batch", 8, "--attention", 16]


def content(path):
    """Images and labels of a file."""
    with h5py.File(path) as file:
        return file["imgs"][()], file["labels"][()] if "labels" in file else None


def stopped(at, place):
    """Whoever is killed leaves nothing under the final name; who is asked to stop leaves nothing at all. Returns the number of ways."""
    count = 0
    for ranks in [None, 2]:
        for sign in [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]:
            for name in ["stopped.h5", "stopped.png", "stopped"]:
                # A launcher that is killed leaves its ranks. Nothing shows when the drawing of a sheet begins.
                if ranks and sign != signal.SIGTERM or name == "stopped.png" and sign != signal.SIGKILL:
                    continue
                kept = set(os.listdir(place))
                process = subprocess.Popen(
                    command("sample", "--from", at("dcgan"), "--count", 16000 if name == "stopped.png" else 60000, "--output", at(name), ranks=ranks), env=ENVIRONMENT,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                # Drawing has begun when there is something beside the output.
                for _ in range(25 if name == "stopped.png" else 500):
                    if set(os.listdir(place)) != kept:
                        break
                    time.sleep(0.02)
                process.send_signal(sign)
                _, text = process.communicate(timeout=120)
                expect(process.returncode != 0, name, sign, "was not stopped", text)
                left = set(os.listdir(place)) - kept
                expect(all(entry.startswith(".tmp-") for entry in left), name, sign, left)
                if sign == signal.SIGKILL:
                    subprocess.run(["rm", "-rf", *map(at, left)], check=True)
                else:
                    expect(not left and "stopped by a signal" in text, name, sign, left, text)
                    expect(ranks or process.returncode == 75, process.returncode)
                count += 1
    return count


with directory() as place:
    at = lambda name: os.path.join(place, name)
    succeed(*BIGGAN, "--output", at("biggan"), "--steps", 2)
    succeed(*SMALL, "--output", at("dcgan"), "--steps", 2)
    draw = lambda name, *words, model="biggan", ranks=None: succeed(
        "sample", "--from", at(model), "--standing-passes", 2, "--output", at(name), *words, ranks=ranks)

    # The same bits on any number of ranks, more ranks than images among them.
    for model in ["biggan", "dcgan"]:
        draw(f"{model}.h5", "--count", 37, model=model)
        images, labels = content(at(f"{model}.h5"))
        expect(images.shape == (37, 3, 32, 32) and images.dtype == numpy.uint8 and images.std() > 1, images.shape)
        expect((labels is None) == (model == "dcgan"), labels)
        for ranks in [2, 3, 5]:
            draw(f"{model}-{ranks}.h5", "--count", 37, model=model, ranks=ranks)
            others, other_labels = content(at(f"{model}-{ranks}.h5"))
            expect(numpy.array_equal(images, others) and numpy.array_equal(labels, other_labels), f"{model} on {ranks} ranks")
    draw("three-1.h5", "--count", 3)
    draw("three-5.h5", "--count", 3, ranks=5)
    expect(numpy.array_equal(content(at("three-1.h5"))[0], content(at("three-5.h5"))[0]), "3 images on 5 ranks")
    succeed("data", "info", at("biggan.h5"))
    succeed(*SMALL, "--data", at("biggan.h5"), "--output", at("on-samples"), "--steps", 1)
    print("37 images are the same on 1, 2, 3 and 5 ranks, with and without classes, and can be trained on")

    # Sheets and folders.
    draw("sheet.png", "--classes", "0,3", "--per-class", 4)
    draw("sheet-3.png", "--classes", "0,3", "--per-class", 4, ranks=3)
    expect(open(at("sheet.png"), "rb").read() == open(at("sheet-3.png"), "rb").read(), "other sheets on 3 ranks")
    draw("folder", "--count", 37, ranks=2)
    found = sorted(os.path.join(folder, name) for folder, _, names in os.walk(at("folder")) for name in names)
    expect(len(found) == 37, found)
    images, labels = content(at("biggan.h5"))
    with h5py.File(at("biggan.h5")) as file:
        names = [name.decode() if isinstance(name, bytes) else name for name in file.attrs["classes"]]
    for path in found:
        place_of = int(os.path.basename(path)[:6])
        pixels = numpy.asarray(Image.open(path)).transpose(2, 0, 1)
        expect(numpy.array_equal(pixels, images[place_of]), "another image in the folder", path)
        expect(os.path.basename(os.path.dirname(path)) == names[labels[place_of]], "another class", path, names[labels[place_of]])
    # An empty folder is filled, where a link leads too; the current one, or one with something in it, is not.
    os.makedirs(at("ready/empty"))
    os.symlink("ready/empty", at("link"))
    draw("link", "--count", 5, ranks=4)
    expect(os.path.islink(at("link")) and sum(len(names) for _, _, names in os.walk(at("ready/empty"))) == 5, "the link's folder is not filled")
    os.mkdir(at("here"))
    result = subprocess.run(
        command("sample", "--from", at("biggan"), "--count", 2, "--output", "."), env=ENVIRONMENT, capture_output=True, text=True, cwd=at("here"))
    expect(result.returncode == 73 and "current directory" in result.stderr and os.listdir(at("here")) == [], result.stderr)
    print("a sheet is the same on 3 ranks; a folder of 37 PNG files by class holds the same images")

    # A sweep's columns, and the ends of interpolations.
    draw("sweep.h5", "--truncation-sweep", "0.3,1.5", "--classes", 1, "--count", 3)
    for column, limit in enumerate([0.3, 1.5]):
        draw(f"limit-{column}.h5", "--truncation", limit, "--classes", 1, "--count", 3)
        expect(numpy.array_equal(content(at("sweep.h5"))[0][column::2], content(at(f"limit-{column}.h5"))[0]), f"limit {limit}")
    draw("plain.h5", "--classes", "2,5", "--count", 2)
    plain = content(at("plain.h5"))[0]
    for what in ["z", "class", "both"]:
        draw(f"{what}.h5", "--interpolate", what, "--classes", "2,5", "--count", 2, "--interpolation-steps", 5)
        draw(f"{what}-2.h5", "--interpolate", what, "--classes", "2,5", "--count", 2, "--interpolation-steps", 5, ranks=2)
        images, labels = content(at(f"{what}.h5"))
        expect(numpy.array_equal(images, content(at(f"{what}-2.h5"))[0]), what, "other images on 2 ranks")
        expect(numpy.array_equal(images[::5], plain), what, "rows begin elsewhere")
        expect(not numpy.array_equal(images[0], images[4]), what, "nothing moves")
        expect(labels.tolist() == ([2] * 5 + [5] * 5 if what == "z" else [2, 2, 5, 5, 5, 5, 5, 2, 2, 2]), what, labels)
        steps = [numpy.abs(images[i + 1].astype(int) - images[i]).mean() for i in range(4)]
        whole = numpy.abs(images[4].astype(int) - images[0]).mean()
        expect(max(steps) < 0.8 * whole, what, "a jump between two steps", steps, whole)
    print("sweeps and interpolations have the right columns and ends")

    # Attention.
    draw("attention.png", "--attention", "8,8;20,12", "--count", 4)
    picture = numpy.asarray(Image.open(at("attention.png")).convert("RGB"))
    expect(picture.shape[0] > 4 * 64 and picture.shape[1] > 4 * 64, picture.shape)
    draw("attention-2.png", "--attention", "8,8;20,12", "--count", 4, ranks=2)
    expect(open(at("attention.png"), "rb").read() == open(at("attention-2.png"), "rb").read(), "other attention on 2 ranks")

    print(f"{stopped(at, place)} ways of being stopped leave nothing under the final name")

    count = 0
    open(at("file"), "w").close()
    kept = set(os.listdir(place))
    for code, fragment, model, words in [
        (64, "no self-attention", "dcgan", ["--attention", "8,8"]), (64, "31,31", "biggan", ["--attention", "32,8"]),
        (64, "X,Y", "biggan", ["--attention", "8"]), (64, ".png", "biggan", ["--attention", "8,8", "--output", at("x.h5")]),
        (64, "trained without classes", "dcgan", ["--interpolate", "class"]), (64, "two classes", "biggan", ["--interpolate", "both", "--classes", 1]),
        (64, "exclude", "biggan", ["--interpolate", "z", "--truncation-sweep", 1]), (64, "numbers", "biggan", ["--truncation-sweep", "a"]),
        (64, "no normal z", "dcgan", ["--truncation-sweep", "1,2"]), (64, "0.01", "biggan", ["--truncation-sweep", "1,0"]),
        (64, "no class", "biggan", ["--classes", ","]), (64, ".png", "biggan", ["--output", at("x.jpg")]),
        (73, "not empty", "biggan", ["--output", at("folder")]), (73, "exists already", "biggan", ["--output", at("biggan.h5")]),
        (73, "/proc", "biggan", ["--output", "/proc/samples"]), (73, "Not a directory", "biggan", ["--output", at("file")]),
        (73, "Not a directory", "biggan", ["--output", at("file/folder")]), (73, "No such file", "biggan", ["--output", at("nowhere/x.png")]),
        (64, "unknown class 14", "biggan", ["--classes", "3,14"]), (64, "unknown class dogs", "biggan", ["--classes", "dogs"]),
        (64, "too many for one sheet", "biggan", ["--count", 100000]), (64, "at most", "biggan", ["--count", 2**62, "--output", at("x.h5")]),
        (64, "at most", "biggan", ["--per-class", 9000000, "--output", at("x.h5")]),
        (64, "at most", "biggan", ["--interpolate", "z", "--interpolation-steps", 9000000, "--output", at("x.h5")]),
        (66, "nowhere", "nowhere", []),
    ]:
        given = [] if "--output" in words else ["--output", at("x.png")]
        for ranks in [None, 2]:
            result = run("sample", "--from", at(model), *words, *given, ranks=ranks, timeout=60)
            expect(result.returncode == code, words, ranks, result.returncode, result.stdout, result.stderr)
            expect(fragment in result.stderr and result.stderr.count("dist-gan: ") + result.stderr.count("Error: ") == 1, words, ranks, result.stderr)
            expect(set(os.listdir(place)) == kept, words, ranks, "something was left behind", set(os.listdir(place)) - kept)
            count += 1
    print(f"attention maps are drawn; {count} orders refused, alone and on 2 ranks")
