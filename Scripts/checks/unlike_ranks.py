"""Ranks that were started differently are refused by name; a host without room for shared memory trains all the same."""

import os
import shutil
import subprocess

import h5py
import numpy

from checking import ENVIRONMENT, PROGRAM, SMALL, directory, expect, parameter_hash, run, succeed


def together(*ranks):
    """Runs one mpirun of single ranks, each with words of its own; returns exit code and what was said."""
    words = ["mpirun"]
    for index, rank in enumerate(ranks):
        words += [*([":"] if index else []), "-n", "1", *map(str, rank)]
    result = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    return result.returncode, result.stdout + result.stderr


with directory() as place:
    at = lambda name: os.path.join(place, name)
    base = [*SMALL, "--steps", 2, "--output", at("run")]
    for name, pixels in [("a", 1), ("b", 2)]:
        with h5py.File(at(name + ".h5"), "w") as file:
            file["imgs"] = numpy.full((16, 3, 32, 32), pixels, dtype=numpy.uint8)
    other = shutil.copy(PROGRAM, at("other-build"))
    with open(other, "ab") as file:
        file.write(b"another build")
    differences = {
        "batch": ([*base], [*base, "--batch", 16]),
        "seed": ([*base], [*base, "--seed", 2]),
        "--reduce": ([*base], [*base, "--reduce", "messages"]),
        "--steps": ([*base], [*base, "--steps", 3]),
        "data fingerprint": ([*base, "--data", at("a.h5")], [*base, "--data", at("b.h5")]),
    }
    for name, (one, two) in differences.items():
        code, text = together([PROGRAM, *one], [PROGRAM, *two])
        expect(code == 65 and "ranks were started differently" in text and name in text, f"other {name}: exit code {code}", text)
        expect("rank 1" in text and text.count("ranks were started") == 1, text)
    code, text = together([PROGRAM, *base], [other, *base])
    expect(code == 65 and "the program is" in text, f"another build: exit code {code}", text)
    code, text = together([PROGRAM, *base], [PROGRAM, "--model", "biggan", "--steps", 2, "--output", at("run")])
    expect(code == 65 and "model is" in text, f"another model: exit code {code}", text)
    expect(not os.path.exists(at("run")), "a refused run left a directory")

    # More ranks than shards, and a batch of fewer images than shards.
    many = run(*base, "--shards", 2, ranks=3)
    expect(many.returncode == 64 and "3 ranks for 2 shards" in many.stderr, many)
    few = run(*base, "--shards", 16)
    expect(few.returncode == 64 and "--shards 16" in few.stderr, few)

    # Without room in /dev/shm ranks keep their own parameters, with a warning and the same bits.
    alone = parameter_hash(succeed(*SMALL, "--steps", 2, "--output", at("alone")))
    if os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
        words = " ".join(["mpirun -n 2", PROGRAM, *map(str, SMALL), "--steps 2 --output", at("small")])
        script = f"mount -t tmpfs -o size=40M tmpfs /dev/shm && exec {words}"
        result = subprocess.run(["unshare", "-m", "sh", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
        expect(result.returncode == 0 and "/dev/shm of a host lacks" in result.stdout, "a small /dev/shm", result)
        expect(parameter_hash(result.stdout) == alone, "a small /dev/shm changed the bits", result.stdout)
    else:
        print("SKIPPED: a small /dev/shm, since this user may not mount one")
print("unlike ranks: each difference is named, and nothing is lost")
