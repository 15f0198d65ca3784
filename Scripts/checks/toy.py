"""Games on points: a short one covers modes and draws its picture, the same seed gives the same, wrong words are refused."""

import os
import re

import numpy
from PIL import Image

from checking import directory, expect, run, succeed

QUICK = ["--batch", 128]


def coverage(text):
    """Modes covered and quality in percent, as printed last."""
    found = re.findall(r"(\d+) of (\d+) modes, quality +(\d+) %", text)
    expect(found, "no coverage in", text)
    return int(found[-1][0]), int(found[-1][2])


def without_seconds(text):
    return re.sub(r"^\d+\.\d s$", "", text, flags=re.MULTILINE)


def refuse(code, fragment, *words):
    """Runs a game and expects its refusal in one sentence."""
    result = run("toy", *words, timeout=60)
    facts = (words, f"exit code {result.returncode}, expected {code}", result.stdout, result.stderr)
    expect(result.returncode == code and result.stderr.startswith(("dist-gan: ", "Error: ")) and fragment in result.stderr, *facts)


with directory() as place:
    os.chdir(place)
    words = ["toy", *QUICK, "--loss", "relativistic", "--lr", 4e-3, "--steps", 800]
    text = succeed(*words, "--output", "ring.png")
    modes, quality = coverage(text)
    expect(modes == 8 and quality >= 50, "a short game covers the ring", text)
    words[words.index("--lr") + 1] = 0
    control = coverage(succeed(*words))
    expect(control[0] <= 4 and control[1] < 10, "a game of step size 0 covers nothing", control)

    # The picture: critic's shades, real points in black, generated ones in green.
    pixels = numpy.asarray(Image.open("ring.png").convert("RGB")).reshape(-1, 3)
    for name, colour in [("real", (0, 0, 0)), ("generated", (0, 150, 40))]:
        count = (pixels == colour).all(axis=1).sum()
        expect(500 < count < len(pixels) // 10, f"pixels of {name} points", count)
    expect(len(numpy.unique(pixels, axis=0)) > 12, "shades of the critic")

    # Bits
    words = ["toy", "grid", *QUICK, "--loss", "hinge", "--term", "r1", "--steps", 60]
    texts = [without_seconds(succeed(*words, "--threads", threads, "--output", f"{threads}.png")) for threads in [1, 2]]
    expect(texts[0].replace("1.png", "") == texts[1].replace("2.png", ""), "threads change what is printed", *texts)
    expect(open("1.png", "rb").read() == open("2.png", "rb").read(), "threads change the picture")
    expect(texts[0].replace("1.png", "") != without_seconds(succeed(*words, "--seed", 2)).replace("seed 2", "seed 1"), "the seed changes nothing")

    # Tables
    names = re.findall(r"^  ([a-z0-9-]+): ", succeed("models", "--losses"), re.MULTILINE)
    text = succeed("toy", "swiss-roll", "--all", *QUICK, "--steps", 2, "--output", "all.png")
    for name in names:
        expect(re.search(rf"^{name}\b.*/20 .*/20 ", text, re.MULTILINE), f"no row of {name}", text)
    expect(f"of {2 * len(names)} games cover all 20 modes" in text and "not all alone: " in text, text)
    expect(Image.open("all.png").size[1] > 240 * len(names), "a row of pictures for each loss")
    text = succeed("toy", "univariate", "--loss", "kl", "--steps", 700)
    row = [float(word) for word in next(line for line in text.splitlines() if line.startswith("kl ")).split()[1:]]
    expect(abs(row[3] - 0.375) < 1e-4 and abs(row[6] - 2.3125**0.5) < 1e-4, "the best normal distribution in KL has the mixture's moments", text)
    expect(abs(row[4]) < 0.2 and abs(row[7]) < 0.2 and 0 <= row[0] - row[1] < 0.02, "the fit comes near to it", text)

    # What cannot be taken
    for code, fragment, *words in [
        (64, "known ones: minimax", "--loss", "hing"), (64, "swiss-roll", "square"), (64, "known ones", "--term", "r3"),
        (64, "known ones", "--constraint", "spectrall"), (64, "margin", "--loss", "energy-margin:margins=1"), (64, "--steps", "--steps", 0),
        (64, "--batch", "--batch", 1), (64, "--width", "--width", 0), (64, "--threads", "--threads", 0), (64, "--lr", "--lr", "fast"),
        (64, ".png", "--output", "ring.jpg"), (64, "--loss", "--all", "--loss", "hinge"), (64, "members are", "univariate", "--loss", "hinge"),
        (64, "known ones", "univariate", "--loss", "kll"), (64, "--critic-steps", "univariate", "--critic-steps", 0),
        (64, "function of logits", "--loss", "energy-margin", "--term", "roth"), (73, "nowhere", "--output", "nowhere/a.png"),
        (78, "not a finite number", "--loss", "kl", "--lr", 1), (64, "Unknown option", "--modell", "x"),
    ]:
        refuse(code, fragment, *words)
    expect(sorted(os.listdir()) == ["1.png", "2.png", "all.png", "ring.png"], "refused games left something behind", os.listdir())
print(f"toy: {modes} of 8 modes, quality {quality} %; KL's fit {row[2]:.3f}, {row[5]:.3f}")
