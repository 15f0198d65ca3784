"""Times PyTorch's three convolution passes for shapes read as a JSON list, and prints one line of JSON a shape, in operations a second.

python pytorch_convolutions.py nchw|nhwc THREADS TIMED < SHAPES
"""

import json
import statistics
import sys
import time

import torch


def main():
    layout, threads, timed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    memory = torch.channels_last if layout == "nhwc" else torch.contiguous_format
    with torch.no_grad():
        for fact in json.load(sys.stdin):
            print(json.dumps({**{name: fact[name] for name in fact if name not in ("peak",)}, **rates(fact, memory, timed)}), flush=True)


def rates(fact, memory, timed):
    """Operations a second of each pass, by the median time."""
    pads = [fact["padTop"], fact["padLeft"]]
    if pads != [fact["padBottom"], fact["padRight"]]:
        raise SystemExit(f"PyTorch pads both sides alike, unlike {fact}")
    x = drawn(fact["images"], fact["inputs"], fact["height"], fact["width"], memory)
    weight = drawn(fact["outputs"], fact["inputs"] // fact["groups"], fact["kernelHeight"], fact["kernelWidth"], memory)
    stride, groups = [fact["stride"]] * 2, fact["groups"]

    def forward():
        return torch.nn.functional.conv2d(x, weight, None, stride, pads, 1, groups)

    cotangent = torch.empty_like(forward()).normal_()

    def gradient(*wanted):
        return torch.ops.aten.convolution_backward(
            cotangent, x, weight, None, stride, pads, [1, 1], False, [0, 0], groups, [*wanted, False])

    passes = {
        "forward": forward, "inputGradient": lambda: gradient(True, False), "weightGradient": lambda: gradient(False, True)}
    return {name: fact["flops"] / median_seconds(each, timed) for name, each in passes.items()}


def drawn(*sizes_and_memory):
    """Normal numbers in a memory format."""
    *sizes, memory = sizes_and_memory
    return torch.randn(sizes).contiguous(memory_format=memory)


def median_seconds(body, timed):
    """Median time after a first run, which makes oneDNN's kernels."""
    body()
    seconds = []
    for _ in range(timed):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


main()
