"""compare.py COMMITTED FRESH: exit status 1 and words when an image set differs in a pixel, a label or a class name."""

import pathlib
import sys

import numpy
from PIL import Image


def difference(committed, fresh):
    """What sets the two files apart, or None."""
    if not committed.exists() or not fresh.exists():
        return "is missing in " + ("the committed folder" if fresh.exists() else "the fresh folder")
    if committed.suffix != ".png":
        return None if committed.read_bytes() == fresh.read_bytes() else "differs: class names or labels are not the same"
    first, second = Image.open(committed), Image.open(fresh)
    if (first.size, first.mode) != (second.size, second.mode):
        return f"is {first.size} {first.mode}, made anew it is {second.size} {second.mode}"
    distance = abs(numpy.asarray(first, numpy.int16) - numpy.asarray(second, numpy.int16))
    if not distance.any():
        return None
    return f"differs in {numpy.count_nonzero(distance)} of {distance.size} samples, by {distance.max()} at most"


def main(committed, fresh):
    folders = [pathlib.Path(committed), pathlib.Path(fresh)]
    names = sorted({path.name for folder in folders for path in folder.iterdir() if path.suffix in (".png", ".labels")})
    problems = 0
    for name in names:
        problem = difference(folders[0] / name, folders[1] / name)
        print(f"{name}: {problem or 'same'}")
        problems += problem is not None
    if problems:
        sys.exit(f"Scripts/data/compare: {problems} of {len(names)} files differ; if they should, run Scripts/data/make and commit")


main(*sys.argv[1:])
