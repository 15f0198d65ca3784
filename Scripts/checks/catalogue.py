"""The catalogues: every term, constraint, schedule and optimizer is listed, and trains models by options alone; what they remember goes on in a resumed run."""

import os
import re

from checking import SMALL, directory, expect, parameter_hash, run, succeed

LARGE_BATCH = ["--model", "biggan", "--channels", 4, "--attention", 0, "--batch", 8, "--average-start", 0]
"""A BigGAN of two thin networks."""

FORMS = {
    "lecam": "lecam:start=1",
    "ada": "ada:kimg=0.05,interval=1",
    "gradient-clipping": "gradient-clipping:norm=0.01",
    "linear": "linear:over=3",
    "cosine": "cosine:over=3",
    "step": "step:interval=1",
    "constant": "constant:warm-up=2",
}
"""Forms that do something in the first steps, of entries that otherwise wait."""

OWNERS = {"auxiliary-class": "acgan", "mutual-information": "infogan", "few-labels": "semigan"}
"""Terms that read what only some critics give, and a model that has each by default."""


def names(kind):
    """The entries that the program lists."""
    found = re.findall(r"^  ([a-z0-9-]+): ", succeed("models", f"--{kind}"), re.MULTILINE)
    expect(len(found) > 1, f"the list of {kind}", found)
    return found


def trained(model, *words, steps=3):
    """The last parameter hash of a short run."""
    with directory() as place:
        text = succeed(*model, *words, "--steps", steps, "--output", os.path.join(place, "run"))
        return parameter_hash(text), text


def check(option, entries, models):
    """Every entry changes what a short run of each model gives."""
    for model in models:
        plain = trained(model)[0]
        for entry in entries:
            # A BigGAN has spectral norm already.
            form = "spectral:enabled=false" if entry == "spectral" and model is LARGE_BATCH else FORMS.get(entry, entry)
            expect(trained(model, f"--{option}", form)[0] != plain, f"--{option} {form} of {model[1]} changes nothing")


def check_owned(term, model):
    """A model whose critic does not give what the term reads refuses it, and its own model is another without it."""
    result = run(*SMALL, "--term", term, "--steps", 1)
    expect(result.returncode == 64 and term in result.stderr, f"--term {term} is refused", result.returncode, result.stderr)
    words = ["--model", model, "--batch", 10]
    expect(trained(words, steps=1)[0] != trained(words, "--term", "none", steps=1)[0], f"{model} without {term} is the same")


def check_resumed(*words):
    """A run that was stopped after two steps gives the parameters of one that was not."""
    with directory() as place:
        output = os.path.join(place, "run")
        whole, _ = trained(SMALL, *words, steps=4)
        succeed(*SMALL, *words, "--steps", 2, "--output", output)
        parts = parameter_hash(succeed(*SMALL, *words, "--steps", 4, "--resume", output))
        expect(parts == whole, "two runs of two steps and one of four", words, parts, whole)


found = {kind: names(kind) for kind in ("terms", "constraints", "schedules", "optimizers")}
check("term", [term for term in found["terms"] if term not in OWNERS], [SMALL, LARGE_BATCH])
for term, model in OWNERS.items():
    expect(term in found["terms"], "listed terms", term, found["terms"])
    check_owned(term, model)
check("constraint", found["constraints"], [SMALL, LARGE_BATCH])
check("schedule", found["schedules"], [SMALL, LARGE_BATCH])
check("optimizer", found["optimizers"], [SMALL, LARGE_BATCH])
check("critic-steps", ["3", "wasserstein"], [SMALL])

check_resumed("--term", "ada:kimg=0.05,interval=1", "--term", "lecam:start=1", "--term", "r1:every=2")
check_resumed("--constraint", "weight-norm:on=both", "--schedule", "cosine:over=4,warm-up=2")
check_resumed("--optimizer", "rmsprop:on=critic", "--optimizer", "momentum:momentum=0.5,over=4,on=generator", "--critic-steps", "2")

_, text = trained(SMALL, "--term", "r1", "--loss", "wasserstein")
expect("batch norm" in text and "r1" in text, "a penalty on slopes is warned about where the critic has batch norm", text)
result = run(*SMALL, "--term", "r1:gama=1", "--steps", 1)
expect(result.returncode == 64 and "r1:gamma" in result.stderr, "a wrong option is named", result.returncode, result.stderr)
print(", ".join(f"{len(entries)} {kind}" for kind, entries in found.items()))
