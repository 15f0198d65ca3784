"""Help of every verb fits 80 columns and its examples are taken; completions know the names; the error of a missing file is one sentence."""

import os
import re
import shlex
import subprocess

from checking import ENVIRONMENT, PROGRAM, SMALL, directory, expect, run


def help_of(*verbs):
    """The help of a verb on 80 columns."""
    result = subprocess.run([PROGRAM, "help", *verbs], env=dict(ENVIRONMENT, COLUMNS="80"), capture_output=True, text=True)
    expect(result.returncode == 0, verbs, result.stdout, result.stderr)
    for line in result.stdout.splitlines():
        expect(len(line) <= 80, f"help of {verbs}: {len(line)} columns", line)
    return result.stdout


def all_verbs(*before):
    """Every verb and what is below it, with its help."""
    text = help_of(*before)
    yield before, text
    for name in re.findall(r"^  ([a-z-]+)(?: \(default\))?(?:  .*)?$", text.partition("\nSUBCOMMANDS:\n")[2], re.MULTILINE):
        yield from all_verbs(*before, name)


def examples(text):
    """The examples of a help text, continued lines joined, without the words that explain them."""
    text = re.sub(r"\s*\\\n\s*", " ", text.partition("\nUSAGE:")[0])
    for match in re.findall(r"^ +(?:mpirun .*)?dist-gan (.*)", text, re.MULTILINE):
        yield shlex.split(match.partition("  ")[0])


def check_example(words):
    """Runs an example as far as its options are read. A last option that cannot be taken ends those that would do much."""
    if words[0] == "train":
        words = words[1:]
    if words[0] == "--resume":
        # A run that is not there would be missed before other options are looked at.
        words = ["--model", "biggan", *words[2:]]
    if words[0].startswith("--"):
        words = ["plan", *words]
    last = {"plan": ["--overlap", "7"], "bench step": ["--steps", "0"], "bench convolutions": ["--rounds", "0"],
            "bench reduction": ["--rounds", "0"], "toy": ["--steps", "0"]}
    ending = last.get(words[0]) or last.get(" ".join(words[:2])) or []
    result = run(*words, *ending, timeout=60)
    sentence = result.stderr.partition("\n")[0]
    # The files and runs of the examples are not there.
    taken = (
        result.returncode == 66 and result.stderr.count("\n") == 1 or words[0] == "doctor"
        or (result.returncode == 64 and ending[0] in sentence if ending else result.returncode == 0))
    expect(taken, words, f"exit code {result.returncode}", result.stdout, result.stderr)


def complete(*words):
    """What bash offers for the last of `words`."""
    script = (
        'source completions; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; '
        '"$(complete -p dist-gan | sed -E "s/.*-F ([^ ]+) .*/\\1/")" "$1" "${!#}" "${@:$#-1:1}"; printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(["bash", "-uc", script, "bash", PROGRAM, *words], capture_output=True, text=True)
    expect(result.returncode == 0, words, result.stdout, result.stderr)
    return result.stdout.split()


with directory() as place:
    os.chdir(place)
    verbs = dict(all_verbs())
    expect(len(verbs) >= 19, "verbs are missing", list(verbs))
    found = [words for text in verbs.values() for words in examples(text)]
    expect(len(found) >= 30, "examples are missing", *found)
    for words in found:
        check_example(words)
    os.remove("emoji32.h5")

    # Completions
    for shell in ["bash", "zsh", "fish"]:
        result = run("--generate-completion-script", shell)
        expect(result.returncode == 0 and len(result.stdout) > 1000, shell, result.stdout, result.stderr)
        if shell == "bash":
            open("completions", "w").write(result.stdout)
    models = re.findall(r"^([a-z0-9-]+)  ", run("models").stdout, re.MULTILINE)
    os.mkdir("sets")
    open("sets/mine.h5", "w").close()
    for words, offered in [
        (["train", "--model", ""], models), (["models", "big"], [name for name in models if name.startswith("big")]),
        (["train", "--model", "dcgan", "--preset", ""], ["demo", "paper", "tutorial"]),
        (["plan", "--data", "k"], ["kanji32"]), (["data", "info", "s"], ["sets"]), (["data", "verify", "sets/"], ["sets/mine.h5"]),
        (["train", "--model", "dcgan", "--bet"], ["--beta1", "--beta2"]),
        (["bench", "step", "--reduce", "m"], ["messages", "mpi"]), (["exp"], ["export"]),
        (["train", "--model", "dcgan", "--loss", "h"], ["hinge", "hellinger"]), (["plan", "--term", "le"], ["lecam"]),
        (["train", "--critic-steps", ""], ["own", "wasserstein"]), (["train", "--optimizer", "r"], ["rmsprop"]),
        (["train", "--model", "sagan", "--form", ""], ["residual", "strided"]), (["train", "--loss", "=", "hi"], ["hinge"]),
        (["train", "--constraint", "n"], ["none"]), (["import-weights", "x", "--schedule", "l"], ["linear"]),
    ]:
        expect(sorted(complete(*words)) == sorted(offered), "completions of", words, complete(*words), offered)

    # Files that are not there, by every verb that takes one.
    count = 0
    for name in ["nowhere/file.h5", "nowhere/file"]:
        for words in [
            [*SMALL, "--data", name], ["--resume", name], ["plan", *SMALL, "--data", name], ["plan", "--resume", name], ["sample", "--from", name],
            ["report", name], ["export", name], ["inspect", name], ["import-weights", name, "--into", "a"],
            ["import-weights", name + ".safetensors", "--into", "a"], ["import-weights", name + ".pth", "--into", "a"],
            ["data", "info", name], ["data", "verify", name], ["data", "make", name, "--output", "a.h5"],
            ["data", "import", name, "--output", "a.h5"], ["bench", "data", name],
        ]:
            result = run(*words)
            expect(
                result.returncode == 66 and result.stdout == "" and result.stderr.count("\n") == 1
                and result.stderr.startswith("dist-gan: nowhere/file") and not re.search(r"\. +[A-Z]", result.stderr), words, f"exit code {result.returncode}", result.stdout, result.stderr)
            count += 1
    expect(sorted(os.listdir()) == ["completions", "sets"], "refused verbs left something behind", os.listdir())
print(f"help: {len(verbs)} texts, {len(found)} examples, {count} missing files")
