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
    expect(checkpoints == ["step-2.h5", "step-3.h5"], checkpoints)

    with h5py.File(os.path.join(run, "checkpoints", "step-3.h5")) as file:
        attributes = dict(file.attrs)
        text = lambda values: [value.decode() if isinstance(value, bytes) else value for value in numpy.atleast_1d(values)]
        pairs = lambda name: dict(zip(text(attributes[name + "Names"]), text(attributes[name + "Values"])))
        for name, value in [("step", 3), ("steps", 3), ("position", 24)]:
            expect(attributes[name] == value, "attribute", name, attributes[name])
        expect(text(attributes["parameterHash"]) == [parameter_hash(printed)], attributes["parameterHash"], printed)
        expect(attributes["imageFormat"].tolist() == [32, 32, 3, 14], attributes["imageFormat"])
        expect(len(attributes["classNames"]) == 14, attributes["classNames"])
        identity = pairs("identity")
        expected = {"model": "dcgan", "preset": "demo", "data": "emoji32", "seed": "5", "batch": "8", "shards": "8", "latent": "16"}
        for name, value in expected.items():
            expect(identity.get(name) == value, "identity", name, identity)
        expect(pairs("updates") == {"generator": "3", "discriminator": "3"}, pairs("updates"))
        expect("instruction set" in pairs("environment"), pairs("environment"))

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
