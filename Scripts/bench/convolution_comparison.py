"""Compares dist-gan's convolutions with PyTorch's, which oneDNN computes: three passes of each shape by both, and a table of the ratios.

Rates are operations of the sum as it is defined a second, in float32; of PyTorch's layouts and of all rounds the best count. Every round
runs each program once over all shapes, in turns.
"""

import json
import os
import subprocess
import sys

from disturbance import Disturbance, wait_for_quiet
from measurements import LIMIT, RunFailed
from setting import parser, positive, tell_load, tell_setting

PASSES = {"forward": "forward", "inputGradient": "input gradient", "weightGradient": "weight gradient"}
LAYOUTS = ("nhwc", "nchw")
TIMED = 5
"""Times that a run computes each pass, after one that is not counted."""


def main():
    options = parsed()
    tell_setting(options)
    own, others = {}, {layout: {} for layout in LAYOUTS}
    for number in range(options.rounds):
        wait_for_quiet(options.patience)
        facts = run(number, "dist-gan", own_words(options), options)
        shapes = json.dumps(facts)
        keep_best(own, facts)
        for layout in LAYOUTS:
            wait_for_quiet(options.patience)
            script = os.path.join(os.path.dirname(__file__), "pytorch_convolutions.py")
            words = [sys.executable, script, layout, str(options.threads), str(TIMED)]
            keep_best(others[layout], run(number, f"PyTorch {layout}", words, options, shapes))
    tell_load("after")
    print()
    print_table(own, others)


def parsed():
    """The options of the command line."""
    options = parser("convolutions", __doc__.split("\n\n")[0], rounds=3)
    options.add_argument("--shapes", help="shapes as dist-gan bench convolutions takes them (default: its own)")
    options.add_argument("--batch", type=positive, default=16, help="images (default: 16)")
    return options.parse_args()


def own_words(options):
    """The words that start dist-gan."""
    words = [options.program, "bench", "convolutions", "--json", "--batch", options.batch, "--threads", options.threads, "--rounds", TIMED]
    return [str(word) for word in words + (["--shapes", options.shapes] if options.shapes else [])]


def run(number, name, words, options, given=""):
    """One run: the facts it printed, an object a shape."""
    disturbance = Disturbance()
    try:
        environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads))
        result = subprocess.run(words, input=given, env=environment, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{' '.join(words)}: not done after {LIMIT} s") from None
    if result.returncode != 0:
        raise RunFailed(f"{' '.join(words)}: exit code {result.returncode}\n{result.stderr}")
    print(f"round {number + 1}: {name}, others {disturbance.cores():.2f} cores", flush=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def keep_best(best, facts):
    """Adds a run to the best rates by shape and pass, and to the highest peak."""
    for fact in facts:
        kept = best.setdefault(shape(fact), {})
        for name in [*PASSES, "peak"]:
            if name in fact:
                kept[name] = max(kept.get(name, 0), fact[name])


def shape(fact):
    """A shape as the table names it."""
    size = f"{fact['height']}" if fact["height"] == fact["width"] else f"{fact['height']}x{fact['width']}"
    stride = f", stride {fact['stride']}" if fact["stride"] > 1 else ""
    groups = f", {fact['groups']} groups" if fact["groups"] > 1 else ""
    kernel = f"{fact['kernelHeight']}x{fact['kernelWidth']}"
    return f"{fact['images']} images of {size} px, {fact['inputs']} to {fact['outputs']} channels, {kernel}{stride}{groups}"


def print_table(own, others):
    """GF/s of each pass by both, dist-gan's ratio to PyTorch's better layout, its multiple of the registers' peak."""
    print("| shape | pass | PyTorch NHWC, GF/s | PyTorch NCHW, GF/s | dist-gan, GF/s | ratio to the better | of the peak |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, rates in own.items():
        for key, title in PASSES.items():
            theirs = [others[layout][name][key] for layout in LAYOUTS]
            cells = [name, title] + [f"{rate / 1e9:.0f}" for rate in theirs + [rates[key]]]
            cells += [f"{rates[key] / max(theirs):.2f}", f"{rates[key] / rates['peak']:.2f}"]
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    try:
        main()
    except RunFailed as failure:
        sys.exit(f"convolutions: {failure}")
