"""Makes Tests/Golden/terms.json: values and parameter gradients of every term, as PyTorch computes them in double precision.

The formulas are written here from the papers, not from the Swift sources. Random numbers are drawn as the engine does (streams.py), so both
sides see the same images, weights and lines between images.

    python3 -m venv .build-golden-venv && .build-golden-venv/bin/pip install torch numpy
    .build-golden-venv/bin/python Scripts/golden/terms.py Tests/Golden/terms.json
"""

import json
import math
import sys

import torch
from torch.nn import functional as F

from divergences import losses, witness
from streams import Stream, mixed, text_hash

torch.set_default_dtype(torch.float64)

BATCH, SIZE, CHANNELS, LATENT = 6, 4, 2, 2
STEP = 2000


# The game


PATHS = {
    "critic": [("critic.convolution.weight", [3, 3, 2, 2]), ("critic.convolution.bias", [2]), ("critic.dense.weight", [32, 4]),
               ("critic.dense.bias", [4]), ("critic.linear.weight", [4, 1]), ("critic.linear.bias", [1])],
    "generator": [("generator.dense.weight", [2, 32]), ("generator.dense.bias", [32])],
}


# Heads that only those terms have that read them: logits of three classes, and guesses of a class and of the last number of z.
HEADS = [("critic.classes.weight", [4, 3]), ("critic.classes.bias", [3]), ("critic.codes.weight", [4, 4]), ("critic.codes.bias", [4])]
CLASSES = 3


def parameters(network, heads=()):
    return {path: Stream(text_hash(path), step=0).uniform([1] + shape, -0.7, 0.7)[0].requires_grad_()
            for path, shape in PATHS[network] + list(heads)}


class Game:
    """One evaluation of a phase's loss."""

    def __init__(self, phase, augment=None, has_heads=False, loss=None):
        self.phase = phase
        self.stream_of_phase = mixed(text_hash(phase))
        self.critic, self.generator = parameters("critic", HEADS if has_heads else ()), parameters("generator")
        self.passes, self.augment, self.witness = 0, augment, None
        self.images = Stream(text_hash("images"), step=0).uniform([BATCH, SIZE, SIZE, CHANNELS], -1, 1)
        self.latent = self.stream("latent").uniform([BATCH, LATENT], -1, 1)
        self.fake = self.generate(self.latent)
        self.real_output, self.fake_output = self.criticize(self.images), self.criticize(self.fake)
        if loss:
            self.witness = witness(*loss, self.real_output[1], self.fake_output[1])
            self.real_output, self.fake_output = ((self.witness(h), h) for _, h in (self.real_output, self.fake_output))

    def stream(self, purpose):
        return Stream(text_hash(purpose) ^ self.stream_of_phase, STEP)

    def generate(self, latent):
        w = self.generator
        images = (latent @ w["generator.dense.weight"] + w["generator.dense.bias"]).tanh().reshape(-1, SIZE, SIZE, CHANNELS)
        return images if self.phase == "generator" else images.detach()

    def criticize(self, images):
        """Logits, or what a loss of features has in their place, and features."""
        if self.augment:
            images = self.augment(self, images, self.passes)
        self.passes += 1
        w = self.critic
        kernel = w["critic.convolution.weight"].permute(3, 2, 0, 1)
        x = F.conv2d(images.permute(0, 3, 1, 2), kernel, w["critic.convolution.bias"], padding=1).permute(0, 2, 3, 1)
        x = F.softplus(x).reshape(BATCH, -1) @ w["critic.dense.weight"] + w["critic.dense.bias"]
        features = x.tanh()
        if self.witness:
            return self.witness(features), features
        return features @ w["critic.linear.weight"] + w["critic.linear.bias"], features

    def head(self, name, output):
        return output[1] @ self.critic[f"critic.{name}.weight"] + self.critic[f"critic.{name}.bias"]

    def generator_alone(self):
        """What the critic says in a generator's phase without real images, whose one pass is the first."""
        self.passes = 0
        return self.criticize(self.fake)[0]

    def slopes(self, images):
        """Squares of slopes, and the logits of the same pass."""
        x = images.detach().requires_grad_()
        logits = self.criticize(x)[0]
        slope, = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return slope.square().sum([1, 2, 3]), logits

    def between(self, name):
        share = self.stream(f"{name} share").uniform([BATCH, 1, 1, 1])
        return share * self.images + (1 - share) * self.fake.detach()


# Changes of images


def moved(images, rows, columns, mirrored=None):
    result = torch.zeros_like(images)
    parts = []
    for index in range(BATCH):
        image = images[index].flip(1) if mirrored is not None and mirrored[index] else images[index]
        part = torch.zeros_like(result[index])
        for i in range(SIZE):
            for j in range(SIZE):
                a, b = i + rows[index], j + columns[index]
                if 0 <= a < SIZE and 0 <= b < SIZE:
                    part[i, j] = image[a, b]
        parts.append(part)
    return torch.stack(parts)


def whole(draw, low, high):
    return [min(low + int(x * (high - low + 1)), high) for x in draw.tolist()]


def shift_and_flip(game, name, kind, images, shift, flip):
    draws = game.stream(f"{name} change of {kind} images").uniform([BATCH, 16])
    bound = int(SIZE * shift + 0.5)
    rows, columns = whole(draws[:, 0], -bound, bound), whole(draws[:, 1], -bound, bound)
    return moved(images, rows, columns, (draws[:, 2] < 0.5).tolist() if flip else None)


def augmentation(name, color=True, translation=0.125, cutout=0.5, probability=1.0):
    def augment(game, x, count):
        draws = game.stream(f"{name} augmentation {count}").uniform([BATCH, 16])

        def chosen(place, values, none):
            return torch.where(draws[:, place] < probability, values, torch.full_like(values, none)).reshape(-1, 1, 1, 1)

        if color:
            x = x + chosen(8, draws[:, 0] - 0.5, 0)
            gray = x.mean(3, keepdim=True)
            x = gray + (x - gray) * chosen(9, draws[:, 1] * 2, 1)
            mean = x.mean([1, 2, 3], keepdim=True)
            x = mean + (x - mean) * chosen(10, draws[:, 2] + 0.5, 1)
        if translation > 0:
            bound = int(SIZE * translation + 0.5)
            is_chosen = (draws[:, 11] < probability).tolist()
            rows, columns = ([s if c else 0 for s, c in zip(whole(draws[:, place], -bound, bound), is_chosen)] for place in (3, 4))
            x = moved(x, rows, columns)
        if cutout > 0:
            side = int(SIZE * cutout + 0.5)
            mask = torch.ones(BATCH, SIZE, SIZE, 1)
            centres = [whole(draws[:, place], 0, SIZE - side % 2) for place in (5, 6)]
            for index in range(BATCH):
                if draws[index, 12] >= probability:
                    continue
                for i in range(SIZE):
                    for j in range(SIZE):
                        y, z = i - centres[0][index] + side // 2, j - centres[1][index] + side // 2
                        if 0 <= y < side and 0 <= z < side:
                            mask[index, i, j] = 0
            x = x * mask
        return x

    return augment


# Terms: functions of a game that give the critic's and the generator's part, and the state they leave


def gradient_penalty(game, strength=10, target=1, sides="two"):
    excess = game.slopes(game.between("gradient-penalty"))[0].sqrt() - target
    return strength * (excess if sides == "two" else excess.clamp(min=0)).square().mean()


def dragan(game, strength=10, spread=0.5):
    x = game.images
    direction = game.stream("dragan direction").uniform(list(x.shape))
    share = game.stream("dragan share").uniform([BATCH, 1, 1, 1])
    point = x + share * spread * x.std(unbiased=False) * direction
    return strength * (game.slopes(point)[0].sqrt() - 1).square().mean()


def roth(game, gamma=0.1):
    (real, r), (fake, f) = game.slopes(game.images), game.slopes(game.fake)
    weights = (1 - r.sigmoid())[:, 0].square(), f.sigmoid()[:, 0].square()
    return gamma / 2 * ((weights[0] * real).mean() + (weights[1] * fake).mean())


def consistency(game, name, kind, shift, flip):
    images, output = (game.images, game.real_output) if kind == "real" else (game.fake.detach(), game.fake_output)
    changed = game.criticize(shift_and_flip(game, name, kind, images, shift, flip))[0]
    return (output[0] - changed).square().mean()


def latent_consistency(game, critic=5, generator=0.5, deviation=0.03):
    noise = game.stream("latent-consistency change").normal([BATCH, LATENT])
    other = game.generate(game.latent + deviation * noise)
    if game.phase == "generator":
        return -generator * (game.fake - other).square().mean()
    return critic * (game.fake_output[0] - game.criticize(other)[0]).square().mean()


def lecam(game, state, strength=0.3, decay=0.99, start=1000, rectified=False):
    r, f = game.real_output[0], game.fake_output[0]
    real, fake = ((1 - decay) * x.mean().item() for x in (r, f))
    state.update(real=real, fake=fake)
    above, below = r - fake, real - f
    if rectified:
        above, below = above.clamp(min=0), below.clamp(min=0)
    return strength * (above.square().mean() + below.square().mean())


def ada(game, state, target=0.6, kimg=500, interval=4):
    signs, updates, p = game.real_output[0].sign().mean().item(), 1, 0.6
    if updates == interval:
        p = min(max(p + math.copysign(1, signs - target) * interval * BATCH / (1000 * kimg), 0), 1)
        signs = updates = 0
    state.update(p=p, signs=signs, updates=updates)


def feature_matching(game, strength=1, norm="squared"):
    difference = game.real_output[1].mean(0) - game.fake_output[1].mean(0)
    return strength * (difference.square().sum() if norm == "squared" else difference.abs().mean())


def pulling_away(game, strength=0.1):
    directions = F.normalize(game.fake_output[1], dim=1)
    squares = (directions @ directions.T).square()
    return strength * (squares.sum() - squares.diagonal().sum()) / (BATCH * (BATCH - 1))


def weights_of(game, on):
    own = "critic" if game.phase == "discriminator" else "generator"
    return [w for w in getattr(game, own).values() if w.dim() >= 2] if on in (own, "both") else []


def orthogonal(game, strength=1e-4, form="modified", on="generator"):
    total = 0
    for w in weights_of(game, on):
        products = w.reshape(-1, w.shape[-1]).T @ w.reshape(-1, w.shape[-1])
        identity = torch.eye(len(products))
        total = total + ((products * (1 - identity)) if form == "modified" else products - identity).square().sum()
    return strength * total


def weight_decay(game, strength=1e-5, on="critic"):
    return strength / 2 * sum(w.square().sum() for w in weights_of(game, on))


# Classes of real images are given, those of generated ones drawn.
LABELS = torch.arange(BATCH) ** 2 % CLASSES


def auxiliary_class(game, critic=1, generator=1, fake=True):
    own = F.cross_entropy(game.head("classes", game.fake_output), game.stream("labels").classes(BATCH, CLASSES))
    if game.phase == "generator":
        return generator * own
    return critic * (F.cross_entropy(game.head("classes", game.real_output), LABELS) + (own if fake else 0))


def mutual_information(game, discrete=1, continuous=1):
    guess = game.head("codes", game.fake_output)
    category = F.cross_entropy(guess[:, :CLASSES], game.stream("labels").classes(BATCH, CLASSES))
    return discrete * category + continuous * (game.latent[:, -1] - guess[:, CLASSES]).square().mean() / 2


def few_labels(game, strength=1):
    if game.phase == "generator":
        return 0
    return strength * F.cross_entropy(game.head("classes", game.criticize(game.images / 2)), LABELS)


CLASS_TERMS = {"auxiliary-class": auxiliary_class, "mutual-information": mutual_information, "few-labels": few_labels}


def added(name, game, options, state):
    """What the term adds to the loss of the game's phase."""
    if name in CLASS_TERMS:
        return CLASS_TERMS[name](game, **options)
    if name in ("orthogonal", "weight-decay"):
        return {"orthogonal": orthogonal, "weight-decay": weight_decay}[name](game, **options)
    if name == "latent-consistency":
        return latent_consistency(game, **options)
    if game.phase == "generator":
        return {"feature-matching": feature_matching, "pulling-away": pulling_away}.get(name, lambda game, **_: 0)(game, **options)
    if name in ("feature-matching", "pulling-away"):
        return 0
    if name == "r1" or name == "r2":
        return options.get("gamma", 10) / 2 * game.slopes(game.images if name == "r1" else game.fake)[0].mean()
    if name == "zero-centred":
        return options.get("strength", 10) * game.slopes(game.between(name))[0].mean()
    if name == "maximal-gradient":
        return options.get("strength", 0.1) * game.slopes(game.between(name))[0].max()
    if name == "consistency":
        return options.get("strength", 10) * consistency(game, name, "real", options.get("shift", 0.125), options.get("flip", True))
    if name == "balanced-consistency":
        return sum(options.get(kind, 10) * consistency(game, name, kind, options.get("shift", 0.125), options.get("flip", True))
                   for kind in ("real", "fake"))
    if name == "lecam":
        return lecam(game, state, **options)
    if name == "ada":
        ada(game, state, **{key: value for key, value in options.items() if key in ("target", "kimg", "interval")})
        return 0
    return {"gradient-penalty": gradient_penalty, "dragan": dragan, "roth": roth}[name](game, **options)


def evaluated(form, phase):
    form, _, of_features = form.partition(" with ")
    name, options = parsed(form)
    augment = None
    if name in ("diff-augment", "ada"):
        changes = {key: value for key, value in options.items() if key in ("color", "translation", "cutout")}
        augment = augmentation(name, **changes, probability=1.0 if name == "diff-augment" else 0.6)
        options = {} if name == "diff-augment" else options
    game = Game(phase, augment, has_heads=name in CLASS_TERMS, loss=parsed(of_features) if of_features else None)
    loss, state = torch.zeros(()), {}
    if of_features:
        critic, generator = losses(*parsed(of_features), is_large=False)
        loss = (critic if phase == "discriminator" else generator)(game.real_output[1], game.fake_output[1])
    if augment:
        # The Wasserstein loss.
        r, f = game.real_output[0], game.fake_output[0]
        loss = f.mean() - r.mean() if phase == "discriminator" else -game.generator_alone().mean()
    if name != "diff-augment":
        loss = loss + added(name, game, options, state)
    own = game.critic if phase == "discriminator" else game.generator
    result = {"value": float(loss.detach())}
    if loss.requires_grad:
        slopes = torch.autograd.grad(loss, list(own.values()), allow_unused=True)
        if any(slope is not None for slope in slopes):
            flat = [(torch.zeros_like(w) if slope is None else slope).flatten() for w, slope in zip(own.values(), slopes)]
            result["gradient"] = [float(f"{x:.9e}") for x in torch.cat(flat).tolist()]
    if state:
        result["state"] = state
    return result


def parsed(form):
    name, _, text = form.partition(":")
    options = {}
    for setting in filter(None, text.split(",")):
        key, value = setting.split("=")
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            options[key] = value
    return name, options


# The forms of Sources/TestSupport/TermForms.swift; a test says which are missing.
FORMS = [
    "gradient-penalty", "gradient-penalty:strength=2,target=0.5", "gradient-penalty:target=0.1,sides=one", "dragan",
    "dragan:strength=2,spread=1.5", "r1", "r1:gamma=0.3", "r2", "r2:gamma=0.3", "roth", "roth:gamma=2", "zero-centred",
    "zero-centred:strength=2", "maximal-gradient", "maximal-gradient:strength=2",
    "consistency", "consistency:strength=2,shift=0.25,flip=false", "balanced-consistency",
    "balanced-consistency:real=2,fake=3,shift=0.25,flip=false", "latent-consistency",
    "latent-consistency:critic=2,generator=3,deviation=0.5", "lecam", "lecam:strength=2,decay=0.5,start=2,rectified=true",
    "feature-matching", "feature-matching:strength=2,norm=absolute", "pulling-away", "pulling-away:strength=2", "orthogonal",
    "orthogonal:strength=0.01,form=plain,on=both", "weight-decay", "weight-decay:strength=0.1,on=both",
    "auxiliary-class", "auxiliary-class:critic=2,generator=0.1,fake=false", "mutual-information",
    "mutual-information:discrete=2,continuous=0.1", "few-labels", "few-labels:strength=2",
    "diff-augment", "diff-augment:color=false,translation=0.25,cutout=0", "diff-augment:color=true,translation=0,cutout=0.25",
    "ada:target=0.2,kimg=0.1,interval=1", "ada:color=false,translation=0.25,cutout=0.25",
    "gradient-penalty with cramer", "r1:gamma=0.3 with cramer", "gradient-penalty with mmd", "roth:gamma=2 with mmd:kernel=gaussian,scale=2",
    "consistency with mmd", "lecam with cramer",
]


def main(path):
    cases = [{"term": form, **{phase: evaluated(form, phase) for phase in ("discriminator", "generator")}} for form in FORMS]
    content = {"generator": "Scripts/golden/terms.py, double precision", "torch": torch.__version__, "cases": cases}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, allow_nan=False)
        file.write("\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main(sys.argv[1])
