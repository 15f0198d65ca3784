"""Trains one model with Winograd's convolutions, with exact ones and with other seeds, and compares their curves.

Rounding differs between both ways from the first step on, and a training that feeds on its own samples lets every difference grow. The
question is whether it grows beyond what another seed would do: for losses, by means over windows of steps; for the averaged generator's
parameters, which are averaged from the first step on here, by the way they have come from their start, at every window's end.
"""

import argparse
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
    """A finished run: means of its losses by window, and the way of the averaged generator up to every window's end."""

    def __init__(self, options, place, name):
        output = os.path.join(place, name.replace(" ", "-"))
        seed = name.split()[1] if name.startswith("seed") else "1"
        more = ["--seed", seed, "--threads", options.threads] + ["--exact-convolution"] * (name == "exact")
        train(options.program, *more, "--output", output, "--steps", options.steps, "--checkpoint-every", options.window,
              "--keep", options.steps)
        # A step of size 0 leaves the parameters where they start.
        train(options.program, *more, "--output", f"{output}-start", "--steps", 1, "--generator-lr", 0, "--discriminator-lr", 0)
        with open(os.path.join(output, "log.jsonl")) as lines:
            steps = [event["losses"] for event in map(json.loads, lines) if event["event"] == "step"]
        self.losses = {
            loss: numpy.array([step[loss] for step in steps]).reshape(-1, options.window).mean(axis=1) for loss in LOSSES}
        start = averaged_generator(f"{output}-start", 1)
        self.ways = [averaged_generator(output, step) - start for step in range(options.window, options.steps + 1, options.window)]
        print(f"{name}: {len(steps)} steps done", flush=True)


def train(*words):
    """Runs BigGAN `demo` to its end."""
    program, *others = map(str, words)
    command = [
        program, "train", "--model", "biggan", "--preset", "demo", "--log-every", "1", "--sample-every", "0", "--average-start", "0",
        "--quiet", *others]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"winograd-against-exact: {' '.join(command)}: exit code {result.returncode}\n{result.stderr}")


def averaged_generator(output, step):
    """All parameters of the averaged generator in a checkpoint, as one vector."""
    with h5py.File(os.path.join(output, "checkpoints", f"step-{step}.h5")) as file:
        group = file["averages/parameters"]
        return numpy.concatenate([group[name][...].ravel() for name in sorted(group)]).astype(numpy.float64)


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
    """The same for the way of the averaged generator's parameters, as shares of its length."""
    def distance(a, b):
        return numpy.array([numpy.linalg.norm(x - y) / numpy.linalg.norm(x) for x, y in zip(a.ways, b.ways)])

    return distance(runs["winograd"], runs["exact"]), numpy.mean([distance(a, b) for a, b in pairs(seed_runs(runs))], axis=0)


def print_table(runs, options):
    """Loss means by window, and distances at its end."""
    heads = [f"{loss}: {name}" for loss in LOSSES for name in ("winograd", "exact", "apart", "seeds apart")]
    print("\n| steps | " + " | ".join(heads) + " | way of the averaged generator apart | seeds apart |")
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
    rows = [(f"{loss} loss", *differences(runs, loss)) for loss in LOSSES] + [("way of the averaged generator", *distances(runs))]
    together = True
    for name, ways, seeds in rows:
        ways, seeds = (math.sqrt((each**2).mean()) for each in (ways, seeds))
        within = ways <= seeds
        together = together and within
        print(f"{name}: {ways:.3g} apart both ways, {seeds:.3g} between {options.seeds} seeds: {'within' if within else 'beyond'}")
    print(f"Winograd and exact convolutions {'stay together within' if together else 'part beyond'} the spread of seeds")


if __name__ == "__main__":
    main()
