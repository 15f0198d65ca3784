"""The first promise, on the program itself: the same bits on any number of ranks and threads, after any chain of resumes, under load."""

import os
import subprocess
import sys

import h5py
import numpy

from checking import SMALL, directory, expect, parameter_hash, succeed

QUIET = ["--sample-every", 0, "--checkpoint-every", 1000]
COUNTS = [1, 2, 3, 4, 5, 6, 8]
STEPS = 20


def arrays(path):
    """Every tensor of a checkpoint by name: parameters, buffers, averages, optimizer state."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def compare(path, reference, what):
    """Every bit of two checkpoints; returns the number of tensors."""
    (found, expected) = (arrays(path), arrays(reference))
    expect(found.keys() == expected.keys(), what, "other tensors")
    for name, values in expected.items():
        expect(numpy.array_equal(found[name].view(numpy.uint32), values.view(numpy.uint32)), what, name)
    return len(expected)


def train(place, name, steps, *words, ranks=None):
    """Trains to `steps` and returns the printed parameter hash and the last checkpoint."""
    printed = succeed(*QUIET, *words, "--output", os.path.join(place, name), "--steps", steps, ranks=ranks)
    return parameter_hash(printed), os.path.join(place, name, "checkpoints", f"step-{steps}.h5")


def counts(place):
    """Demo runs on every number of ranks against one process."""
    for model in ["biggan", "dcgan"]:
        reference = train(place, model, STEPS, "--model", model)
        print(f"{model}, {STEPS} steps, no mpirun: {reference[0]}")
        one = train(place, f"{model}-thread", STEPS, "--model", model, "--threads", 1)
        compare(one[1], reference[1], f"{model} with one thread")
        for ranks in COUNTS:
            found = train(place, f"{model}-{ranks}", STEPS, "--model", model, ranks=ranks)
            tensors = compare(found[1], reference[1], f"{model} on {ranks} ranks")
        print(f"{model} on {', '.join(map(str, COUNTS))} ranks and with one thread: {tensors} tensors equal in every bit")
    for way in ["blocking", "messages"]:
        found = train(place, way, STEPS, "--model", "dcgan", "--reduce", way, ranks=3)
        compare(found[1], reference[1], f"--reduce {way}")
    print("so they are with --reduce blocking and --reduce messages")


def parts(place):
    """Accumulation adds parts before they cross the ranks."""
    words = ["--model", "biggan", "--batch", 9, "--shards", 6, "--accumulation", 3, "--critic-steps", 2]
    reference = train(place, "parts", 2, *words)
    for ranks in [2, 4]:
        compare(train(place, f"parts-{ranks}", 2, *words, ranks=ranks)[1], reference[1], f"accumulation on {ranks} ranks")
    print("accumulation of 3 parts, 2 and 4 ranks: equal")


def resumes(place):
    """Resumes at every step, and a chain of other numbers of ranks, over the ends of epochs too."""
    # 96 images in batches of 8 are an epoch of 12 batches: the chain's parts begin and end within and between epochs.
    data = os.path.join(place, "short.h5")
    with h5py.File(data, "w") as file:
        images = numpy.random.default_rng(3).integers(0, 256, (96, 3, 32, 32), dtype=numpy.uint8)
        file.create_dataset("imgs", data=images)
        file.create_dataset("labels", data=numpy.arange(96) % 3)
    small = [*SMALL, "--data", data]
    straight = train(place, "straight", STEPS, *small, "--checkpoint-every", 1, "--keep", STEPS)
    for step in range(1, STEPS):
        older = os.path.join(place, "straight", "checkpoints", f"step-{step}.h5")
        found = train(place, f"from-{step}", STEPS, "--resume", older, ranks=[None, 2, 3][step % 3])
        compare(found[1], straight[1], f"resumed at step {step}")
    print(f"resumes at each of {STEPS - 1} steps end at the same bits")
    for (name, words) in [("dcgan", small), ("biggan", ["--model", "biggan", "--data", data, "--batch", 8])]:
        reference = straight if name == "dcgan" else train(place, "straight-biggan", STEPS, *words)
        for ranks, steps in [(8, 4), (3, 12), (None, 15), (4, STEPS)]:
            chain = train(place, f"chain-{name}", steps, *(words if steps == 4 else ["--resume", os.path.join(place, f"chain-{name}")]), ranks=ranks)
        compare(chain[1], reference[1], f"{name}: a chain of resumes")
    print("chains of resumes on 8, 3, 1 and 4 ranks end at the same bits")


def stress(place):
    """The same while two other processes want every core."""
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        reference = os.path.join(place, "dcgan", "checkpoints", f"step-{STEPS}.h5")
        for repeat, ranks in enumerate([2, 3, 4, 5, 8]):
            found = train(place, f"stress-{repeat}", STEPS, "--model", "dcgan", ranks=ranks)
            compare(found[1], reference, f"{ranks} ranks under load")
    finally:
        for process in load:
            process.kill()
    print("under load, 5 repeats: equal")


with directory() as place:
    counts(place)
    parts(place)
    resumes(place)
    stress(place)
