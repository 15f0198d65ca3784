"""Signals end a run with a checkpoint, and the resumed run ends with the bits of one that was never stopped."""

import os
import signal
import subprocess
import time

from checking import ENVIRONMENT, SMALL, command, directory, expect, parameter_hash, succeed


def start(run, *words, ranks=None):
    """Starts a run that lasts longer than the check, and waits for its first steps."""
    process = subprocess.Popen(
        command(*SMALL, "--output", run, "--steps", 1_000_000, "--log-every", 1, *words, ranks=ranks),
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = os.path.join(run, "log.jsonl")
    deadline = time.time() + 60
    while not (os.path.exists(log) and '"event": "step"' in open(log).read()):
        if process.poll() is not None or time.time() > deadline:
            process.kill()
            expect(False, "the run did not begin", process.communicate()[0])
        time.sleep(0.05)
    return process


def finish(process):
    """Waits for the end."""
    try:
        text, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        expect(False, "the run did not end within a minute of the signal", process.communicate()[0])
    return process.returncode, text


def checkpoints(run):
    return sorted(name for name in os.listdir(os.path.join(run, "checkpoints")) if name.endswith(".h5"))


with directory() as place:
    cases = [(signal.SIGUSR1, None), (signal.SIGTERM, None), (signal.SIGINT, None), (signal.SIGUSR1, 2)]
    for number, (name, ranks) in enumerate(cases):
        run = os.path.join(place, f"run-{number}")
        process = start(run, ranks=ranks)
        process.send_signal(name)
        code, text = finish(process)
        expect(code == 75, f"{name} on {ranks or 1} rank(s): exit code {code}, 75 is right", text)
        expect(len(checkpoints(run)) == 1, "checkpoints", checkpoints(run), text)
        expect("--resume" in text, "the way to go on is not said", text)
        print(f"signals: {name.name} on {ranks or 1} rank(s) leaves {checkpoints(run)[0]}")

    # USR2 asks for a checkpoint and goes on.
    run = os.path.join(place, "run-usr2")
    process = start(run)
    process.send_signal(signal.SIGUSR2)
    deadline = time.time() + 30
    while not (os.path.isdir(os.path.join(run, "checkpoints")) and checkpoints(run)) and time.time() < deadline:
        time.sleep(0.05)
    expect(checkpoints(run) and process.poll() is None, "USR2: no checkpoint, or the run ended", process.poll())
    second = finish(subprocess.Popen(
        command("--resume", run), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    expect(second[0] == 69 and "in use" in second[1], "a second run in the same directory", *second)
    process.send_signal(signal.SIGUSR1)
    expect(finish(process)[0] == 75, "USR1 after USR2")

    # A second interrupt leaves at once or finds the run gone already; never with success.
    run = os.path.join(place, "run-interrupts")
    process = start(run)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    code, text = finish(process)
    expect(code in (75, 130), "two interrupts", code, text)

    # Stopped on two ranks, resumed on one: the bits of a run on one rank that was never stopped.
    resumed = os.path.join(place, "run-3")
    step = int(checkpoints(resumed)[0].split("-")[1].split(".")[0])
    steps = step + 5
    after = succeed("--resume", resumed, "--steps", steps)
    whole = succeed(*SMALL, "--output", os.path.join(place, "whole"), "--steps", steps)
    expect(parameter_hash(after) == parameter_hash(whole), "resumed and whole run differ", after, whole)
print("signals: a resumed run has the bits of a whole one")
