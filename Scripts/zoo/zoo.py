"""Trains each model for some minutes, and its controls: untrained, and broken on purpose. Measures, and writes sheets and a gallery.

    python zoo.py PROGRAM [MODEL ...] [--minutes M] [--control-minutes M] [--threads N] [--output DIR] [--figure-only]

Minutes are processor time of all threads together, so that a busy machine changes how long a run takes, not how far it comes.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

import h5py
import numpy

from digits import make as make_digits
from entries import ENTRIES
from figures import image_distance, nearest_classes, patch_distance
from picture import write_picture

COUNT = 1000
"""Images of a figure."""
FLAGS = 13
"""The class of emoji32 that is a set of its own."""


def main():
    options = parsed()
    os.makedirs(options.output, exist_ok=True)
    chosen = [entry for entry in ENTRIES if not options.models or entry.model in options.models]
    for entry in chosen:
        result = measured(entry, options)
        with open(os.path.join(options.output, entry.model, "result.json"), "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
        print(line(result), flush=True)
    write_gallery(options)
    failures = [result["model"] for result in results(options.output) if not result["learns"]]
    if failures:
        sys.exit(f"zoo: no better than a control: {', '.join(failures)}")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(entry.model for entry in ENTRIES)}; all by default")
    parser.add_argument("--minutes", type=float, default=20, help="training of each model, in minutes of processor time (default: 20)")
    parser.add_argument("--control-minutes", type=float, help="most of the broken control (default: the steps of the trained model)")
    parser.add_argument("--threads", type=int, help="threads of a run (default: all cores)")
    parser.add_argument("--output", default="runs/zoo", help="folder of runs and gallery (default: runs/zoo)")
    parser.add_argument("--figure-only", action="store_true", help="measure the runs that are there, train nothing")
    options = parser.parse_args()
    unknown = set(options.models) - {entry.model for entry in ENTRIES}
    if unknown:
        parser.error(f"no entry for {', '.join(sorted(unknown))} in Scripts/zoo/entries.py")
    return options


def data_file(name, options):
    """The set as an HDF5 file."""
    path = os.path.join(options.output, f"{name}.h5")
    if not os.path.exists(path):
        if name == "digits":
            make_digits(path)
        elif name == "flags":
            with h5py.File(data_file("emoji32", options)) as whole, h5py.File(path, "w") as part:
                # Without labels: there is one class.
                part["imgs"] = whole["imgs"][:][whole["labels"][:] == FLAGS]
        else:
            subprocess.run([options.program, "data", "make", name, "--output", path], check=True, stdout=subprocess.DEVNULL)
    return path


def processor_seconds(pid):
    """What all threads of a process have computed so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        # The name before it, in brackets, may hold spaces.
        numbers = file.read().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def followed(command, log, budget):
    """Runs a command to its end, or until it has computed for `budget` seconds, if any. Returns its code and seconds."""
    process, asked, seconds = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT), False, 0
    # It is a zombie, whose times can be read, until it is waited for.
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        seconds = processor_seconds(process.pid)
        if budget is not None and seconds > budget and not asked:
            # It writes a checkpoint at the end of its step, and leaves with 75.
            process.send_signal(signal.SIGTERM)
            asked = True
        time.sleep(0.2)
    seconds = processor_seconds(process.pid)
    return process.wait(), seconds


def trained(entry, kind, words, budget, options, steps=None):
    """A run of `budget` seconds, or of all its steps; one that is there goes on if it had less. Returns its folder, its steps and seconds."""
    folder = os.path.join(options.output, entry.model, kind)
    path = os.path.join(folder, "done.json")
    done = {"steps": 0, "seconds": 0}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            done = json.load(file)
    elif options.figure_only:
        sys.exit(f"zoo: {folder} holds no finished run; leave --figure-only out")
    # A budget is met to a step or two, and a run may have had all the steps that its preset has.
    enough = budget is not None and done["seconds"] >= 0.99 * budget or done.get("ended") or steps is not None and done["steps"] >= steps
    if not options.figure_only and not (done["steps"] and enough):
        # Embedded sets go by their names.
        data = data_file(entry.data, options) if entry.data in ("digits", "flags") else entry.data
        start = ["--resume", folder] if done["steps"] else [
            "--model", entry.model, "--data", data, "--output", folder, *entry.options, *words]
        command = [options.program, *start, *(("--steps", str(steps)) if steps else ()),
                   *(("--threads", str(options.threads)) if options.threads else ())]
        with open(f"{folder}.txt", "a", encoding="utf-8") as log:
            code, seconds = followed(command, log, None if budget is None else budget - done["seconds"])
        if code not in (0, 75):
            sys.exit(f"zoo: {' '.join(command)} ended with {code}; see {folder}.txt")
        reached = max(json.loads(row).get("step", 0) for row in open(os.path.join(folder, "log.jsonl"), encoding="utf-8"))
        done = {"steps": reached, "seconds": done["seconds"] + seconds, "ended": code == 0 and steps is None}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(done, file)
    return folder, done["steps"], done["seconds"]


def drawn(folder, options):
    """Images of a run, and the classes that were asked for, if any."""
    path = os.path.join(folder, "figure.h5")
    if os.path.exists(path):
        os.remove(path)
    subprocess.run([options.program, "sample", "--from", folder, "--count", str(COUNT), "--output", path], check=True,
                   stdout=subprocess.DEVNULL)
    with h5py.File(path) as file:
        return file["imgs"][:], file["labels"][:] if "labels" in file else None


def measured(entry, options):
    os.makedirs(os.path.join(options.output, entry.model), exist_ok=True)
    with h5py.File(data_file(entry.data, options)) as file:
        images, labels = file["imgs"][:], file["labels"][:] if "labels" in file else None
    order = numpy.random.default_rng(3).permutation(len(images))
    # One half is what samples are compared with, the other shows how far real images are from it.
    halves = [order[0::2], order[1::2]]
    reference = images[halves[0][:COUNT]]

    runs = {"trained": trained(entry, "trained", (), 60 * options.minutes * entry.minutes, options)}
    steps = runs["trained"][1]
    runs["untrained"] = trained(entry, "untrained", (), None, options, steps=1)
    # As many steps as the trained model, however long they take.
    limit = 60 * options.control_minutes if options.control_minutes else None
    runs["broken"] = trained(entry, "broken", entry.broken, limit, options, steps=steps)

    def figure(found, classes):
        own = {"images": image_distance(reference, found), "patches": patch_distance(reference, found)}
        if labels is None:
            return own
        looks = nearest_classes(found, images[halves[0]], labels[halves[0]])
        share = numpy.bincount(looks, minlength=labels.max() + 1) / len(looks)
        own["classes"] = float(numpy.exp(-(share[share > 0] * numpy.log(share[share > 0])).sum()))
        if classes is not None:
            if entry.codes:
                classes = numpy.array([numpy.bincount(looks[classes == code]).argmax() for code in classes])
            own["accuracy"] = float((looks == classes).mean())
        return own

    real = halves[1][:COUNT]
    figures = {"real": figure(images[real], None if labels is None else labels[real])}
    for kind, (folder, _, _) in runs.items():
        figures[kind] = figure(*drawn(folder, options))
    write_sheet(runs["trained"][0], os.path.join(options.output, f"{entry.model}.png"), options)
    learns = all(figures["trained"][name] < figures[control][name] for name in ("images", "patches") for control in ("untrained", "broken"))
    return {"model": entry.model, "data": entry.data, "minutes": runs["trained"][2] / 60, "steps": steps,
            "broken steps": runs["broken"][1],
            "seconds per step": runs["trained"][2] / max(steps, 1), "broken by": " ".join(entry.broken), "figures": figures,
            "learns": learns}


def write_sheet(folder, path, options):
    """Sixty-four samples."""
    subprocess.run([options.program, "sample", "--from", folder, "--output", path], check=True, stdout=subprocess.DEVNULL)


def results(folder):
    """What was measured so far, in the order of the entries."""
    paths = [os.path.join(folder, entry.model, "result.json") for entry in ENTRIES]
    return [json.load(open(path, encoding="utf-8")) for path in paths if os.path.exists(path)]


def line(result):
    cells = [f"{kind} {numbers['images']:.3f}/{numbers['patches']:.3f}" for kind, numbers in result["figures"].items()]
    return f"{result['model']} on {result['data']}, {result['steps']} steps: {', '.join(cells)}{'' if result['learns'] else ', NO BETTER'}"


def write_gallery(options):
    """One page: a table of figures, a sheet of each model, and one picture of all."""
    rows = results(options.output)
    text = ["# Gallery", "",
            "Each model after the stated minutes of processor time. Distances are sliced Wasserstein distances of pixels to half of the set, "
            "of whole images and of 7x7 patches, smaller is better: of the other half of the set, of the trained model, of one step of "
            "training, and of a broken critic's generator. Classes: how many the samples look like, as the exponential of the entropy "
            "over the classes of their nearest real images; accuracy: how often that is the class asked for. Real images' own in brackets.", "",
            "| model | set | minutes | steps, broken | s/step | real | trained | untrained | broken | classes (real) | accuracy (real) |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for result in rows:
        f = result["figures"]
        distances = [f"{f[kind]['images']:.3f}, {f[kind]['patches']:.3f}" for kind in ("real", "trained", "untrained", "broken")]
        accuracy = f"{f['trained']['accuracy']:.2f} ({f['real']['accuracy']:.2f})" if "accuracy" in f["trained"] else ""
        classes = f"{f['trained']['classes']:.1f} ({f['real']['classes']:.1f})" if "classes" in f["trained"] else ""
        text.append(f"| {result['model']} | {result['data']} | {result['minutes']:.1f} | {result['steps']}, {result['broken steps']} | "
                    f"{result['seconds per step']:.2f} | {' | '.join(distances)} | {classes} | {accuracy} |")
    text += ["", "![Samples of each model, and real images of each set](gallery.png)"]
    for result in rows:
        text += ["", f"## {result['model']}", "", f"![64 samples of {result['model']}, trained on {result['data']}]({result['model']}.png)"]
    with open(os.path.join(options.output, "gallery.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    tiles = []
    for name in dict.fromkeys(result["data"] for result in rows):
        with h5py.File(data_file(name, options)) as file:
            tiles.append((f"{name}, real", file["imgs"][:], file["labels"][:] if "labels" in file else None))
    for result in rows:
        with h5py.File(os.path.join(options.output, result["model"], "trained", "figure.h5")) as file:
            tiles.append((result["model"], file["imgs"][:], file["labels"][:] if "labels" in file else None))
    write_picture(tiles, os.path.join(options.output, "gallery.png"))


if __name__ == "__main__":
    main()
