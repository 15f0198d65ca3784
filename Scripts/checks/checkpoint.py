"""Opens a checkpoint with h5py: names, shapes, types and attributes."""

import json
import os

import h5py
import numpy

from checking import SMALL, directory, expect, parameter_hash, succeed

with directory() as place:
    run = os.path.join(place, "run")
    printed = succeed(*SMALL, "--output", run, "--steps", 3, "--checkpoint-every", 2, "--seed", 5)
    checkpoints = sorted(os.listdir(os.path.join(run, "checkpoints")))
    expect(checkpoints == ["latest", "step-2.h5", "step-3.h5"], checkpoints)
    latest = open(os.path.join(run, "checkpoints", "latest")).read().strip()
    expect(os.path.basename(latest) == "step-3.h5", latest)

    with h5py.File(os.path.join(run, "checkpoints", "step-3.h5")) as file:
        attributes = dict(file.attrs)
        for name, value in [("model", "dcgan"), ("preset", "demo"), ("step", 3), ("seed", 5), ("batch", 8)]:
            found = attributes.get(name)
            found = found.decode() if isinstance(found, bytes) else found
            expect(found == value, "attribute", name, found, sorted(attributes))
        options = json.loads(attributes["options"])
        expect("generator-channels" in json.dumps(options), options)

        parameters = file["parameters"]
        names = []
        parameters.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        expect({name.replace("/", ".").split(".")[0] for name in names} == {"generator", "discriminator"}, names)
        for name in names:
            array = parameters[name][...]
            expect(array.dtype == numpy.float32 and array.size > 0 and numpy.isfinite(array).all(), name, array.dtype, array.shape)
        for group in ["buffers", "averages", "optimizers"]:
            expect(group in file, group, "is missing;", list(file))
        moments = []
        file["optimizers"].visititems(lambda name, item: moments.append(item) if isinstance(item, h5py.Dataset) else None)
        total = sum(parameters[name].size for name in names)
        expect(sum(item.size for item in moments) >= 2 * total, "Adam keeps two numbers for each parameter")

    shown = succeed("inspect", run)
    expect(parameter_hash(shown) == parameter_hash(printed), shown, printed)
    expect("generator" in shown and "discriminator" in shown and "dcgan" in shown, shown)

    log = [json.loads(line) for line in open(os.path.join(run, "log.jsonl"))]
    events = [line["event"] for line in log]
    expect(events[0] == "header" and events[-1] == "end" and events.count("checkpoint") == 2, events)
    expect(log[-1]["parameters"] == parameter_hash(printed), log[-1])
    expect(os.path.exists(os.path.join(run, "real.png")), os.listdir(run))
print("checkpoint: names, shapes and attributes are right")
