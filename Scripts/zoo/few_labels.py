"""Trains SemiGAN on digits with few labels, and the same classifier on those labels alone; says how many other digits each gets right.

    python few_labels.py PROGRAM [--labels N] [--minutes M] [--output DIR] [OPTION VALUE ...]

Of the 5,000 digits of digits.py 1,000 are set apart, and no run sees them. Further options are semigan's, for both runs.
"""

import argparse
import os
import signal
import subprocess

import h5py

from digits import make as make_digits

HELD_OUT = 1000


def split(folder):
    """Training and test files of the digits."""
    paths = [os.path.join(folder, f"digits-{part}.h5") for part in ("train", "test")]
    if not all(map(os.path.exists, paths)):
        whole = os.path.join(folder, "digits.h5")
        if not os.path.exists(whole):
            make_digits(whole)
        with h5py.File(whole) as file:
            images, labels = file["imgs"][:], file["labels"][:]
        for path, part in zip(paths, (slice(HELD_OUT, None), slice(HELD_OUT))):
            with h5py.File(path, "w") as file:
                file["imgs"], file["labels"] = images[part], labels[part]
    return paths


def trained(command, folder, seconds):
    if os.path.exists(folder):
        return
    process = subprocess.Popen([*command, "--output", folder], stdout=subprocess.DEVNULL)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        # It writes a checkpoint at the end of its step, and leaves with 75.
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=600)
    if code not in (0, 75):
        raise SystemExit(f"few_labels: {' '.join(command)} ended with {code}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--labels", type=int, default=10, help="labels of each class (default: 10)")
    parser.add_argument("--minutes", type=float, default=20, help="longest training of each run, in minutes (default: 20)")
    parser.add_argument("--output", default="runs/few-labels", help="folder of data and runs (default: runs/few-labels)")
    options, further = parser.parse_known_args()
    os.makedirs(options.output, exist_ok=True)
    train, test = split(options.output)
    for name, words in (("semigan", []), ("labels alone", ["--unlabelled", "false"])):
        folder = os.path.join(options.output, f"{name.replace(' ', '-')}-{options.labels}")
        command = [options.program, "--model", "semigan", "--data", train, "--labels-per-class", str(options.labels), "--sample-every", "0",
                   *further, *words]
        trained(command, folder, 60 * options.minutes)
        result = subprocess.run([options.program, "classify", "--from", folder, "--data", test], check=True, capture_output=True, text=True)
        print(f"{name:14} {result.stdout.splitlines()[0]}", flush=True)


if __name__ == "__main__":
    main()
