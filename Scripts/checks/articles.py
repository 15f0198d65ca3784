"""What the articles say is so: their commands run, the code and the files they name are there.

Blocks marked `sh` and `python` are run as they stand, in a scratch directory for each article, with a fraction of the steps and of the minutes.
Blocks marked `shell` are for other places: builds, clusters. Blocks marked `swift` are quotations.
"""

import os
import re
import subprocess
import sys

import numpy
from PIL import Image

from checking import ENVIRONMENT, PROGRAM, directory, expect

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CATALOG = os.path.join(ROOT, "Sources", "DistGAN", "DistGAN.docc")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def smaller(text):
    """The commands with a 500th of the steps, and three seconds for ten minutes; runs that a signal ends keep their steps."""
    lines = [
        line if "timeout" in line else re.sub(r"--steps (\d+)", lambda match: f"--steps {max(2, int(match[1]) // 500)}", line)
        for line in text.splitlines()
    ]
    return "\n".join(lines).replace(" 10m ", " 3 ")


def run_article(name):
    """Runs the commands of an article in their order; returns what each block printed."""
    printed = []
    with directory() as place:
        os.mkdir(os.path.join(place, "bin"))
        os.symlink(PROGRAM, os.path.join(place, "bin", "dist-gan"))
        for index in range(48):
            folder = os.path.join(place, "photos", ["cats", "dogs"][index % 2])
            os.makedirs(folder, exist_ok=True)
            pixels = numpy.random.default_rng(index).integers(0, 256, (70, 90, 3), dtype=numpy.uint8)
            Image.fromarray(pixels).save(os.path.join(folder, f"{index}.png"))
        environment = dict(ENVIRONMENT, PATH=f"{place}/bin:{ENVIRONMENT['PATH']}")
        for kind, text in blocks(name):
            if kind not in ("sh", "python"):
                continue
            words = ["bash", "-euo", "pipefail", "-c", smaller(text)] if kind == "sh" else [sys.executable, "-c", text]
            result = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=120)
            expect(result.returncode == 0, name, smaller(text), f"exit code {result.returncode}", result.stdout, result.stderr)
            hashes = re.findall(r"^parameters +(\w+)$", result.stdout, re.MULTILINE)
            if "| grep ^parameters" in text:
                expect(len(hashes) >= 2 and len(set(hashes)) == 1, name, text, "the same bits were promised", result.stdout)
            printed.append(result.stdout)
    return printed


def blocks(name):
    return re.findall(r"^```(\w+)\n(.*?)^```$", read(os.path.join(CATALOG, name + ".md")), re.MULTILINE | re.DOTALL)


# Quotations and names
sources = [
    os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(ROOT, "Sources")) for name in names if name.endswith(".swift")]
lines = {line.strip() for path in sources for line in read(path).splitlines()}
articles = sorted(name[:-3] for name in os.listdir(CATALOG) if name.endswith(".md"))
quoted = named = 0
for name in articles:
    for kind, text in blocks(name):
        if kind == "swift":
            for line in filter(None, map(str.strip, text.splitlines())):
                expect(line == "…" or line in lines, f"{name} quotes what is no line of the sources:", line)
                quoted += 1
    for path in re.findall(r"(?<![\w./])((?:Sources|Tests|Scripts|Launch)/[\w./-]+\w)", read(os.path.join(CATALOG, name + ".md"))):
        expect(os.path.exists(os.path.join(ROOT, path)), f"{name} names a file that is not there:", path)
        named += 1
expect(quoted > 20 and named > 12, "quotations and files are missing", quoted, named)

# Commands
ran = 0
for name in ["GettingStarted", "YourOwnData", "WatchingARun", "StoppingAndResuming"]:
    printed = run_article(name)
    ran += len(printed)
    if name == "StoppingAndResuming":
        stopped = [text for text in printed if "exit code" in text]
        expect(len(stopped) == 1 and stopped[0].count("exit code 75") == 2, "two runs were to be stopped by a signal", *printed)
expect(ran > 12, "blocks of commands are missing", ran)
print(f"articles: {ran} blocks of commands ran; {quoted} lines of code and {named} files are as quoted")
