"""Models of classes and codes: sheets of codes, few labelled images on any number of ranks, accuracy, what BEGAN carries from step to step."""

import json
import os
import re

import h5py
import numpy

from checking import directory, expect, parameter_hash, succeed

INFOGAN = ["--model", "infogan", "--channels", 4, "--hidden", 16, "--categories", 3, "--batch", 8]
SEMIGAN = ["--model", "semigan", "--generator-channels", 4, "--discriminator-channels", 4, "--batch", 8, "--labels-per-class", 2]
BEGAN = ["--model", "began", "--channels", 4, "--batch", 8, "--loss", "equilibrium:lambda=0.1,patience=3,floor=0.25"]


def logged(run, event):
    """The lines of a kind in a run's log."""
    with open(os.path.join(run, "log.jsonl"), encoding="utf-8") as file:
        return [line for line in map(json.loads, file) if line["event"] == event]


def two_kinds(path, count):
    """Images that are dark in class 0 and bright in class 1."""
    labels = numpy.arange(count) % 2
    noise = numpy.random.default_rng(1).integers(0, 60, (count, 1, 32, 32), dtype=numpy.uint8)
    with h5py.File(path, "w") as file:
        file["imgs"], file["labels"] = noise + (labels * 190).astype(numpy.uint8)[:, None, None, None], labels
    return path


with directory() as place:
    at = lambda name: os.path.join(place, name)

    # Codes have names of their own, and sheets in the run and by `sample`.
    succeed(*INFOGAN, "--output", at("infogan"), "--steps", 2)
    names = ["categories", "code-1", "code-2"]
    sheets = sorted(name for name in os.listdir(at("infogan/samples")) if name != "step-2.png")
    expect(sheets == [f"{name}-step-2.png" for name in names], sheets)
    expect([line["name"] for line in logged(at("infogan"), "sheet")] == names, "sheets in the log")
    for name in names:
        printed = succeed("sample", "--from", at("infogan"), "--sheet", name, "--output", at(f"{name}.h5"))
        expect("24 images" in printed, printed)
        with h5py.File(at(f"{name}.h5")) as file:
            images, labels = file["imgs"][()], file["labels"][()]
            codes = [code.decode() if isinstance(code, bytes) else code for code in file.attrs["classes"]]
        expect(codes == ["code 0", "code 1", "code 2"] and labels.tolist() == [row for row in range(3) for _ in range(8)], codes, labels)
        expect(len({image.tobytes() for image in images}) == 24, f"{name}: images that are the same")
    succeed("report", at("infogan"), "--output", at("report.html"))
    print("sheets of three codes: in the run, its log and by sample")

    # The labelled images are the same on any number of ranks and after a resume, and others with another seed.
    whole = parameter_hash(succeed(*SEMIGAN, "--output", at("semigan"), "--steps", 4))
    for ranks in (2, 4):
        text = succeed(*SEMIGAN, "--output", at(f"semigan-{ranks}"), "--steps", 4, ranks=ranks)
        expect(parameter_hash(text) == whole, f"semigan on {ranks} ranks", text)
    succeed(*SEMIGAN, "--output", at("half"), "--steps", 2)
    expect(parameter_hash(succeed("--resume", at("half"), "--steps", 4)) == whole, "semigan after a resume")
    alone = parameter_hash(succeed(*SEMIGAN, "--output", at("alone"), "--steps", 4, "--unlabelled", "false"))
    expect(alone != whole, "the control trains as the game")
    print("semigan: the same bits on 1, 2 and 4 ranks and after a resume")

    # Two kinds that a pixel tells apart are learned from four labels.
    train, test = two_kinds(at("train.h5"), 64), two_kinds(at("test.h5"), 40)
    succeed(*SEMIGAN, "--data", train, "--output", at("kinds"), "--steps", 60, "--dropout", 0, "--image-dropout", 0, "--critic-average", 0.5,
            "--discriminator-lr", 0.01)
    lines = succeed("classify", "--from", at("kinds"), "--data", test).splitlines()
    found = [re.split(r"  +", line) for line in lines]
    expect([words[0] for words in found] == ["all", "0", "1"] and found[0][2] == "40 of 40", lines)
    print(f"classify: {lines[0]}")

    # k, the measure and the pace go on after a resume, on more ranks.
    whole = parameter_hash(succeed(*BEGAN, "--output", at("began"), "--steps", 12, "--log-every", 1))
    losses = [line["losses"] for line in logged(at("began"), "step")]
    rates = [step["discriminator rate"] for step in losses]
    expect(rates[0] == 1 and set(rates) <= {1, 0.5, 0.25} and rates == sorted(rates, reverse=True), rates)
    expect(all(0 <= step["discriminator k"] <= 1 for step in losses) and losses[-1]["discriminator k"] > 0, losses[-1])
    for step in losses:
        real, fake = step["discriminator real energy"], step["discriminator fake energy"]
        expect(abs(step["discriminator measure"] - real - abs(real / 2 - fake)) < 1e-5, step)
    succeed(*BEGAN, "--output", at("began-half"), "--steps", 6)
    expect(parameter_hash(succeed("--resume", at("began-half"), "--steps", 12, ranks=4)) == whole, "began after a resume on 4 ranks")
    print(f"began: k {losses[-1]['discriminator k']:.4f}, rates {sorted(set(rates), reverse=True)}")
