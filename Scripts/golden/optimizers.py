"""Makes Tests/Golden/optimizers.json: what PyTorch's optimizers make of given gradients, in double precision.

Step sizes change from step to step as a schedule would change them, and one momentum rises.

    python3 -m venv .build-golden-venv && .build-golden-venv/bin/pip install torch
    .build-golden-venv/bin/python Scripts/golden/optimizers.py Tests/Golden/optimizers.json
"""

import json
import sys

import torch

STEPS, COUNT = 12, 9
RATES = [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 1.0, 1.0, 0.125, 0.125, 0.5, 1.0]
"""What the step size is multiplied by at each step."""

CASES = [
    # The text of the rule, its step size, PyTorch's optimizer of a parameter, the momentum at each step.
    ("sgd", 0.1, lambda x, lr: torch.optim.SGD([x], lr), None),
    ("momentum", 0.05, lambda x, lr: torch.optim.SGD([x], lr, momentum=0.9), None),
    ("momentum:momentum=0.5,to=0.75,over=8", 0.05, lambda x, lr: torch.optim.SGD([x], lr, momentum=0.5),
     [0.5 + 0.25 * min(step / 8, 1) for step in range(STEPS)]),
    ("rmsprop", 0.02, lambda x, lr: torch.optim.RMSprop([x], lr, alpha=0.99, eps=1e-8), None),
    ("rmsprop:decay=0.9,epsilon=0.001", 0.02, lambda x, lr: torch.optim.RMSprop([x], lr, alpha=0.9, eps=1e-3), None),
    ("adam", 0.02, lambda x, lr: torch.optim.Adam([x], lr), None),
    ("adam:beta1=0,beta2=0.9,epsilon=0.0001", 0.02, lambda x, lr: torch.optim.Adam([x], lr, betas=(0.0, 0.9), eps=1e-4), None),
    ("adamw", 0.02, lambda x, lr: torch.optim.AdamW([x], lr), None),
    ("adamw:beta1=0.5,beta2=0.9,epsilon=0.0001,decay=2", 0.02,
     lambda x, lr: torch.optim.AdamW([x], lr, betas=(0.5, 0.9), eps=1e-4, weight_decay=2), None),
]


def followed(make, rate, momenta, start, gradients):
    """The parameters after each step."""
    x = torch.nn.Parameter(start.clone())
    optimizer = make(x, rate)
    course = []
    for step, gradient in enumerate(gradients):
        optimizer.param_groups[0]["lr"] = rate * RATES[step]
        if momenta:
            optimizer.param_groups[0]["momentum"] = momenta[step]
        x.grad = gradient.clone()
        optimizer.step()
        course.append(x.detach().tolist())
    return course


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(6)
    # Numbers of single precision, which both sides hold exactly; the last coordinate has tiny gradients, where epsilon counts.
    start = torch.randn(COUNT, generator=generator).float().double()
    gradients = torch.randn(STEPS, COUNT, generator=generator)
    gradients[:, -1] *= 1e-5
    gradients = gradients.float().double()
    cases = [
        {"optimizer": text, "learningRate": rate, "course": followed(make, rate, momenta, start, gradients)}
        for text, rate, make, momenta in CASES
    ]
    content = {
        "generator": "Scripts/golden/optimizers.py", "torch": torch.__version__, "rates": RATES, "start": start.tolist(),
        "gradients": gradients.tolist(), "cases": cases,
    }
    with open(sys.argv[1], "w") as file:
        json.dump(content, file)


main()
