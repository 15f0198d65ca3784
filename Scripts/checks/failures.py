"""A failure in the middle of a run, on one rank or on all, ends every rank with its exit code and says where it stood."""

import os
import re
import shutil
import signal
import subprocess
import time

import h5py
import numpy

from checking import ENVIRONMENT, SMALL, command, directory, expect, succeed
from checking import run as run_program


def fail(run, harm, ranks, *words):
    """Starts a run, does harm to it after its first steps, and waits for its end."""
    process = subprocess.Popen(
        command(*SMALL, "--output", run, "--steps", 1_000_000, "--log-every", 1, *words, ranks=ranks),
        env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = os.path.join(run, "log.jsonl")
    deadline = time.time() + 60
    while not (os.path.exists(log) and '"event": "step"' in open(log).read()) and time.time() < deadline and process.poll() is None:
        time.sleep(0.05)
    harm()
    try:
        _, text = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        expect(False, "a rank waits for ever", process.communicate()[1])
    return process.returncode, text


def checksum(content):
    """CRC-32C (Castagnoli), bit by bit: the small arrays of this check need no table."""
    register = 0xFFFFFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


with directory() as place:
    expect(checksum(b"123456789") == 0xE3069283, "the checksum's own test value")
    data = os.path.join(place, "data.h5")
    for ranks in [1, 2]:
        with h5py.File(data, "w") as file:
            file["imgs"] = numpy.random.default_rng(3).integers(0, 256, (64, 3, 32, 32), dtype=numpy.uint8)
        run = os.path.join(place, f"cut-{ranks}")
        code, text = fail(run, lambda: os.truncate(data, 20_000), ranks, "--data", data)
        expect(code == 74, f"data cut short on {ranks} ranks: exit code {code}", text)
        expect("data" in text and "cut short" in text, text)
        if ranks > 1:
            expect(re.search(r"rank \d on host \S+ at step \d+: ", text), text)

        run = os.path.join(place, f"samples-{ranks}")
        code, text = fail(run, lambda: shutil.rmtree(os.path.join(run, "samples")), ranks, "--sample-every", 5)
        expect(code == 74 and "step-" in text, f"no place for samples on {ranks} ranks: exit code {code}", text)
        if ranks > 1:
            expect(re.search(r"rank 0 on host \S+ at step \d+: ", text), text)
    # Not a number: found by all ranks at once and said by one; --debug names the first operation.
    run = os.path.join(place, "nan")
    succeed(*SMALL, "--output", run, "--steps", 1)
    with h5py.File(os.path.join(run, "checkpoints", "step-1.h5"), "r+") as file:
        name = next(name for name in file["parameters"] if name.startswith("generator") and file["parameters"][name].ndim > 1)
        array = file["parameters"][name]
        array[...] = numpy.float32("nan")
        array.attrs.modify("crc32c", checksum(array[...].tobytes()))
    for ranks, words in [(None, []), (2, []), (None, ["--debug"])]:
        result = run_program("--resume", run, "--steps", 3, *words, ranks=ranks)
        sentences = [line for line in result.stderr.splitlines() if line.startswith("dist-gan: ")]
        expect(result.returncode == 78 and len(sentences) == 1, f"NaN on {ranks} ranks", result.returncode, result.stderr)
        expect(("generator" in sentences[0] and "gave" in sentences[0]) if words else "step 1" in sentences[0], sentences)
print("failures: each ends all ranks with its exit code")
