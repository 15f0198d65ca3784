"""The first promise, on the program itself: the same bits on any number of ranks and threads, and after any chain of resumes."""

import os

import h5py
import numpy

from checking import directory, expect, parameter_hash, succeed

QUIET = ["--sample-every", 0, "--checkpoint-every", 1000]


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
    printed = succeed(*words, "--output", os.path.join(place, name), "--steps", steps, *QUIET, ranks=ranks)
    return parameter_hash(printed), os.path.join(place, name, "checkpoints", f"step-{steps}.h5")


with directory() as place:
    for model in ["biggan", "dcgan"]:
        reference = train(place, model, 5, "--model", model)
        print(f"{model}, no mpirun: {reference[0]}")
        one = train(place, f"{model}-thread", 5, "--model", model, "--threads", 1)
        compare(one[1], reference[1], f"{model} with one thread")
        for ranks in [1, 2, 3, 4, 8]:
            found = train(place, f"{model}-{ranks}", 5, "--model", model, ranks=ranks)
            count = compare(found[1], reference[1], f"{model} on {ranks} ranks")
            print(f"{model}, {ranks} ranks: {found[0]}, {count} tensors equal in every bit")

    # 4, then 3, then 1, then 2 ranks, against a straight run.
    straight = train(place, "biggan", 5, "--resume", os.path.join(place, "biggan"))
    for ranks, steps in [(4, 2), (3, 3), (None, 4), (2, 5)]:
        words = ["--model", "biggan"] if steps == 2 else ["--resume", os.path.join(place, "chain")]
        chain = train(place, "chain", steps, *words, ranks=ranks)
    compare(chain[1], straight[1], "a chain of resumes")
    print("a chain of resumes on 4, 3, 1 and 2 ranks ends at the same bits")
