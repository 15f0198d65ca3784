"""Makes Tests/Golden/divergences.json: losses and gradients of every divergence, as PyTorch computes them in double precision.

The formulas are written here from the papers, not from the Swift sources. On moderate logits the f-GAN family is composed as the paper has
it, conjugate of output activation; on logits of +-80, where that overflows, the conjugate is rewritten, and both are held against each
other on the moderate ones.

    python3 -m venv .build-golden-venv && .build-golden-venv/bin/pip install torch
    .build-golden-venv/bin/python Scripts/golden/divergences.py Tests/Golden/divergences.json
"""

import json
import math
import sys

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


class WrightOmega(torch.autograd.Function):
    """w with w + ln w = x: LambertW of exp(x). By bisection of y + exp(y) = x, y = ln w, until the interval is one number."""

    @staticmethod
    def forward(context, x):
        low, high = torch.minimum(x - 1, torch.full_like(x, -1.0)), torch.maximum(x, torch.ones_like(x))
        for _ in range(200):
            middle = (low + high) / 2
            below = middle + middle.exp() < x
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        w = ((low + high) / 2).exp()
        context.save_for_backward(w)
        return w

    @staticmethod
    def backward(context, cotangent):
        (w,) = context.saved_tensors
        return cotangent * w / (1 + w)


def jeffreys(t):
    w = WrightOmega.apply(1 - t)
    return w + 1 / w + t - 2


def power_conjugate(base, alpha):
    return (base ** (alpha / (alpha - 1)) - 1) / alpha


def family(name, options):
    """Output activation g(v), conjugate f*(t), and f*(g(v)) in a form for large v."""
    log2 = math.log(2)
    if name == "total-variation":
        return lambda v: v.tanh() / 2, lambda t: t, lambda v: v.tanh() / 2
    if name == "kl":
        return lambda v: v, lambda t: (t - 1).exp(), lambda v: (v - 1).exp()
    if name == "reverse-kl":
        return lambda v: -(-v).exp(), lambda t: -1 - (-t).log(), lambda v: v - 1
    if name == "pearson":
        return lambda v: v, lambda t: t**2 / 4 + t, lambda v: v**2 / 4 + v
    if name == "neyman":
        return lambda v: 1 - (-v).exp(), lambda t: 2 - 2 * (1 - t).sqrt(), lambda v: 2 - 2 * (-v / 2).exp()
    if name == "hellinger":
        return lambda v: 1 - (-v).exp(), lambda t: t / (1 - t), torch.expm1
    if name == "jeffreys":
        return lambda v: v, jeffreys, jeffreys
    if name == "jensen-shannon":
        return lambda v: log2 - F.softplus(-v), lambda t: -(2 - t.exp()).log(), lambda v: F.softplus(v) - log2
    if name == "weighted-jensen-shannon":
        pi = options.get("pi", 0.5)
        offset = -pi * math.log(pi)

        def conjugate(t):
            return (1 - pi) * ((1 - pi) / (1 - pi * (t / pi).exp())).log()

        def large(v):
            # 1 - exp(s) for s = -softplus(-v) / pi; above 30 softplus(-v) is exp(-v), and the logarithm -v - ln pi.
            near = torch.clamp(v, max=30.0)
            power = torch.where(v > 30, -v - math.log(pi), (-torch.expm1(-F.softplus(-near) / pi)).log())
            return (1 - pi) * (math.log(1 - pi) - power)

        return lambda v: offset - F.softplus(-v), conjugate, large
    if name == "gan":
        return lambda v: -F.softplus(-v), lambda t: -(1 - t.exp()).log(), F.softplus
    if name == "alpha":
        alpha = options.get("alpha", 0.5)
        if alpha > 1:
            def conjugate(t):
                return power_conjugate(torch.clamp(t * (alpha - 1) + 1, min=0), alpha)

            return lambda v: v, conjugate, conjugate
        return (
            lambda v: 1 / (1 - alpha) - F.softplus(-v),
            lambda t: power_conjugate(t * (alpha - 1) + 1, alpha),
            lambda v: power_conjugate((1 - alpha) * F.softplus(-v), alpha),
        )
    return None


def f_gan(name, options, is_large):
    activation, conjugate, large = family(name, options)
    composed = large if is_large else (lambda v: conjugate(activation(v)))
    moderate = torch.linspace(-3, 3, 61)
    assert torch.allclose(large(moderate), conjugate(activation(moderate)), rtol=1e-12, atol=1e-12), name

    def critic(r, f):
        return composed(f).mean() - activation(r).mean()

    def generator(r, f):
        return -composed(f).mean() if options.get("generator") == "saturating" else -activation(f).mean()

    return critic, generator


def relativistic(options):
    phi = {
        "standard": lambda u: F.softplus(-u),
        "least-squares": lambda u: (u - 1) ** 2,
        "hinge": lambda u: F.relu(1 - u),
    }[options.get("form", "standard")]
    if options.get("pairing", "pairs") == "pairs":
        return lambda r, f: phi(r - f).mean(), lambda r, f: phi(f - r).mean()

    def one_above(upper, lower):
        return (phi(upper - lower.mean()).mean() + phi(upper.mean() - lower).mean()) / 2

    return lambda r, f: one_above(r, f), lambda r, f: one_above(f, r)


def off_diagonal(matrix):
    count = len(matrix)
    return (matrix.sum() - matrix.diagonal().sum()) / (count * (count - 1))


def squares(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(dim=2)


def kernel_of(options):
    scale = options.get("scale", 1.0)

    def kernel(x, y):
        d = squares(x, y) / scale**2
        if options.get("kernel", "rational") == "rational":
            return sum((1 + d / (2 * a)) ** -a for a in (0.2, 0.5, 1.0, 2.0, 5.0))
        return sum((-d / (2 * s * s)).exp() for s in (1.0, 2.0, 4.0, 8.0, 16.0))

    return kernel


def mmd(options):
    kernel = kernel_of(options)

    def value(r, f):
        return off_diagonal(kernel(r, r)) + off_diagonal(kernel(f, f)) - 2 * kernel(r, f).mean()

    return lambda r, f: -value(r, f), value


def length(x):
    return (x + 1e-8).sqrt()


def witness(name, options, real, fake):
    """What a critic of features says of single images: Bellemare et al. 2017 and Binkowski et al. 2018 penalise its slope."""
    if name == "cramer":
        return lambda h: length(squares(h, fake)).mean(1, keepdim=True) - length((h**2).sum(1, keepdim=True))
    kernel = kernel_of(options)
    return lambda h: kernel(h, real).mean(1, keepdim=True) - kernel(h, fake).mean(1, keepdim=True)


def cramer():
    def critic(r, f):
        def surrogate(x, to_others):
            return to_others - length((x**2).sum(dim=1)).mean()

        return surrogate(f, off_diagonal(length(squares(f, f)))) - surrogate(r, length(squares(r, f)).mean())

    def generator(r, f):
        return 2 * length(squares(r, f)).mean() - off_diagonal(length(squares(f, f)))

    return critic, generator


# The weight k of the equilibrium before the step.
K = 0.3


def losses(name, options, is_large):
    """The critic's and the generator's loss as functions of outputs on real and generated images."""
    def softplus_critic(r, f):
        return F.softplus(-r).mean() + F.softplus(f).mean()

    if family(name, options):
        return f_gan(name, options, is_large)
    if name == "minimax":
        return softplus_critic, lambda r, f: -F.softplus(f).mean()
    if name == "non-saturating":
        return softplus_critic, lambda r, f: F.softplus(-f).mean()
    if name == "least-squares":
        a, b, c = options.get("a", 0.0), options.get("b", 1.0), options.get("c", 1.0)
        return (
            lambda r, f: ((r - b) ** 2).mean() / 2 + ((f - a) ** 2).mean() / 2,
            lambda r, f: ((f - c) ** 2).mean() / 2,
        )
    if name == "hinge":
        return lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f: -f.mean()
    if name == "wasserstein":
        return lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()
    if name == "relativistic":
        return relativistic(options)
    if name == "energy-margin":
        margin = options.get("margin", 10.0)
        return lambda r, f: r.mean() + F.relu(margin - f).mean(), lambda r, f: f.mean()
    if name == "equilibrium":
        return lambda r, f: r.mean() - K * f.mean(), lambda r, f: f.mean()
    if name == "critic-alone":
        return lambda r, f: softplus_critic(r, f) / 2, lambda r, f: (r.sum() + f.sum()) * 0
    if name == "mmd":
        return mmd(options)
    if name == "cramer":
        return cramer()
    raise SystemExit(f"divergences.py: no formula of {name}")


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def evaluated(loss, real, fake):
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    value = loss(real, fake)
    slopes = torch.autograd.grad(value, (real, fake), allow_unused=True)
    return {
        "value": value.item(),
        "real": [] if slopes[0] is None else slopes[0].flatten().tolist(),
        "fake": [] if slopes[1] is None else slopes[1].flatten().tolist(),
    }


def main(path):
    torch.manual_seed(6)
    # Numbers that Float holds exactly, so that both programs see the same ones.
    def drawn(*shape):
        return torch.randn(*shape).float().double()

    large = torch.tensor([[80.0], [-80.0], [0.5], [80.0], [-80.0], [-0.5], [-80.0], [80.0]])
    points = {
        "random": (drawn(8, 1) * 1.5, drawn(8, 1) * 1.5 - 0.5),
        "large": (large, large.flip(0) * torch.tensor([[1.0], [1.0], [1.0], [-1.0], [1.0], [1.0], [-1.0], [-1.0]])),
        "energies": (drawn(8, 1).square().float().double(), drawn(8, 1).square().float().double() * 2),
        "large energies": (large.abs(), large.flip(0).abs()),
        "features": (drawn(8, 5), drawn(8, 5) * 0.5 + 1),
        "large features": (drawn(8, 5) * 80, drawn(8, 5) * 80),
    }
    kinds = {"energy-margin": "energies", "equilibrium": "energies", "mmd": "features", "cramer": "features"}
    cases = []
    for form in FORMS:
        name, _, settings = form.partition(":")
        options = dict((part.split("=")[0], number(part.split("=")[1])) for part in settings.split(",") if part)
        kind = kinds.get(name)
        for place in (kind, f"large {kind}") if kind else ("random", "large"):
            critic, generator = losses(name, options, place.startswith("large"))
            case = {"loss": form, "point": place}
            case["critic"] = evaluated(critic, *points[place])
            case["generator"] = evaluated(generator, *points[place])
            if name == "equilibrium":
                real, fake = (x.mean().item() for x in points[place])
                step = options.get("lambda", 0.001) * (options.get("gamma", 0.5) * real - fake)
                case["k"] = [K, min(max(K + step, 0), 1)]
            cases.append(case)
    content = {
        "generator": "Scripts/golden/divergences.py, double precision",
        "torch": torch.__version__,
        "points": {
            name: {"shape": list(real.shape), "real": real.flatten().tolist(), "fake": fake.flatten().tolist()}
            for name, (real, fake) in points.items()
        },
        "cases": cases,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, allow_nan=False)
        file.write("\n")
    print(f"{len(cases)} cases")


MEMBERS = ["total-variation", "kl", "reverse-kl", "pearson", "neyman", "hellinger", "jeffreys", "jensen-shannon", "gan"]

# The forms of Sources/TestSupport/DivergenceForms.swift; a test says which are missing.
FORMS = (
    ["minimax", "non-saturating", "least-squares", "least-squares:a=-1,b=1,c=0", "least-squares:b=2,c=2", "hinge", "wasserstein"]
    + [form for name in MEMBERS for form in (name, f"{name}:generator=saturating")]
    + [
        "weighted-jensen-shannon", "weighted-jensen-shannon:pi=0.3", "weighted-jensen-shannon:pi=0.8,generator=saturating", "alpha",
        "alpha:alpha=-1.5", "alpha:alpha=0.25,generator=saturating", "alpha:alpha=2", "alpha:alpha=3,generator=saturating",
    ]
    + [
        f"relativistic:pairing={pairing},form={form}"
        for pairing in ("pairs", "average") for form in ("standard", "least-squares", "hinge")
    ]
    + [
        "energy-margin:margin=1.5", "equilibrium", "equilibrium:gamma=0.7,lambda=0.01,patience=2,floor=0.5",
        "critic-alone", "mmd", "mmd:kernel=gaussian,scale=2",
        "mmd:scale=0.5", "cramer",
    ]
)

if __name__ == "__main__":
    main(sys.argv[1])
