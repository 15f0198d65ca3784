"""Weights leave a run and come back: safetensors by its own library, equal bits, PyTorch's layout, and files that must be refused."""

import io
import os
import pickle
import zipfile

import h5py
import numpy
from safetensors.numpy import load_file, safe_open, save_file

from checking import SMALL, directory, expect, run, succeed

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Tests", "Golden", "biggan-pytorch")
BIGGAN = ["--model", "biggan", "--data", "emoji32", "--channels", 2, "--latent", 16, "--shared-embedding", 8, "--batch", 8]


def arrays(path, group):
    """The arrays of a group of a checkpoint by dotted path."""
    found = {}
    with h5py.File(path) as file:
        file[group].visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def equal(found, expected, what):
    """Every bit of every array."""
    expect(found.keys() == expected.keys(), what, "other names", sorted(found.keys() ^ expected.keys())[:5])
    for name, values in expected.items():
        expect(found[name].shape == values.shape and found[name].tobytes() == values.tobytes(), what, name)


def metadata(path):
    with safe_open(path, "numpy") as file:
        return file.metadata()


def images(at, run, name):
    """Images of a run, by its running moments."""
    succeed("sample", "--from", run, "--count", 6, "--standing-passes", 0, "--output", at(name))
    with h5py.File(at(name)) as file:
        return file["imgs"][()]


def round_trip(at, model, words):
    trained = at(model)
    succeed(*words, "--output", trained, "--steps", 2)
    checkpoint = os.path.join(trained, "checkpoints", "step-2.h5")
    out = at(f"{model}.safetensors")
    succeed("export", trained, "--raw", "--output", out)
    equal(load_file(out), {**arrays(checkpoint, "parameters"), **arrays(checkpoint, "buffers")}, f"{model}: raw weights")
    facts = metadata(out)
    expect(facts["model"] == model and facts["numbers"] == "raw" and facts["images"] == "32x32x3", facts)

    # The networks with averages give these.
    averaged = at(f"{model}-average.safetensors")
    succeed("export", trained, "--output", averaged, "--network", "generator")
    averages = {**arrays(checkpoint, "averages/parameters"), **arrays(checkpoint, "averages/buffers")}
    equal(load_file(averaged), averages, f"{model}: averages")

    # Back, and the same images.
    succeed("import-weights", averaged, "--into", at(f"{model}-again"))
    expect(numpy.array_equal(images(at, trained, f"{model}-a.h5"), images(at, f"{at(model)}-again", f"{model}-b.h5")), "other images")
    again = at(f"{model}-again.safetensors")
    succeed("export", f"{at(model)}-again", "--output", again, "--network", "generator")
    equal(load_file(again), averages, f"{model}: exported, imported, exported")

    # PyTorch's layout, there and back.
    theirs = at(f"{model}-pytorch.safetensors")
    succeed("export", trained, "--output", theirs, "--layout", "pytorch", "--network", "generator")
    for name, values in load_file(theirs).items():
        own = averages[name]
        if own.ndim == 4:
            own = own.transpose(3, 2, 0, 1)
        elif own.ndim == 2 and not name.endswith("embedding.weight"):
            own = own.T
        elif name.endswith(".v") and averages[name[:-1] + "weight"].ndim == 4:
            own = own.reshape(averages[name[:-1] + "weight"].shape[:-1]).transpose(2, 0, 1).ravel()
        expect(numpy.array_equal(values, own), "PyTorch's layout", name)
    succeed("import-weights", theirs, "--into", at(f"{model}-theirs"))
    succeed("export", at(f"{model}-theirs"), "--output", at(f"{model}-theirs.safetensors"), "--network", "generator")
    equal(load_file(at(f"{model}-theirs.safetensors")), averages, f"{model}: PyTorch's layout and back")
    print(f"{model}: {len(averages)} arrays leave and come back in both layouts with equal bits, images too")


def new_run(at):
    """Weights without metadata, into a run that is trained on."""
    bare = at("bare.safetensors")
    save_file(load_file(at("dcgan.safetensors")), bare)
    options = SMALL[2:-2]
    succeed("import-weights", bare, "--into", at("new"), "--model", "dcgan", "--data", "emoji32", "--batch", 8, *options)
    printed = succeed("--resume", at("new"), "--steps", 2)
    expect("step" in printed and os.path.exists(at("new/checkpoints/step-2.h5")), "no training", printed)
    before, after = (arrays(at(f"new/checkpoints/step-{step}.h5"), "parameters") for step in (0, 2))
    raw = load_file(bare)
    for name, values in before.items():
        expect(values.tobytes() == raw[name].tobytes(), "the new run begins with other numbers", name)
    expect(any(before[name].tobytes() != after[name].tobytes() for name in before), "nothing was trained")
    print("a new run begins with a file's weights and is trained on")


def pytorch(at):
    """Generators of BigGAN-PyTorch: equal images for equal z are a unit test's matter; here the way from file to picture."""
    for name in ["shared", "tables"]:
        succeed("import-weights", os.path.join(GOLDEN, f"{name}.pth"), "--into", at(name))
        succeed("sample", "--from", at(name), "--output", at(f"{name}.png"))
    # Content tells, not the name.
    os.link(os.path.join(GOLDEN, "shared.pth"), at("shared.safetensors"))
    os.link(at("biggan-average.safetensors"), at("biggan.weights"))
    for name in ["shared.safetensors", "biggan.weights"]:
        succeed("import-weights", at(name), "--into", at(f"of-{name}"))
    result = run("--resume", at("shared"), "--steps", 3)
    expect(result.returncode == 65 and "without --data" in result.stderr and result.stderr.count("\n") == 1, result.stderr)
    print("two generators of BigGAN-PyTorch are imported and drawn from, by whatever name")


class Malice:
    """What would run a command in Python's own reader."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def refusals(at):
    count = 0

    def refuse(code, fragment, path, *words):
        nonlocal count
        result = run("import-weights", path, "--into", at("refused"), *words, timeout=60)
        sentence = result.stderr.strip()
        facts = (path, words, f"exit code {result.returncode}, expected {code}", "stderr: " + sentence)
        expect(result.returncode == code, *facts)
        expect("\n" not in sentence and sentence.startswith("dist-gan: ") and fragment in sentence, f"'{fragment}' is not named", *facts)
        expect(not os.path.exists(at("refused")), "a refused import left a directory", *facts)
        count += 1

    def file(name, content):
        with open(at(name), "wb") as target:
            target.write(content)
        return at(name)

    def archive(name, content):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as target:
            target.writestr("archive/data.pkl", content)
        return file(name, buffer.getvalue())

    good = open(os.path.join(GOLDEN, "shared.pth"), "rb").read()
    old = open(os.path.join(GOLDEN, "tables.pth"), "rb").read()
    tensors = open(at("dcgan-average.safetensors"), "rb").read()
    refuse(66, "missing.pth", at("missing.pth"))
    refuse(66, "directory", at("."))
    refuse(66, "neither", file("empty.pth", b""))
    refuse(66, "neither", file("text.pth", b"weights" * 100))
    refuse(66, "cut short", file("half.pth", good[: len(good) // 2]))
    refuse(66, "cut short", file("half-old.pth", old[: len(old) // 2]))
    refuse(66, "posix.system", archive("malice.pth", pickle.dumps({"linear.weight": Malice(at("owned"))}, protocol=2)))
    refuse(66, "protocol is 4", archive("new-malice.pth", pickle.dumps(Malice(at("owned")), protocol=4)))
    refuse(66, "posix.system", archive("ascii.pth", pickle.dumps(Malice(at("owned")), protocol=0)))
    refuse(66, "no tensors", archive("numbers.pth", pickle.dumps({"step": 3}, protocol=2)))
    with zipfile.ZipFile(at("other.pth"), "w") as other:
        other.writestr("letter.txt", "hello")
    refuse(66, "data.pkl", at("other.pth"))
    refuse(66, "safetensors", file("half.safetensors", tensors[:-4]))
    refuse(66, "safetensors", file("text.safetensors", b"weights" * 100))
    refuse(66, "safetensors", file("huge.safetensors", b"\xff" * 8 + tensors[8:]))
    for name in ["pipe.pth", "pipe.safetensors"]:
        os.mkfifo(at(name))
        refuse(66, "no regular file", at(name))
    expect(not os.path.exists(at("owned")), "a pickle was executed")

    weights, facts = load_file(at("dcgan-average.safetensors")), metadata(at("dcgan-average.safetensors"))
    name = sorted(weights)[0]

    def changed(target, values, **others):
        save_file({**weights, name: values}, at(target), metadata={**facts, **others})
        return at(target)

    def changed_facts(target, **others):
        source = at("biggan-average.safetensors")
        known = {key: value for key, value in {**metadata(source), **others}.items() if value}
        save_file(load_file(source), at(target), metadata=known)
        return at(target)

    poisoned = weights[name].copy()
    poisoned.flat[1] = numpy.nan
    refuse(66, "nan at element 1", changed("nan.safetensors", poisoned))
    refuse(65, name, changed("shape.safetensors", numpy.zeros((3, 1, 4), numpy.float32)))
    refuse(65, "ddcgan", changed("model.safetensors", weights[name], model="ddcgan"))
    refuse(65, "many", changed("option.safetensors", weights[name], **{"option.latent": "many"}))
    refuse(66, "32x32", changed("images.safetensors", weights[name], images="32x32"))
    refuse(66, "sideways", changed("layout.safetensors", weights[name], layout="sideways"))
    # What it claims fills no memory before its arrays are held against it.
    refuse(65, "embedding", changed_facts("classes.safetensors", classes="1000000", classNames=""))
    refuse(64, "--classes 1000000000", at("biggan-average.safetensors"), "--classes", 10**9)
    refuse(65, "the network has", changed_facts("widths.safetensors", **{"option.channels": "1024"}))
    save_file(weights, at("unnamed.safetensors"))
    refuse(64, "--model", at("unnamed.safetensors"))
    refuse(64, "--images", at("unnamed.safetensors"), "--model", "dcgan")
    refuse(65, "biggan", at("dcgan-average.safetensors"), "--model", "biggan")
    refuse(65, "with 14 classes", at("biggan-average.safetensors"), "--data", "kanji32")
    refuse(64, "laten", at("dcgan-average.safetensors"), "--laten", 3)
    save_file({"a": weights[name]}, at("alien.safetensors"), metadata=facts)
    refuse(65, "no array belongs", at("alien.safetensors"))
    result = run("import-weights", at("dcgan-average.safetensors"), "--into", at("dcgan"))
    expect(result.returncode == 73 and "holds one already" in result.stderr, result.stderr)
    result = run("export", at("dcgan"), "--output", at("dcgan.safetensors"))
    expect(result.returncode == 73 and "exists already" in result.stderr, result.stderr)
    result = run("export", at("dcgan"), "--output", at("x.safetensors"), "--network", "encoder")
    expect(result.returncode == 64 and "generator, discriminator" in result.stderr, result.stderr)
    print(f"{count + 3} files and orders refused, each with its exit code and one sentence; nothing in a pickle was executed")


with directory() as place:
    at = lambda name: os.path.join(place, name)
    round_trip(at, "dcgan", [*SMALL, "--average-decay", 0.9])
    round_trip(at, "biggan", BIGGAN)
    new_run(at)
    pytorch(at)
    refusals(at)
