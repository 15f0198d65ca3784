"""Every wrong input ends with its own exit code and one sentence that names what is wrong."""

import os
import shutil

import h5py
import numpy

from checking import SMALL, directory, expect, run, succeed


def data_file(path, images=None, labels=None, **others):
    """Writes a data set, right or wrong."""
    with h5py.File(path, "w") as file:
        if images is not None:
            file["imgs"] = images
        if labels is not None:
            file["labels"] = labels
        for name, value in others.items():
            file[name] = value
    return path


def image_set(count=32, channels=3, side=32):
    generator = numpy.random.default_rng(1)
    return generator.integers(0, 256, (count, channels, side, side), dtype=numpy.uint8)


def cut(source, path, fraction):
    """The first part of a file."""
    content = open(source, "rb").read()
    open(path, "wb").write(content[: int(len(content) * fraction)])
    return path


def refuse(code, fragment, *words):
    """Runs the program and expects its refusal."""
    codes = code if isinstance(code, tuple) else (code,)
    result = run(*words, timeout=60)
    sentence = result.stderr.strip()
    facts = (words, f"exit code {result.returncode}, expected {codes}", "stderr: " + sentence, "stdout: " + result.stdout)
    expect(result.returncode in codes, *facts)
    expect(sentence.count("\n") == 0 and sentence.startswith("dist-gan: "), "one sentence is expected", *facts)
    expect(fragment.lower() in sentence.lower(), f"'{fragment}' is not named", *facts)
    global count
    count += 1


count = 0
with directory() as place:
    at = lambda name: os.path.join(place, name)
    output = ["--output", at("out"), "--steps", 2]
    images, labels = image_set(), numpy.arange(32) % 4
    good = data_file(at("good.h5"), images, labels)

    # Names
    refuse(64, "biggan", "--model", "bigan", *output)
    refuse(64, "demo", "--model", "dcgan", "--preset", "huge", *output)
    refuse(64, "emoji32", *SMALL, "--data", "emoji33", *output)
    refuse(64, "--latent", *SMALL, "--laten", 3, *output)
    refuse(64, "least-squares", *SMALL, "--loss", "least-square", *output)
    refuse(64, "least-squares:a", *SMALL, "--loss", "least-squares:d=1", *output)
    refuse(64, "a value from 0", *SMALL, "--term", "orthogonal:strength=-1", *output)
    refuse(64, "given twice", *SMALL, "--term", "orthogonal", "--term", "orthogonal:strength=1", *output)
    refuse(64, "critic, generator, both", *SMALL, "--constraint", "spectral:on=all", *output)
    for model in ("cgan", "acgan", "semigan"):
        refuse(65, f"{model}: it", "--model", model, "--unconditional", *output)
        refuse(65, "no labels", "--model", model, "--data", data_file(at("bare.h5"), image_set()), *output)
    for model, side in (("began", 24), ("ebgan", 24), ("acgan", 24), ("semigan", 24), ("r3gan", 24), ("infogan", 22)):
        refuse(65, f"{model}: images of {side}x{side}", "--model", model, "--data",
               data_file(at("odd-side.h5"), image_set(side=side), labels), *output)
    refuse(65, "class 0 has 8", "--model", "semigan", "--labels-per-class", 9, "--data", good, *output)
    refuse(64, "--labels-per-class", "--model", "dcgan", "--labels-per-class", 9, *output)
    refuse(64, "--term auxiliary-class", "--model", "infogan", "--term", "auxiliary-class", *output)
    refuse(64, "--term few-labels", "--model", "acgan", "--term", "few-labels", *output)
    refuse(64, "both update the critic", *SMALL, "--optimizer", "adam", "--optimizer", "sgd:on=critic", *output)
    refuse(64, "known ones: sgd", *SMALL, "--optimizer", "adagrad", *output)
    refuse(64, "wasserstein or own", *SMALL, "--critic-steps", 0, *output)
    refuse(64, "both say how weights", *SMALL, "--constraint", "spectral", "--constraint", "weight-norm", *output)
    refuse(64, "equilibrium is a function of energy", *SMALL, "--loss", "equilibrium", *output)
    # A batch of one image has no pairs.
    alone = [*SMALL, "--batch", 1]
    for option, name in (("--loss", "mmd"), ("--loss", "cramer"), ("--term", "pulling-away")):
        refuse(65, f"{option} {name} compares different images", *alone, option, name, *output)
    refuse(64, "--health-every -1", *SMALL, "--health-every=-1", *output)
    refuse(64, "whole number", *SMALL, "--latent", "many", *output)
    refuse(64, "from", *SMALL, "--beta1", 7, *output)
    refuse(64, "biggan", "models", "bigan")
    refuse(64, "emoji32", "data", "info", "emoji33")
    refuse(64, "verbs", "trian", "--model", "dcgan")
    refuse(64, "batch", *SMALL, "--batch", 0, *output)
    refuse(64, "steps", *SMALL, *output, "--steps", 0)
    refuse(64, "shards", *SMALL, "--shards", 9, *output)
    refuse(64, "--fast chooses", *SMALL, "--shards", 4, "--fast", *output)
    refuse(64, "overlapped, blocking, messages, mpi", *SMALL, "--reduce", "gossip", *output)
    refuse(64, "float32, bfloat16", *SMALL, "--fast", "--wire", "int8", *output)
    refuse(64, "needs --fast", *SMALL, "--wire", "bfloat16", *output)
    refuse(64, "needs --reduce", *SMALL, "--fast", "--wire", "bfloat16", "--reduce", "messages", *output)
    refuse(64, "checkpoint-every", *SMALL, "--checkpoint-every", "often", *output)

    # Plans
    plan = lambda fragment, *words: refuse(64, fragment, "plan", *SMALL, *words)
    given = ["--step-seconds", 1, "--bandwidth", "1Gbit", "--latency", "1ms"]
    plan("10Gbit", "--nodes", 2, *given[:2], "--bandwidth", "10Gbps", "--latency", "1ms")
    plan("30us", "--nodes", 2, *given[:4], "--latency", "1m")
    plan("3TF", "--nodes", 2, "--flops-rate", "3T", *given[2:])
    plan("--measure", "--nodes", 2, *given[2:])
    plan("--bandwidth", "--nodes", 2, *given[:2])
    plan("18 ranks for 8 shards", "--nodes", "2,9", "--ranks-per-node", 2, *given)
    plan("8,16,32", "--nodes", "2,,3", *given)
    plan("mpirun", "--nodes", 2, "--measure")
    plan("128x128x3", "--images", "128x128")

    # Data files
    open(at("text.h5"), "w").write("this is not HDF5\n" * 100)
    open(at("empty.h5"), "w").close()
    data = lambda code, fragment, path: (
        refuse(code, fragment, *SMALL, *output, "--data", path), refuse(code, fragment, "data", "info", path))
    data(66, "missing.h5", at("missing.h5"))
    data((65, 66), "regular file", place + "/")
    data(65, "text.h5", at("text.h5"))
    data(65, "empty", at("empty.h5"))
    data((65, 66), "truncated", cut(good, at("half.h5"), 0.5))
    data((65, 66), "stub.h5", cut(good, at("stub.h5"), 0.005))
    data(65, "imgs", data_file(at("nothing.h5")))
    data(65, "float32", data_file(at("floats.h5"), images.astype(numpy.float32), labels))
    data(65, "shape", data_file(at("flat.h5"), images.reshape(32, -1), labels))
    data(65, "empty", data_file(at("none.h5"), images[:0], labels[:0]))
    data(65, "labels", data_file(at("short.h5"), images, labels[:7]))
    data(65, "label", data_file(at("negative.h5"), images, labels - 1))
    data(65, "label", data_file(at("beyond.h5"), images, labels + 10**12))
    data(65, "labels", data_file(at("words.h5"), images, [b"cat"] * 32))
    data(65, "channels", data_file(at("deep.h5"), image_set(channels=7), labels))

    # Sizes no DCGAN has
    refuse(65, "24", *SMALL, *output, "--data", data_file(at("odd.h5"), image_set(side=24), labels))

    # Checkpoints
    trained = at("trained")
    succeed(*SMALL, "--output", trained, "--steps", 2)
    file = os.path.join(trained, "checkpoints", "step-2.h5")
    refuse(66, "nowhere", "--resume", at("nowhere"))
    refuse(66, "nowhere", "sample", "--from", at("nowhere"), "--output", at("a.png"))
    refuse(66, "nowhere", "inspect", at("nowhere"))
    os.mkdir(at("bare"))
    refuse(66, "bare", "--resume", at("bare"))
    refuse((65, 66), "good.h5", "--resume", good)
    refuse((65, 66), "good.h5", "inspect", good)
    refuse((65, 66), "text.h5", "sample", "--from", at("text.h5"), "--output", at("a.png"))
    refuse(65, "model", "--resume", trained, "--model", "biggan", "--steps", 3)
    refuse(65, "latent", "--resume", trained, "--latent", 17, "--steps", 3)
    refuse(65, "batch", "--resume", trained, "--batch", 16, "--steps", 3)
    refuse(65, "seed", "--resume", trained, "--seed", 99, "--steps", 3)
    refuse(65, "data", "--resume", trained, "--data", "kanji32", "--steps", 3)
    half = at("damaged")
    shutil.copytree(trained, half)
    cut(file, os.path.join(half, "checkpoints", "step-2.h5"), 0.5)
    refuse(66, "step-2.h5", "--resume", half, "--steps", 3)
    refuse(64, "class", "sample", "--from", trained, "--classes", "faces,unicorns", "--output", at("a.png"))
    refuse(64, "no sheets", "sample", "--from", trained, "--sheet", "code-1", "--output", at("a.png"))
    refuse(65, "has not learned to classify", "classify", "--from", trained, "--data", good)
    refuse(66, "nowhere", "classify", "--from", at("nowhere"), "--data", good)

    # Places to write to
    refuse(73, "text.h5", *SMALL, "--output", at("text.h5/run"), "--steps", 2)
    refuse(73, "/proc", *SMALL, "--output", "/proc/run", "--steps", 2)
    refuse(73, "trained", *SMALL, "--output", trained, "--steps", 2)
    refuse(73, "/proc", "data", "make", "emoji32", "--output", "/proc/emoji32.h5")
    refuse(73, "good.h5", "data", "make", "emoji32", "--output", good)
    refuse(73, "/proc", "sample", "--from", trained, "--output", "/proc/a.png")
    expect(not os.path.exists(at("out/checkpoints")) or not os.listdir(at("out/checkpoints")), "a refused run left checkpoints")
print(f"bad inputs: {count} refused, each with its exit code and one sentence")
