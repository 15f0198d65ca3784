"""What the checks share: a way to start the program, and a small model that trains in no time."""

import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
SMALL = ["--model", "dcgan", "--data", "emoji32", "--generator-channels", "8", "--discriminator-channels", "8", "--latent", "16",
         "--batch", "8"]
"""A DCGAN of two thin networks."""

# Open MPI refuses root, and more ranks than cores, unless told otherwise.
ENVIRONMENT = dict(
    os.environ,
    OMPI_ALLOW_RUN_AS_ROOT="1",
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
    OMPI_MCA_rmaps_base_oversubscribe="1",
    OMPI_MCA_btl_vader_single_copy_mechanism="none",
)


def command(*words, ranks=None):
    """The words that start the program, alone or on ranks."""
    return ([] if ranks is None else ["mpirun", "-n", str(ranks)]) + [PROGRAM, *map(str, words)]


def run(*words, ranks=None, timeout=300):
    """Runs the program to its end."""
    return subprocess.run(command(*words, ranks=ranks), env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout)


def expect(condition, *facts):
    """Ends the check with what was found, unless the condition holds."""
    if not condition:
        raise SystemExit(f"{os.path.basename(sys.argv[0])}: failed: " + "\n".join(map(str, facts)))


def succeed(*words, ranks=None):
    """Runs the program and expects exit code 0; returns what it printed."""
    result = run(*words, ranks=ranks)
    expect(result.returncode == 0, command(*words, ranks=ranks), f"exit code {result.returncode}", result.stdout, result.stderr)
    return result.stdout


def parameter_hash(text):
    """The hash of all parameters that the program printed last."""
    found = re.findall(r"parameters\s+([0-9a-f]{16})", text)
    expect(found, "no parameter hash in", text)
    return found[-1]


def directory():
    """A directory that is removed at the end of a `with`."""
    return tempfile.TemporaryDirectory(prefix="dist-gan-check-")
