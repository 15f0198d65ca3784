"""The benchmarks in the program: what they print adds up, and exact convolutions make a run of their own."""

import json
import os
import re

from checking import directory, expect, parameter_hash, run, succeed

MODEL = ["--model", "biggan", "--channels", 8, "--batch", 8]
"""A thin BigGAN whose blocks have 16 channels and more, as Winograd's algorithm needs."""


def number(pattern, text):
    """The number that the pattern's group finds."""
    found = re.search(pattern, text)
    expect(found, f"nothing like {pattern} in", text)
    return float(found.group(1))


def flops(text):
    """Operations of convolutions and products in a step."""
    found = re.search(r"arithmetic +([0-9.]+) ([MGT])FLOP", text)
    expect(found, "no operations in", text)
    return float(found.group(1)) * {"M": 1e6, "G": 1e9, "T": 1e12}[found.group(2)]


def operations(text):
    """Shares in percent of the table by operation."""
    rows = re.findall(r"^(\w[\w:, ]*?)  +([0-9.]+)  +([0-9.]+)  ", text.split("\noperation", 1)[1].split("\nlayer")[0], re.MULTILINE)
    return {name: float(share) for name, _, share in rows}


with directory() as place:
    os.chdir(place)
    words = ["bench", "step", *MODEL, "--steps", 2]
    text = succeed(*words, "--layers")
    images, seconds = number(r"images/s +([0-9.]+) real images", text), number(r"a step +([0-9.]+) s", text)
    expect(abs(images * seconds / 8 - 1) < 0.02, "images/s times seconds is the batch", text)
    rate, share, peak = (number(pattern, text) for pattern in [r"speed +([0-9.]+)", r"([0-9.]+) times the peak", r"peak of ([0-9.]+)"])
    expect(abs(rate * 1e9 * seconds / flops(text) - 1) < 0.05, "a rate is operations over seconds", text)
    expect(abs(rate / peak - share) < 0.02, "a share is a rate over the peak", text)
    expect(" 0 misses" in text and number(r"memory +([0-9.]+) [MG]iB resident", text) > 0, text)
    shares = operations(text)
    expect(abs(sum(shares.values()) - 100) < 1, "shares add up to 100 %", shares, text)
    table = text.split("\nlayer", 1)[1].splitlines()[1:]
    for path in ["discriminator.blocks.1.conv2", "generator.blocks.1.conv1"]:
        for name in ["convolution ", "convolution input gradient", "convolution weight gradient"]:
            expect(any(line.startswith(path + " ") and name in line for line in table), f"{path}: {name}", text)
    expect(not any(line.startswith("-") and "convolution" in line for line in table), "a convolution without a layer", text)
    expect(not os.listdir(place), "a benchmark left files", os.listdir(place))

    # Two ranks do the same products, but for those of weights alone.
    shared = succeed(*words, "--threads", 1, ranks=2)
    expect("2 x 1 thread" in shared and re.search(r"communication +[0-9.]+ s of a step exposed", shared), shared)
    expect(1 <= flops(shared) / flops(text) < 1.1, "operations of two ranks", shared, text)
    exact = succeed(*words, "--exact-convolution")
    # Changes of size are sums of their own there, of more terms than in one operation with a convolution.
    expect("exact" in exact and 1 < flops(exact) / flops(text) < 2.25, "operations as the sums are defined", exact, text)
    # bfloat16 where the program was compiled for it, and else a refusal.
    told = re.search(r"^built for .*--precision (.*)$", succeed("doctor"), re.MULTILINE)
    expect(told, "doctor does not tell which precisions there are")
    halves = "bf16" in told.group(1).split(", ")
    if halves:
        half = succeed(*words, "--precision", "bf16")
        expect("factors bf16" in half and "factors fp32" in text and flops(half) == flops(text), half, text)
    else:
        refused = run(*words, "--precision", "bf16")
        expect(refused.returncode == 64 and "AVX-512 BF16" in refused.stderr, refused)
    refused = run(*words, "--precision", "fp16")
    expect(refused.returncode == 64 and "fp32, bf16" in refused.stderr, refused)
    refused = run("bench", "step", "--model", "biggan", "--preset", "imagenet128")
    expect(refused.returncode == 65 and "--images" in refused.stderr, refused)

    # Machine-readable convolutions.
    lines = succeed("bench", "convolutions", "--json", "--shapes", "8x16x32x3,8x3x16x1", "--batch", 2, "--rounds", 1).splitlines()
    facts = [json.loads(line) for line in lines]
    expect([fact["flops"] for fact in facts] == [2 * 2 * 64 * 32 * 16 * 9, 2 * 2 * 64 * 16 * 3], facts)
    expect(all(fact[name] > 0 for fact in facts for name in ["forward", "inputGradient", "weightGradient", "peak"]), facts)

    # Exact convolutions belong to the run: other bits, losses that agree, kept at a resume and never changed by it.
    train = lambda name, *more: succeed(*MODEL, "--output", name, "--log-every", 1, *(more or ["--steps", 2]))
    losses = lambda name: [
        list(event["losses"].values()) for event in map(json.loads, open(f"{name}/log.jsonl")) if event["event"] == "step"]
    fast, slow = train("fast"), train("slow", "--steps", 2, "--exact-convolution")
    expect(parameter_hash(fast) != parameter_hash(slow), "both ways have the same bits")
    expect("exact" in slow and "exact" not in fast, "the header says it", slow, fast)
    pairs = [pair for steps in zip(losses("fast"), losses("slow")) for pair in zip(*steps)]
    expect(len(pairs) >= 4 and all(abs(a - b) <= 1e-3 * max(1, abs(a)) for a, b in pairs), "losses agree", pairs)
    resumed = succeed("--resume", "slow", "--steps", 3)
    whole = train("whole", "--exact-convolution", "--steps", 3)
    expect(parameter_hash(resumed) == parameter_hash(whole), "a resume keeps it", resumed, whole)
    refused = run("--resume", "slow", "--steps", 4, "--no-exact-convolution")
    expect(refused.returncode == 65 and "convolution was exact, is winograd" in refused.stderr, refused)
    refused = run("--resume", "fast", "--steps", 4, "--exact-convolution")
    expect(refused.returncode == 65 and "convolution was winograd, is exact" in refused.stderr, refused)

    # So does precision. Blocks of 128 channels and more, of which bfloat16 is faster.
    if halves:
        wide = lambda name, *more: succeed(
            "--model", "biggan", "--channels", 32, "--batch", 4, "--output", name, "--log-every", 1, *more)
        fast, half = wide("fp32", "--steps", 2), wide("bf16", "--steps", 2, "--precision", "bf16")
        expect(parameter_hash(fast) != parameter_hash(half), "both precisions have the same bits")
        expect("bf16: factors" in half and "bf16: factors" not in fast, "the header says it", half, fast)
        pairs = [pair for steps in zip(losses("fp32"), losses("bf16")) for pair in zip(*steps)]
        expect(len(pairs) >= 4 and all(abs(a - b) <= 0.1 * max(1, abs(a)) for a, b in pairs), "losses are near", pairs)
        resumed = succeed("--resume", "bf16", "--steps", 3)
        whole = wide("whole-bf16", "--precision", "bf16", "--steps", 3)
        expect(parameter_hash(resumed) == parameter_hash(whole), "a resume keeps the precision", resumed, whole)
        refused = run("--resume", "bf16", "--steps", 4, "--precision", "fp32")
        expect(refused.returncode == 65 and "precision was bf16, is fp32" in refused.stderr, refused)
        succeed("sample", "--from", "bf16", "--count", 4, "--output", "drawn.png")
    os.chdir("/")
print("bench: what is printed adds up; exact convolutions and bfloat16 are runs of their own")
