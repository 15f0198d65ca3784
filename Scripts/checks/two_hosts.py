"""Launch/two-hosts: the same bits over TCP between two hosts, shaped or not, and nothing left behind whatever ends the run."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

from checking import ENVIRONMENT, PROGRAM, SMALL, directory, expect, parameter_hash, succeed

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Launch", "two-hosts")
TRAINING = [*SMALL, "--sample-every", "0", "--checkpoint-every", "1000000"]


LIMIT = 90
"""Seconds after which a launcher that should have ended has failed."""


def start(*words):
    """Starts the launcher; its output ends when none of its processes is left that could write to it.

    A shell ignores Ctrl-C for what it runs in the background, and a shell that finds it ignored cannot trap it.
    """
    return subprocess.Popen(
        [LAUNCHER, *map(str, words)], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def ended(process, *facts):
    """Waits for the end and returns what was printed; a launcher that does not end is killed, and the check failed."""
    try:
        return process.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        stop(process, *facts, f"no end within {LIMIT} s")


def stop(process, *facts):
    """Ends a launcher and the check."""
    process.terminate()
    try:
        text, _ = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        text = "no end after TERM; its processes may be left"
    expect(False, *facts, text)


def left(name):
    """What a launcher of that name left: namespaces, temporary files, processes that hold its name in their arguments or environment."""
    places = filter(os.path.isdir, ["/run/netns", tempfile.gettempdir()])
    found = [entry for place in places for entry in os.listdir(place) if re.match(name + r"\b", entry)]
    for process in filter(str.isdigit, os.listdir("/proc")):
        for file in ["cmdline", "environ"]:
            try:
                with open(f"/proc/{process}/{file}", "rb") as text:
                    if re.search(name.encode() + rb"\b", text.read()):
                        found.append(f"process {process} ({file})")
            except OSError:
                pass  # gone meanwhile, or the kernel's own
    return found


def finish(process, code, *facts):
    """Waits for the end, expects the exit code and that nothing is left; returns what was printed."""
    text = ended(process, *facts)
    expect(process.returncode == code, *facts, f"exit code {process.returncode}, {code} is right", text)
    expect(not left(f"dist-gan-{process.pid}"), *facts, "left behind:", *left(f"dist-gan-{process.pid}"))
    return text


def events(run, kind):
    """The lines of a kind in a run's log."""
    path = os.path.join(run, "log.jsonl")
    if not os.path.exists(path):
        return []
    with open(path) as lines:
        return [event for event in map(json.loads, filter(lambda line: line.endswith("\n"), lines)) if event["event"] == kind]


def same_bits(place):
    """One process, and two hosts with several wires and numbers of ranks."""
    reference = parameter_hash(succeed(*TRAINING, "--steps", 3, "--output", os.path.join(place, "alone")))
    cases = [(1, []), (1, ["--rate", "1gbit"]), (1, ["--rate", "200mbit", "--delay", "2"]), (2, [])]
    for number, (ranks, wire) in enumerate(cases):
        run = os.path.join(place, f"hosts-{number}")
        words = ["--ranks-per-host", ranks, *wire, "--", PROGRAM, *TRAINING, "--steps", 3, "--output", run]
        begin = time.time()
        text = finish(start(*words), 0, *words)
        header = events(run, "header")[0]
        expect((header["hosts"], header["ranks"]) == (2, 2 * ranks), "hosts and ranks", header["hosts"], header["ranks"], text)
        expect(parameter_hash(text) == reference, *words, f"parameters differ from one process: {reference}", text)
        print(f"two_hosts: 2 hosts x {ranks}, {' '.join(wire) or 'plain wire'}: {reference}, {time.time() - begin:.1f} s")


def rounded(place):
    """Gradients in 16 bits between hosts: the replicas stay equal (the checkpoint compares them), other bits than in 32."""
    # Six shards, one a rank, do not split between two hosts of three ranks as the tree does: then hosts do not pair up.
    for ranks in [1, 3]:
        hashes = []
        for wire in ["float32", "bfloat16"]:
            run = os.path.join(place, f"{wire}-{ranks}")
            training = [*TRAINING, "--fast", "--threads", 1, "--wire", wire, "--steps", 3, "--output", run]
            words = ["--ranks-per-host", ranks, "--", PROGRAM, *training]
            hashes.append(parameter_hash(finish(start(*words), 0, *words)))
            expect(events(run, "header")[0]["exact"] == "no", "a fast run says so")
        expect(hashes[0] != hashes[1], "bfloat16 changed nothing", ranks, hashes)
    print("two_hosts: gradients travel in 16 bits, whether hosts pair up or not")


def lonely_failure(place):
    """A host on which files may not grow cannot share memory, after it was asked whether there is room: the other one does not wait."""
    run = os.path.join(place, "lonely")
    words = " ".join(map(str, [PROGRAM, *TRAINING, "--steps", 1000, "--output", run]))
    limit = 'case $(hostname) in *-2) trap "" XFSZ; ulimit -f 8192 ;; esac'
    text = finish(start("--", "sh", "-c", f"{limit}; exec {words}"), 70, "no shared memory on one host")
    expect("/dev/shm" in text and "File too large" in text and "rank 1 on host" in text, text)
    print("two_hosts: a host that cannot share memory ends the run for both")


def endings(place):
    """A failing command, and signals to the launcher while a run is under way."""
    finish(start("--", "sh", "-c", "exit 7"), 7, "a failing command")
    finish(start("--rate", "fast", "--", "true"), 64, "a rate that is none")
    for name in [signal.SIGTERM, signal.SIGINT]:
        run = os.path.join(place, name.name)
        process = start("--delay", "1", "--", PROGRAM, *TRAINING, "--steps", 1_000_000, "--log-every", 1, "--output", run)
        deadline = time.time() + 60
        while not events(run, "step"):
            if process.poll() is not None or time.time() > deadline:
                stop(process, "the run did not begin")
            time.sleep(0.05)
        expect(left(f"dist-gan-{process.pid}"), "the traces of a launcher under way are not found")
        process.send_signal(name)
        text = finish(process, 75, name.name)
        files = os.listdir(os.path.join(run, "checkpoints"))
        expect(len(files) == 1, name.name, "checkpoints", files, text)
        print(f"two_hosts: {name.name} leaves {files[0]} and nothing else")


def killed():
    """KILL gives a launcher no time to clean up: the next one does."""
    process = start("--", "sleep", "1000")
    name = f"dist-gan-{process.pid}"
    deadline = time.time() + LIMIT
    while process.poll() is None and not any("cmdline" in trace for trace in left(name)):
        if time.time() > deadline:
            stop(process, "the launcher does not start its command")
        time.sleep(0.05)
    process.kill()
    process.wait(timeout=LIMIT)
    finish(start("--", "true"), 0, "a launcher after one that was killed")
    expect(not left(name), "left by a killed launcher:", *left(name))
    ended(process, "output of a killed launcher")
    print("two_hosts: the next launcher removes what a killed one left")


probe = subprocess.run([LAUNCHER, "--", "true"], env=ENVIRONMENT, capture_output=True, text=True, timeout=LIMIT)
if probe.returncode == 69:
    print(f"two_hosts: SKIPPED: {probe.stderr.strip()}")
else:
    expect(probe.returncode == 0, "the launcher fails", probe.returncode, probe.stdout, probe.stderr)
    with directory() as place:
        same_bits(place)
        rounded(place)
        lonely_failure(place)
        endings(place)
    killed()
