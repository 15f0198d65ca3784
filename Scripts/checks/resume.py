"""Runs go on with the bits they would have had: from a damaged newest checkpoint, from an older one, with own data, on more ranks."""

import os
import re
import shutil

import h5py
import numpy

from checking import SMALL, directory, expect, parameter_hash, run, succeed

with directory() as place:
    at = lambda name: os.path.join(place, name)
    whole = parameter_hash(succeed(*SMALL, "--output", at("whole"), "--steps", 8, "--checkpoint-every", 2))
    checkpoints = lambda name: sorted(os.listdir(at(name + "/checkpoints")))
    expect(checkpoints("whole") == ["step-4.h5", "step-6.h5", "step-8.h5"], "three are kept", checkpoints("whole"))

    # A damaged newest checkpoint is reported, and the one before it is taken.
    shutil.copytree(at("whole"), at("damaged"))
    newest = at("damaged/checkpoints/step-8.h5")
    content = bytearray(open(newest, "rb").read())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    open(newest, "wb").write(content)
    printed = succeed("--resume", at("damaged"))
    expect(re.search(r"warning.*step-8\.h5", printed) and "steps 6 to 8" in printed, printed)
    expect(parameter_hash(printed) == whole, "from a damaged checkpoint", printed)

    # An older checkpoint begins a branch elsewhere, on more ranks, and never in the run's own directory.
    older = at("whole/checkpoints/step-4.h5")
    refused = run("--resume", older)
    expect(refused.returncode == 73 and "--output" in refused.stderr, refused)
    printed = succeed("--resume", older, "--output", at("branch"), ranks=3)
    expect(parameter_hash(printed) == whole and "steps 4 to 8" in printed, "a branch on three ranks", printed)
    expect(len(checkpoints("whole")) == 3, "the old run was touched", checkpoints("whole"))

    # A finished run does nothing more, and more steps can be asked for; the planned number is remembered.
    expect(parameter_hash(succeed("--resume", at("branch"))) == whole, "a finished run changed")
    longer = succeed("--resume", at("branch"), "--steps", 10)
    expect("steps 8 to 10" in longer, longer)
    direct = succeed(*SMALL, "--output", at("direct"), "--steps", 10, ranks=2)
    expect(parameter_hash(longer) == parameter_hash(direct), "ten steps", longer, direct)

    # Own data: one channel, no labels, found again from another directory.
    data = at("own data.h5")
    with h5py.File(data, "w") as file:
        images = numpy.random.default_rng(2).integers(0, 256, (21, 1, 32, 32), dtype=numpy.uint8)
        file.create_dataset("imgs", data=images, compression="gzip")
    os.chdir(place)
    printed = succeed(*SMALL, "--data", "own data.h5", "--steps", 2)
    expect("runs/dcgan-demo-own-data" in printed and os.path.isdir("runs/dcgan-demo-own-data"), printed)
    os.chdir("/")
    printed = succeed("--resume", at("runs/dcgan-demo-own-data"), "--steps", 3)
    expect("steps 2 to 3" in printed, printed)
    os.chdir(place)
    printed = succeed(*SMALL, "--data", "own data.h5", "--steps", 3)
    expect(os.path.isdir("runs/dcgan-demo-own-data-2"), "a second run gets a directory of its own", os.listdir("runs"))

    # Samples are those of the seed, whatever their number.
    succeed("sample", "--from", at("whole"), "--count", 20, "--output", at("a.h5"))
    succeed("sample", "--from", at("whole"), "--count", 2, "--output", at("b.h5"))
    with h5py.File(at("a.h5")) as one, h5py.File(at("b.h5")) as other:
        # This model knows no classes: there are no labels, though its data had some.
        expect(list(one) == ["imgs"] and one["imgs"].shape == (20, 3, 32, 32), list(one), one["imgs"].shape)
        expect((one["imgs"][:2] == other["imgs"][:]).all() and len(other["imgs"]) == 2, "samples of one seed differ")
        expect((one["imgs"][0] != one["imgs"][1]).any(), "two samples are the same")
    os.chdir("/")
print("resume: every way of going on leads to the same bits")
