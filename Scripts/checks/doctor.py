"""doctor tells what is there and names what would stop a run: alone, on ranks, on two hosts, with ranks that are missing or unlike."""

import os
import re
import shutil
import subprocess
import time

from checking import ENVIRONMENT, PROGRAM, command, directory, expect, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
VERDICT = "nothing found that would stop a run"


def healthy(result, *patterns):
    """Expects a good verdict as the last line, and these facts."""
    facts = (result.args, f"exit code {result.returncode}", result.stdout, result.stderr)
    expect(result.returncode == 0 and result.stdout.splitlines()[-1] == VERDICT, *facts)
    for pattern in patterns:
        expect(re.search(pattern, result.stdout, re.MULTILINE), f"'{pattern}' is not told", *facts)


def ill(result, *fragments):
    """Expects problems in words, and no good verdict."""
    facts = (result.args, f"exit code {result.returncode}", result.stdout, result.stderr)
    expect(result.returncode == 69 and VERDICT not in result.stdout, *facts)
    problem = [line for line in result.stdout.splitlines() if line.startswith("problem: ")]
    for fragment in fragments:
        expect(any(fragment in line for line in problem), f"'{fragment}' is not told", *facts)


def start(words, **environment):
    return subprocess.run(list(map(str, words)), env=dict(ENVIRONMENT, **environment), capture_output=True, text=True, timeout=120)


version = subprocess.run(["mpirun", "--version"], capture_output=True, text=True).stdout.split()[3]
cores = len(os.sched_getaffinity(0))
room = os.statvfs("/dev/shm")
healthy(
    run("doctor"), r"^processor ", r"^built for +(x86-64|aarch64|other)", rf"^cores .*{os.cpu_count()} online", rf"^MPI +Open MPI v{version}",
    r"^HDF5 +\d+\.\d+\.\d+.*deflate", r"^OpenBLAS .*\d\.\d", r"^launcher +none", rf"^mpirun .*{version}", r"^/dev/shm .* free of",
    r"^limits ", r"^directory ", rf"^rank 0 .*cores? 0.*{cores} thread")

for ranks in (1, 3):
    result = run("doctor", ranks=ranks)
    healthy(result, rf"^launcher +mpirun, {ranks} rank", rf"^ranks +{ranks} on 1 host", rf"^rank {ranks - 1} ")
    expect(len(re.findall(r"^rank \d", result.stdout, re.MULTILINE)) == ranks, result.stdout)
    if ranks > 1:
        expect(re.search(r"^messages .*us|^messages .*ms", result.stdout, re.MULTILINE), result.stdout)
        expect(re.search(r"^small sum .*1 KiB", result.stdout, re.MULTILINE), result.stdout)
        expect(f"hint: {ranks} ranks of this host share" in result.stdout or ranks <= cores, result.stdout)

# One core of several.
if cores > 1:
    healthy(start(["taskset", "-c", "0", PROGRAM, "doctor"]), r"may run on core 0$", r"^rank 0 .*core 0, 1 thread")

# srun without PMIx starts processes that do not know each other.
ill(start([PROGRAM, "doctor"], SLURM_PROCID="0", SLURM_STEP_NUM_TASKS="4"), "srun --mpi=pmix")

with directory() as place:
    # An mpirun of another MPI on the PATH.
    os.mkdir(os.path.join(place, "bin"))
    other = os.path.join(place, "bin", "mpirun")
    open(other, "w").write('#!/bin/sh\necho "mpirun (Open MPI) 3.0.2"\n')
    os.chmod(other, 0o755)
    ill(start([PROGRAM, "doctor"], PATH=os.path.join(place, "bin") + ":" + os.environ["PATH"]), "3.0.2", )

    # A rank that never comes.
    absent = os.path.join(place, "absent")
    open(absent, "w").write(f'#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && exec sleep 60\nexec {PROGRAM} doctor --wait 3\n')
    os.chmod(absent, 0o755)
    begin = time.time()
    ill(start(["mpirun", "-n", 2, absent]), "starting MPI: no answer within 3 s")
    expect(time.time() - begin < 30, "given up too late")

    # Ranks of two programs.
    unlike = os.path.join(place, "unlike")
    shutil.copy(PROGRAM, unlike)
    open(unlike, "ab").write(b"\0")
    result = start(["mpirun", "-n", 1, PROGRAM, "doctor", ":", "-n", 1, unlike, "doctor"])
    ill(result, "program is", "rank 1")

    if os.geteuid() == 0:
        # A small /dev/shm, as containers have it, costs a hint.
        inside = "mount -t tmpfs -o size=64m tmpfs /dev/shm && exec " + " ".join(command("doctor", ranks=2))
        small = start(["unshare", "--mount", "sh", "-c", inside])
        if "unshare" not in small.stderr:
            healthy(small, r"^hint: /dev/shm has \d+\.\d MiB left")

        hosts = start([os.path.join(ROOT, "Launch", "two-hosts"), "--ranks-per-host", 1, "--", PROGRAM, "doctor"])
        if hosts.returncode != 69:
            healthy(hosts, r"^ranks +2 on 2 hosts", r"^rank 1 +dist-gan-\d+-2, ")

refused = run("doctor", "--wait", "never")
expect(refused.returncode == 64, refused)
print("doctor: tells what is there, and names what would stop a run")
