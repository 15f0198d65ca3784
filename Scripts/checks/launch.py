"""The job scripts of Launch against schedulers of the same manners: warned near the end, they go into the queue again and finish."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

from checking import ENVIRONMENT, PROGRAM, SMALL, directory, expect, parameter_hash, succeed

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STEPS = 2000
TRAINING = [*SMALL, "--steps", str(STEPS), "--log-every", "1", "--sample-every", "0", "--checkpoint-every", "never", "--threads", "1"]


def write(path, text):
    """A program of the scheduler."""
    open(path, "w").write("#!/bin/bash\n" + text)
    os.chmod(path, 0o755)


def lint():
    """bash -n, and shellcheck where it is there."""
    scripts = [os.path.join("Launch", name) for name in ["slurm.sbatch", "pbs", "continue.sh", "supervise.sh", "env.sh", "local", "two-hosts"]]
    subprocess.run(["bash", "-n", *scripts], cwd=ROOT, check=True)
    if shutil.which("shellcheck") is None and os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-y", "-qq", "shellcheck"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if shutil.which("shellcheck") is None:
        print("launch: no shellcheck here, scripts are checked by bash -n alone")
        return
    result = subprocess.run(
        ["shellcheck", "-x", "-P", ".", "-S", "warning", *scripts], cwd=ROOT, capture_output=True, text=True)
    expect(result.returncode == 0, "shellcheck", result.stdout)


def hosts():
    """mpirun takes the sample of a host file as it is."""
    result = subprocess.run(
        ["mpirun", "--hostfile", os.path.join(ROOT, "Launch", "hostfile"), "-n", "2", "hostname"], env=ENVIRONMENT, capture_output=True,
        text=True)
    expect(result.returncode == 0 and len(result.stdout.split()) == 2, "Launch/hostfile", result.stdout, result.stderr)


def recipe():
    """The container's recipe: known instructions, things that exist, packages that Debian has, scripts that bash can read."""
    text = re.sub(r"\\\n", " ", open(os.path.join(ROOT, "Launch", "Containerfile")).read())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        word, rest = line.split(None, 1)
        expect(word in {"FROM", "ARG", "ENV", "RUN", "WORKDIR", "COPY", "CMD"}, "unknown instruction", line)
        if word == "RUN":
            subprocess.run(["bash", "-n", "-c", rest], check=True)
        if word == "COPY" and not rest.startswith("--from"):
            # In a fresh clone, before anything is built.
            for source in rest.split()[:-1]:
                known = subprocess.run(["git", "ls-files", "--", source], cwd=ROOT, capture_output=True, text=True).stdout
                expect(known or not os.path.exists(os.path.join(ROOT, ".git")), "COPY of what is not in the repository", source)
        if word == "CMD":
            expect(json.loads(rest)[0] == "dist-gan", line)
    packages = re.findall(r"--no-install-recommends\s+([^&]+)&&", text)
    expect(len(packages) == 2, "packages", packages)
    if "VERSION_CODENAME=bookworm" in open("/etc/os-release").read():
        known = lambda name: subprocess.run(["apt-cache", "show", name], capture_output=True).returncode == 0
        names = " ".join(packages).split()
        if os.geteuid() == 0 and not all(map(known, names)):
            subprocess.run(["apt-get", "update", "-qq"])
        expect(all(map(known, names)), "Debian does not have", *[name for name in names if not known(name)])
    wanted = re.search(r"packages=\(([^)]*)\)", open(os.path.join(ROOT, "Scripts", "setup")).read()).group(1).split()
    missing = [name for name in wanted if name.startswith("lib") and name not in packages[0].split()]
    expect(not missing, "what Scripts/setup installs is missing in the container", missing)


class Scheduler:
    """Runs a copy of a job script again and again, as long as the script asks for it."""

    def __init__(self, place, script, arguments, environment):
        self.place, self.arguments = place, arguments
        self.home = os.path.join(place, "home")
        os.makedirs(os.path.join(self.home, ".build", "release"))
        os.makedirs(os.path.join(place, "bin"))
        os.symlink(PROGRAM, os.path.join(self.home, ".build", "release", "dist-gan"))
        os.symlink(os.path.join(ROOT, "Launch"), os.path.join(self.home, "Launch"))
        self.script = os.path.join(place, "spooled")
        shutil.copy(os.path.join(ROOT, "Launch", script), self.script)
        self.again = os.path.join(place, "again")
        self.environment = dict(
            ENVIRONMENT, PATH=os.path.join(place, "bin") + ":" + os.environ["PATH"], AGAIN=self.again, **environment)
        # mpirun sees the scheduler's variables, and would ask a daemon that is not there.
        self.environment.update(OMPI_MCA_ras="^slurm,tm", OMPI_MCA_plm="^slurm,tm")

    def log(self, kind):
        path = os.path.join(self.home, "out", "log.jsonl")
        if not os.path.exists(path):
            return []
        return [line for line in map(json.loads, filter(lambda text: text.endswith("\n"), open(path))) if line["event"] == kind]

    def start(self, warn, end=None):
        """One start of the job. Once the run has begun, `warn` sends USR1 to the batch shell alone, as B:USR1 does; or `end` is called."""
        before = len(self.log("step"))
        job = subprocess.Popen(
            ["bash", self.script, *self.arguments], cwd=self.home, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True)
        deadline = time.time() + 120
        while (warn or end) and len(self.log("step")) < before + 5:
            if job.poll() is not None or time.time() > deadline:
                os.killpg(job.pid, signal.SIGKILL)
                expect(False, "the job did not begin", job.communicate()[0])
            time.sleep(0.02)
        if warn:
            job.send_signal(signal.SIGUSR1)
        elif end:
            end(job)
        try:
            text, _ = job.communicate(timeout=180)
        except subprocess.TimeoutExpired:
            os.killpg(job.pid, signal.SIGKILL)
            expect(False, "the job did not end", job.communicate()[0])
        wants = os.path.exists(self.again)
        if wants:
            os.remove(self.again)
        return job.returncode, wants, text

    def cancel(self, job):
        """TERM for the ranks alone, as scancel and preemption do it."""
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = open(f"/proc/{process}/cmdline").read().split("\0")
            except OSError:
                continue
            if words[0].startswith(self.home):
                os.kill(int(process), signal.SIGTERM)


SLURM = dict(
    SLURM_JOB_ID="7", SLURM_JOB_NUM_NODES="1", SLURM_NTASKS="2", SLURM_CPUS_PER_TASK="1", SLURM_NODELIST="localhost",
    SLURM_TASKS_PER_NODE="2")


def slurm(place, launcher, whole):
    """Warned twice, started three times, with the bits of a run that was never stopped."""
    job = Scheduler(place, "slurm.sbatch", [*TRAINING, "--output", "out"], dict(SLURM, DIST_GAN_LAUNCHER=launcher))
    job.environment["SLURM_SUBMIT_DIR"] = job.home
    # Like the real one it passes signals on to the ranks, and wants PMIx to be asked for.
    write(os.path.join(place, "bin", "srun"), '[ "$1 $2" = "--mpi=pmix --kill-on-bad-exit=1" ] && [ "$SRUN_CPUS_PER_TASK" = 1 ] || exit 9\n'
          'shift 2\nexec mpirun --bind-to none -n "$SLURM_NTASKS" "$@"\n')
    write(os.path.join(place, "bin", "scontrol"), '[ "$1 $2" = "requeue 7" ] && touch "$AGAIN"\n')
    for number in range(2):
        code, wants, text = job.start(warn=True)
        expect(code == 0 and wants and "into the queue again" in text, launcher, f"start {number}", code, wants, text)
        expect([line["outcome"] for line in job.log("end")] == ["preempted"] * (number + 1), launcher, text)
    # Who cancels a job does not want it back.
    code, wants, text = job.start(warn=False, end=job.cancel)
    expect(code != 0 and not wants, launcher, "a cancelled job", code, wants, text)
    expect([line["outcome"] for line in job.log("end")] == ["preempted"] * 3, launcher, "a cancelled job", text)
    code, wants, text = job.start(warn=False)
    expect(code == 0 and not wants, launcher, "the last start", code, wants, text)
    finish(job, launcher, whole, text)

    # What is done stays done, and what fails is not tried for ever.
    code, wants, text = job.start(warn=False)
    expect(code == 0 and not wants and parameter_hash(text) == whole, launcher, "a finished run", code, wants, text)
    job.arguments = [*TRAINING, "--output", "out", "--latent", "17"]
    code, wants, text = job.start(warn=False)
    expect(code == 65 and not wants, launcher, "a refused run", code, wants, text)
    job.arguments = TRAINING
    code, wants, text = job.start(warn=False)
    expect(code == 64 and not wants and "--output" in text, launcher, "without --output", code, wants, text)
    if launcher == "srun":
        # A run that was killed before its first checkpoint is put aside, not lost.
        shutil.rmtree(os.path.join(job.home, "out", "checkpoints"))
        job.arguments = [*SMALL, "--steps", "2", "--output", "out"]
        code, wants, text = job.start(warn=False)
        aside = [name for name in os.listdir(job.home) if name.startswith("out.ended-")]
        expect(code == 0 and len(aside) == 1, "without a checkpoint", code, text, os.listdir(job.home))


def pbs(place, whole):
    """The script's own clock warns the run, and the same job is submitted again."""
    nodes = os.path.join(place, "nodes")
    open(nodes, "w").write("localhost\nlocalhost\n")
    job = Scheduler(
        place, "pbs", [], dict(PBS_NODEFILE=nodes, DIST_GAN_SECONDS="6", DIST_GAN_ARGUMENTS=" ".join([*TRAINING, "--output", "out"])))
    job.environment["PBS_O_WORKDIR"] = job.home
    write(os.path.join(place, "bin", "qsub"), '[ "$*" = "-V Launch/pbs" ] && [ -n "$DIST_GAN_ARGUMENTS" ] && touch "$AGAIN"\n')
    code, wants, text = job.start(warn=False)
    expect(code == 0 and wants and "submitted again" in text, "pbs", code, wants, text)
    job.environment["DIST_GAN_SECONDS"] = "100000"
    code, wants, text = job.start(warn=False, end=lambda shell: shell.terminate())
    expect(code == 75 and not wants and len(job.log("end")) == 2, "pbs, a TERM of qdel", code, wants, text)
    begin = time.time()
    code, wants, text = job.start(warn=False)
    expect(code == 0 and not wants, "pbs, the last start", code, wants, text)
    # It does not wait for its clock.
    expect(time.time() - begin < 150, "pbs, the end comes late")
    finish(job, "pbs", whole, text)


def finish(job, name, whole, text):
    """The run is finished, and has the bits."""
    ends = [line["outcome"] for line in job.log("end")]
    expect(ends[-1] == "finished" and set(ends[:-1]) == {"preempted"}, name, ends)
    expect(parameter_hash(text) == whole, name, "other bits than a run that was never stopped", text)
    # mpirun gives its ranks a terminal of its own.
    expect("\x1b" not in text, name, "lines were redrawn in a job's log", repr(text))
    stops = [line["step"] for line in job.log("end")][:-1]
    print(f"launch: {name} was warned at step {' and '.join(map(str, stops))}, went on by itself and finished with the same bits")


lint()
hosts()
recipe()
with directory() as place:
    whole = parameter_hash(succeed(*TRAINING, "--output", os.path.join(place, "whole")))
    for launcher in ["srun", "mpirun"]:
        os.mkdir(os.path.join(place, launcher))
        slurm(os.path.join(place, launcher), launcher, whole)
    os.mkdir(os.path.join(place, "pbs"))
    pbs(os.path.join(place, "pbs"), whole)
