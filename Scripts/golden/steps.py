"""Makes Tests/Golden/steps/MODEL.json: losses and gradients of one training step of each model, as PyTorch computes them in double precision.

Each model is described a second time, in Scripts/golden/models/MODEL.py, from its paper and its authors' code, not from the Swift sources.
Weights, images and noise are drawn by formulas that both sides know, so the files hold results only. The phases of a step run in order on the
same weights (optimizers are tested apart); power iterations and states of losses go on from phase to phase. The files also hold paths and
shapes of all parameters, and their number for the presets at full size.

    python3 -m venv .build-golden-venv && .build-golden-venv/bin/pip install torch numpy
    .build-golden-venv/bin/python Scripts/golden/steps.py Tests/Golden/steps [MODEL ...]
"""

import importlib
import json
import os
import pkgutil
import sys
from dataclasses import dataclass, field

import torch

from game import Step
from networks import Store

torch.set_default_dtype(torch.float64)


@dataclass(frozen=True)
class Case:
    """A model at one size. `settings` are options as the command line has them, over those of `preset`."""

    preset: str
    size: int = 32
    channels: int = 3
    classes: int | None = None
    settings: dict = field(default_factory=dict)
    batch: int = 5
    shards: int = 3


class Stores(dict):
    def __init__(self, is_abstract=False):
        super().__init__()
        self.is_abstract = is_abstract

    def __missing__(self, name):
        self[name] = Store(name, self.is_abstract)
        return self[name]


def described(case):
    content = {"preset": case.preset, "size": case.size, "channels": case.channels, "classes": case.classes}
    return content | {"settings": [{"name": name, "value": str(value).lower()} for name, value in case.settings.items()]}


def shapes(stores):
    return {path: list(value.shape) for store in stores.values() for path, value in store.parameters.items()}


def short(value):
    return float(f"{value:.8g}")


def stepped(module, case):
    """Losses and gradients of all phases."""
    stores = Stores()
    step = Step(case, stores)
    phases = []
    for name, network, loss in module.model(case).phases(step):
        step.begin(name)
        for store in list(stores.values()):
            store.begin(store.name == network)
        stores[network].is_updated = True
        value = loss()
        own = stores[network].parameters
        slopes = torch.autograd.grad(value, list(own.values()), allow_unused=True)
        gradients = {path: [short(x) for x in (torch.zeros_like(w) if slope is None else slope).flatten().tolist()]
                     for (path, w), slope in zip(own.items(), slopes)}
        phases.append({"name": name, "network": network, "loss": float(value.detach()), "gradients": gradients})
    return described(case) | {"batch": case.batch, "shards": case.shards, "shapes": shapes(stores), "phases": phases}


def counted(module, case):
    """Number of parameters of each network, by running it on tensors without numbers."""
    stores = Stores(is_abstract=True)
    step = Step(case, stores, is_abstract=True)
    for name, _, loss in module.model(case).phases(step):
        step.begin(name)
        loss()
    counts = {store.name: sum(value.numel() for value in store.parameters.values()) for store in stores.values()}
    return described(case) | {"counts": counts}


def main(folder, names):
    os.makedirs(folder, exist_ok=True)
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
    for name in names or sorted(module.name for module in pkgutil.iter_modules([place])):
        module = importlib.import_module(f"models.{name}")
        content = {"generator": f"Scripts/golden/steps.py, models/{name}.py, double precision", "torch": torch.__version__,
                   "model": module.NAME, "steps": [stepped(module, case) for case in module.STEPS],
                   "counts": [counted(module, case) for case in module.COUNTS]}
        path = os.path.join(folder, f"{module.NAME}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, allow_nan=False, separators=(",", ":"))
            file.write("\n")
        losses = [[round(phase["loss"], 4) for phase in step["phases"]] for step in content["steps"]]
        print(f"{module.NAME}: losses {losses}, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    # Models import Case from here, under the name that this module has for them.
    sys.modules["steps"] = sys.modules["__main__"]
    main(sys.argv[1], sys.argv[2:])
