"""The first promise, on the program itself: the same bits on any number of ranks, and after any resume.

usage: ranks.py PROGRAM
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

program = os.path.abspath(sys.argv[1])
environment = dict(
    os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1")


def run(ranks, output, *arguments):
    """Runs the program on `ranks` ranks (0: without mpirun) and returns its log."""
    command = [program, "--output", str(output), *arguments]
    if ranks:
        command = ["mpirun", "-n", str(ranks)] + command
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert result.returncode == 0, f"{command} left with {result.returncode}:\n{result.stdout}\n{result.stderr}"
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def outcome(log):
    """Losses of every step, and the hash of everything trained."""
    steps = [(line["step"], line["losses"]) for line in log if line["event"] == "step"]
    return steps, log[-1]["parameterHash"], log[-1]["stateHash"]


def same_bits(folder, model, ranks, arguments):
    reference = None
    for number in ranks:
        found = outcome(run(number, folder / f"{model}-{number}", "--model", model, *arguments))
        name = f"{number} ranks" if number else "no mpirun"
        print(f"{model}, {name}: parameters {found[1]}, state {found[2]}")
        reference = reference or found
        assert found == reference, f"{model}: {name} gave other bits than {'no mpirun' if ranks[0] == 0 else ranks[0]}"
    return reference


def elastic(folder, reference, arguments):
    """Straight through, or with a stop and another number of ranks after every part: the same bits."""
    output = folder / "elastic"
    total = 0
    for ranks, steps in [(4, 2), (3, 1), (0, 1), (2, 1)]:
        total += steps
        resume = ["--resume", str(output)] if total > steps else []
        log = run(ranks, output, "--model", "biggan", *arguments, "--steps", str(total), *resume)
    found = outcome(log)
    print(f"biggan, 4 then 3 then 1 then 2 ranks: parameters {found[1]}, state {found[2]}")
    assert found[1:] == reference[1:], "an elastic chain gave other bits than a straight run"


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    common = ["--steps", "5", "--log-every", "1", "--sample-every", "0", "--checkpoint-every", "1000"]
    reference = same_bits(folder, "biggan", [0, 1, 2, 4, 8], common)
    same_bits(folder, "dcgan", [0, 1, 2, 3, 5, 8], common)
    elastic(folder, reference, common[2:])
print("ranks: same bits everywhere")
