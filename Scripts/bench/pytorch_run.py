"""Trains one configuration by PyTorch for some steps and prints parameters, seconds of each step and peak memory as JSON.

python pytorch_run.py NAME nchw|nhwc fp32|bf16 THREADS TIMED
"""

import json
import sys
import time

import torch

from configurations import CONFIGURATIONS
from measurements import peak_memory
from models.biggan import BigGAN
from models.dcgan import DCGAN
from models.step import Trainer
from models.wgan_gp import WGANGP

MODELS = {"biggan": BigGAN, "dcgan": DCGAN, "wgan-gp": WGANGP}


def main():
    name, layout, precision, threads, timed = sys.argv[1:]
    configuration = next(each for each in CONFIGURATIONS if each.name == name)
    torch.set_num_threads(int(threads))
    # Numbers too small to be normal are slow, and no model needs them.
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    model = MODELS[configuration.model](configuration.size, configuration.classes, **configuration.keywords)
    trainer = Trainer(model, bfloat16=precision == "bf16", channels_last=layout == "nhwc", **configuration.keywords)
    seconds, losses = [], []
    for _ in range(1 + int(timed)):
        images = torch.rand(configuration.batch, 3, configuration.size, configuration.size) * 2 - 1
        labels = torch.randint(max(configuration.classes, 1), (configuration.batch,))
        start = time.perf_counter()
        losses.append(trainer.step(images, labels))
        seconds.append(time.perf_counter() - start)
    parameters = {
        part: sum(parameter.numel() for parameter in getattr(model, part).parameters()) for part in ("generator", "discriminator")}
    print(json.dumps({"version": torch.__version__, "parameters": parameters, "seconds": seconds[1:], "losses": losses,
                      "peak": peak_memory("self")}))


main()
