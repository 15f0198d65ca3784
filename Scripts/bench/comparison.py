"""Compares dist-gan with PyTorch on this machine: a step of each configuration by both, in turns, and a table of medians.

A run is undisturbed when other processes used at most a tenth of a core meanwhile; disturbed ones count only where there is no other.
In the first round PyTorch runs in all its variants: NCHW and NHWC, float32 and bfloat16, the C library's allocator and tcmalloc. Later
rounds run the fastest variant of either precision, and those that had no undisturbed run yet. A step is an update of the critic, one of
the generator, one of the weight average.
"""

import itertools
import os
import sys
import tempfile

import h5py
import numpy

from configurations import CONFIGURATIONS
from disturbance import QUIET, wait_for_quiet
from measurements import Measurement, RunFailed, allocators, precisions, run_dist_gan, run_pytorch
from setting import parser, tell_load, tell_setting

STEPS = 4
"""Steps of dist-gan in a round, the first of which is not counted."""
TIMED = 2
"""Counted steps of PyTorch in a round, after one that is not."""


def main():
    options = parsed()
    chosen = [each for each in CONFIGURATIONS if not options.only or each.name in options.only]
    tell_setting(options)
    rows = [compare(configuration, options) for configuration in chosen]
    tell_load("after")
    print()
    print_table(rows)


def parsed():
    """The options of the command line."""
    names = [each.name for each in CONFIGURATIONS]
    options = parser("against-pytorch", __doc__.split("\n\n")[0], rounds=3)
    options.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}; may be repeated")
    return options.parse_args()


def compare(configuration, options):
    """All rounds of one configuration: dist-gan's measurements by precision, and PyTorch's by variant."""
    own = {precision: Measurement() for precision in precisions(options.program)}
    measured = {variant: Measurement() for variant in itertools.product(("nchw", "nhwc"), ("fp32", "bf16"), allocators())}
    running = list(measured)
    with tempfile.TemporaryDirectory(prefix="dist-gan-bench-") as directory:
        data = os.path.join(directory, "data.h5")
        write_data(data, configuration)
        for number in range(options.rounds):
            for precision, measurement in own.items():
                wait_for_quiet(options.patience)
                measurement.runs.append(run_dist_gan(options.program, configuration, precision, data, options.threads, STEPS))
                parameters = measurement.runs[-1].parameters
                tell(configuration, number, f"dist-gan {precision}", measurement)
            for variant in running:
                wait_for_quiet(options.patience)
                run = run_pytorch(configuration, variant, options.threads, TIMED)
                if run.parameters != parameters:
                    raise RunFailed(f"{configuration.name}: PyTorch has {run.parameters} parameters, dist-gan {parameters}")
                measured[variant].runs.append(run)
                tell(configuration, number, " ".join(variant), measured[variant])
            fastest = [best(measured, precision) for precision in ("fp32", "bf16")]
            # A variant that was only ever disturbed may yet prove the fastest.
            running = [variant for variant in measured if variant in fastest or measured[variant].others > QUIET]
    return configuration, own, measured


def write_data(path, configuration):
    """Random images, and every class."""
    random = numpy.random.default_rng(1)
    with h5py.File(path, "w") as file:
        shape = (configuration.data, 3, configuration.size, configuration.size)
        file["imgs"] = random.integers(0, 256, shape, dtype=numpy.uint8)
        if configuration.classes:
            file["labels"] = numpy.arange(configuration.data) % configuration.classes


def rate(configuration, measurement):
    """Images a second by the median step."""
    return configuration.batch / measurement.median


def best(measured, precision):
    """PyTorch's fastest variant of a precision."""
    return min((variant for variant in measured if variant[1] == precision), key=lambda each: measured[each].median)


def tell(configuration, number, name, measurement):
    """One line of progress, about the run just made."""
    run = measurement.runs[-1]
    speed = rate(configuration, Measurement([run]))
    facts = f"{speed:.2f} images/s, {run.peak / 2**30:.2f} GiB, others {run.others:.2f} cores"
    print(f"{configuration.name} round {number + 1}: {name} {facts}", flush=True)


def print_table(rows):
    """Images a second, dist-gan's ratio to PyTorch of the same precision (above 1: faster), peak resident memory."""
    print("| configuration | PyTorch fp32, images/s | PyTorch bf16, images/s | dist-gan fp32, images/s | dist-gan bf16, images/s "
          "| ratio of fp32 | dist-gan fp32 to PyTorch bf16 | ratio of bf16 | peak memory PyTorch fp32, bf16, dist-gan fp32, bf16 "
          "| others' cores at most |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for configuration, own, measured in rows:
        speed = {precision: rate(configuration, measurement) for precision, measurement in own.items()}
        variants = [best(measured, precision) for precision in ("fp32", "bf16")]
        rates = [rate(configuration, measured[variant]) for variant in variants]
        cells = [f"{configuration.name}, batch {configuration.batch}"]
        cells += [f"{theirs:.2f} ({layout}, {allocator})" for theirs, (layout, _, allocator) in zip(rates, variants)]
        cells += [f"{speed[precision]:.2f}" if precision in speed else "-" for precision in ("fp32", "bf16")]
        cells += [f"{speed['fp32'] / theirs:.2f}" for theirs in rates]
        cells.append(f"{speed['bf16'] / rates[1]:.2f}" if "bf16" in speed else "-")
        counted = [measured[variant] for variant in variants] + list(own.values())
        cells.append(", ".join(f"{each.peak / 2**30:.2f} GiB" for each in counted))
        cells.append(f"{max(each.others for each in counted):.2f}")
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    try:
        main()
    except RunFailed as failure:
        sys.exit(f"against-pytorch: {failure}")
