"""What the comparisons with PyTorch have in common: their options, and how they tell on what they ran."""

import argparse
import os
import subprocess
import sys


def positive(text):
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return number


def parser(name, description, rounds):
    """A parser with the options of every comparison."""
    options = argparse.ArgumentParser(prog=name, description=description)
    options.add_argument("program", help=argparse.SUPPRESS)
    options.add_argument("--rounds", type=positive, default=rounds, help=f"turns of both programs (default: {rounds})")
    options.add_argument(
        "--patience", type=float, default=20, help="seconds that a run waits at most for other processes to rest (default: 20)")
    options.add_argument("--threads", type=positive, default=2, help="threads of each program (default: 2)")
    return options


def tell_setting(options):
    """Prints processor, threads, rounds, PyTorch's version and the load."""
    print(f"{machine()}, {options.threads} threads, {options.rounds} rounds, {pytorch_version()}")
    tell_load("before")


def tell_load(when):
    """Prints the system's load averages."""
    print(f"load {when}: {' '.join(f'{load:.2f}' for load in os.getloadavg())}", flush=True)


def machine():
    """The processor's name."""
    with open("/proc/cpuinfo") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def pytorch_version():
    """The version in use, asked of a process of its own so that this one stays small."""
    command = [sys.executable, "-c", "import torch; print('PyTorch', torch.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
