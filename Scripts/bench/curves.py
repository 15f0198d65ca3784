"""Trains one model with Winograd's convolutions, with exact ones and with other seeds, and compares their curves.

Rounding differs between both ways from the first step on, and a training that feeds on its own samples lets every difference grow. The
question is whether it grows beyond what another seed would do: for losses, by means over windows of steps; for the averaged generator's
parameters, by distance at every window's end.
"""

import argparse
import glob
import json
import math
import os
import subprocess
import sys
import tempfile

import h5py
import numpy

from setting import positive

LOSSES = ("discriminator", "generator")


def main():
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="dist-gan-curves-") as directory:
        place = options.runs or directory
        names = ["winograd", "exact"] + [f"seed {seed}" for seed in range(2, options.seeds + 1)]
        runs = {name: Curve(options, place, name) for name in names}
        print_table(runs, options)
        print_verdict(runs, options)


def parsed():
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="winograd-against-exact", description=__doc__.split("\n\n")[0])
    parser.add_argument("program", help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=positive, default=200, help="steps of each run (default: 200)")
    parser.add_argument("--seeds", type=positive, default=3, help="seeds, the first one both ways (default: 3)")
    parser.add_argument("--window", type=positive, default=20, help="steps of a window (default: 20)")
    parser.add_argument("--threads", type=positive, default=2, help="threads of a run (default: 2)")
    parser.add_argument("--runs", help="an empty directory that keeps the runs (default: they are removed)")
    options = parser.parse_args()
    if options.steps % options.window:
        parser.error(f"--steps {options.steps} is no multiple of --window {options.window}")
    if options.seeds < 2:
        parser.error("--seeds: at least 2 are needed to tell what another seed does")
    return options


class Curve:
    """A finished run: means of its losses by window, and the averaged generator at every window's end."""

    def __init__(self, options, place, name):
        self.output = os.path.join(place, name.replace(" ", "-"))
        seed = name.split()[1] if name.startswith("seed") else "1"
        words = [
            options.program, "train", "--model", "biggan", "--preset", "demo", "--seed", seed, "--output", self.output,
            "--steps", str(options.steps), "--log-every", "1", "--sample-every", "0", "--checkpoint-every", str(options.window),
            "--keep", str(options.steps), "--threads", str(options.threads), "--average-start", "0", "--quiet"]
        result = subprocess.run(words + ["--exact-convolution"] * (name == "exact"), capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"winograd-against-exact: {' '.join(words)}: exit code {result.returncode}\n{result.stderr}")
        with open(os.path.join(self.output, "log.jsonl")) as lines:
            steps = [event["losses"] for event in map(json.loads, lines) if event["event"] == "step"]
        self.losses = {
            loss: numpy.array([step[loss] for step in steps]).reshape(-1, options.window).mean(axis=1) for loss in LOSSES}
        self.generators = [self.generator(step) for step in range(options.window, options.steps + 1, options.window)]
        print(f"{name}: {len(steps)} steps done", flush=True)

    def generator(self, step):
        """All parameters of the averaged generator as one vector."""
        with h5py.File(os.path.join(self.output, "checkpoints", f"step-{step}.h5")) as file:
            arrays = {}
            file.visititems(lambda path, item: arrays.update({path: item[...]}) if is_averaged(path, item) else None)
        if not arrays:
            sys.exit(f"winograd-against-exact: no averaged generator in a checkpoint of {self.output}")
        return numpy.concatenate([arrays[path].ravel() for path in sorted(arrays)]).astype(numpy.float64)


def is_averaged(path, item):
    """Whether an array of a checkpoint is the average of a parameter."""
    return isinstance(item, h5py.Dataset) and "averages/parameters/" in path


def seed_runs(runs):
    """The runs that differ in their seed alone."""
    return [run for name, run in runs.items() if name != "exact"]


def pairs(items):
    """Each two of them."""
    return [(a, b) for index, a in enumerate(items) for b in items[index + 1:]]


def differences(runs, loss):
    """By window: how far both ways are apart, and each two seeds on average."""
    ways = abs(runs["winograd"].losses[loss] - runs["exact"].losses[loss])
    seeds = numpy.mean([abs(a.losses[loss] - b.losses[loss]) for a, b in pairs(seed_runs(runs))], axis=0)
    return ways, seeds


def distances(runs):
    """The same for the averaged generator's parameters, as shares of their norm."""
    def distance(a, b):
        return numpy.array([numpy.linalg.norm(x - y) / numpy.linalg.norm(x) for x, y in zip(a.generators, b.generators)])
    return distance(runs["winograd"], runs["exact"]), numpy.mean([distance(a, b) for a, b in pairs(seed_runs(runs))], axis=0)


def print_table(runs, options):
    """Loss means by window, and distances at its end."""
    heads = [f"{loss}: {name}" for loss in LOSSES for name in ("winograd", "exact", "apart", "seeds apart")]
    print("\n| steps | " + " | ".join(heads) + " | averaged generator apart | seeds apart |")
    print("| --- " * (len(heads) + 3) + "|")
    apart = {loss: differences(runs, loss) for loss in LOSSES}
    parameters = distances(runs)
    for window in range(options.steps // options.window):
        cells = [f"{window * options.window + 1} to {(window + 1) * options.window}"]
        for loss in LOSSES:
            cells += [f"{runs[name].losses[loss][window]:.4f}" for name in ("winograd", "exact")]
            cells += [f"{each[window]:.4f}" for each in apart[loss]]
        cells += [f"{each[window]:.2e}" for each in parameters]
        print(f"| {' | '.join(cells)} |")
    print()


def print_verdict(runs, options):
    """Root mean squares over all windows, and what follows."""
    rows = [(f"{loss} loss", *differences(runs, loss)) for loss in LOSSES] + [("averaged generator's parameters", *distances(runs))]
    together = True
    for name, ways, seeds in rows:
        ways, seeds = (math.sqrt((each**2).mean()) for each in (ways, seeds))
        within = ways <= seeds
        together = together and within
        print(f"{name}: {ways:.3g} apart both ways, {seeds:.3g} between {options.seeds} seeds: {'within' if within else 'beyond'}")
    print(f"Winograd and exact convolutions {'stay together within' if together else 'part beyond'} the spread of seeds")


if __name__ == "__main__":
    main()
