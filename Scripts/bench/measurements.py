"""Runs of both programs, each in a process of its own: seconds of single steps, and the peak of the memory."""

import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from disturbance import QUIET, Disturbance

LIMIT = 1800
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Run:
    """What one run showed: seconds of its steps, peak memory in bytes, parameters by network, cores that others used meanwhile."""

    seconds: list
    peak: int
    parameters: dict
    others: float


@dataclass
class Measurement:
    """The runs of one program so far."""

    runs: list = field(default_factory=list)

    @property
    def counted(self):
        """The undisturbed runs, or all if there are none."""
        return [run for run in self.runs if run.others <= QUIET] or self.runs

    @property
    def median(self):
        """Seconds of the median step."""
        return statistics.median(second for run in self.counted for second in run.seconds)

    @property
    def peak(self):
        """The largest memory of all runs, in bytes."""
        return max(run.peak for run in self.runs)

    @property
    def others(self):
        """Cores that others used at most in a run that counts."""
        return max(run.others for run in self.counted)


class RunFailed(Exception):
    """A run that ended otherwise than it should; the text is its output."""


def peak_memory(process):
    """The largest resident size of a process so far, in bytes."""
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def allocators():
    """The allocators to try, as environments: the C library's, and tcmalloc if it is installed."""
    found = sorted(glob.glob("/usr/lib/*/libtcmalloc_minimal.so.4") + glob.glob("/usr/lib/libtcmalloc_minimal.so.4"))
    tcmalloc = {"tcmalloc": {"LD_PRELOAD": found[0], "TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD": str(1 << 50)}} if found else {}
    return {"malloc": {}, **tcmalloc}


def run_pytorch(configuration, variant, threads, timed):
    """`timed` steps after one that is not timed."""
    layout, precision, allocator = variant
    script = os.path.join(os.path.dirname(__file__), "pytorch_run.py")
    words = [sys.executable, script, configuration.name, layout, precision, str(threads), str(timed)]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **allocators()[allocator])
    disturbance = Disturbance()
    try:
        result = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{' '.join(words)}: not done after {LIMIT} s") from None
    if result.returncode != 0:
        raise RunFailed(f"{' '.join(words)}: exit code {result.returncode}\n{result.stderr}")
    facts = json.loads(result.stdout.splitlines()[-1])
    return Run(facts["seconds"], facts["peak"], facts["parameters"], disturbance.cores())


def precisions(program):
    """The precisions that dist-gan was compiled for, as its doctor tells them."""
    result = subprocess.run([program, "doctor"], capture_output=True, text=True, timeout=LIMIT)
    told = re.search(r"^built for .*--precision (.*)$", result.stdout, re.MULTILINE)
    if not told:
        raise RunFailed(f"{program} doctor does not tell its precisions: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return told.group(1).split(", ")


def run_dist_gan(program, configuration, precision, data, threads, steps):
    """Steps 2 to `steps` of a run that is ended then: sample sheets and checkpoints are no part of a step."""
    disturbance = Disturbance()
    with tempfile.TemporaryDirectory(prefix="dist-gan-bench-") as directory:
        log = os.path.join(directory, "run", "log.jsonl")
        words = [
            program, "train", *configuration.arguments, "--data", data, "--output", os.path.dirname(log), "--threads", str(threads),
            "--precision", precision,
            "--steps", str(steps + 1000), "--log-every", "1", "--sample-every", "0", "--checkpoint-every", "never", "--quiet"]
        with open(os.path.join(directory, "printed"), "w+") as printed:
            process = subprocess.Popen(words, stdout=printed, stderr=printed)
            try:
                # A log without enough steps means that the run failed or took too long.
                events = wait_for_steps(process, log, steps)
                peak = peak_memory(process.pid) if events else 0
            finally:
                process.kill()
                process.wait()
            if not events:
                printed.seek(0)
                raise RunFailed(f"{' '.join(words)}: exit code {process.returncode}\n{printed.read()}")
    parameters = next(event["plan"]["parameters"] for event in events if event["event"] == "header")
    # With a line for every step, secondsPerStep is that of the one step.
    seconds = [event["secondsPerStep"] for event in events if event["event"] == "step"]
    return Run(seconds[1:steps], peak, parameters, disturbance.cores())


def wait_for_steps(process, log, steps):
    """The events of the log once it holds so many steps; none if the process ends before."""
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
        if not os.path.exists(log):
            continue
        with open(log) as lines:
            events = [json.loads(line) for line in lines if line.endswith("\n")]
        if sum(event["event"] == "step" for event in events) >= steps:
            return events
    return []
