"""TensorBoard itself reads back what a run wrote for it: every number and every picture, over a kill and two resumes."""

import glob
import io
import json
import os
import signal
import struct
import subprocess
import time

from PIL import Image
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

from checking import ENVIRONMENT, SMALL, command, directory, expect, succeed

EVERYTHING = {event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0, event_accumulator.TENSORS: 0}
OPTIONS = ["--log-every", 1, "--sample-every", 2, "--health-every", 3]


def files(run):
    return sorted(glob.glob(os.path.join(run, "events.out.tfevents.*")))


def log(run):
    """The lines that hold: a header voids earlier ones of later steps."""
    lines = []
    for line in map(json.loads, open(os.path.join(run, "log.jsonl"))):
        if line["event"] == "header":
            lines = [old for old in lines if old["event"] == "header" or old.get("step", 0) <= line["step"]]
        lines.append(line)
    return lines


def read(run):
    """All that TensorBoard finds in a run, as its older interface gives it."""
    accumulator = event_accumulator.EventAccumulator(run, size_guidance=EVERYTHING)
    accumulator.Reload()
    return accumulator


def compare(run, *facts):
    """Expects the numbers of the log and the pictures of the disk, one of each step."""
    found, lines = read(run), log(run)
    steps = [line for line in lines if line["event"] == "step"]
    tags = {f"loss/{name}" for line in steps for name in line["losses"]}
    tags |= {"speed/images per second", "speed/seconds per step", "data/epoch"}
    health = [line for line in lines if line["event"] == "health"]
    expect([line["step"] for line in health] == [line["step"] for line in steps if line["step"] % 3 == 0], "examined steps", health, *facts)
    examined = {(quantity, name) for line in health for quantity, entries in line["quantities"].items() for name in entries}
    expect({"accuracy", "slope", "loss slope", "distance", "gradient", "singular value"} == {quantity for quantity, _ in examined}, examined, *facts)
    tags |= {f"health/{quantity} {name}" for quantity, name in examined}
    expect(set(found.Tags()["scalars"]) == tags, "scalars", found.Tags(), tags, *facts)

    def same(tag, values):
        single = lambda value: struct.unpack("f", struct.pack("f", value))[0]
        written = [(event.step, event.value) for event in found.Scalars(tag)]
        expect(written == [(step, single(value)) for step, value in values], tag, written, values, *facts)

    for name in steps[0]["losses"]:
        same(f"loss/{name}", [(line["step"], line["losses"][name]) for line in steps])
    for quantity, name in examined:
        same(f"health/{quantity} {name}", [(line["step"], line["quantities"][quantity][name]) for line in health])
    same("speed/images per second", [(line["step"], line["imagesPerSecond"]) for line in steps])
    same("speed/seconds per step", [(line["step"], line["secondsPerStep"]) for line in steps])

    sheets = [line["step"] for line in lines if line["event"] == "samples"]
    images = found.Images("samples")
    expect([image.step for image in images] == sheets and sheets, "sheets", [image.step for image in images], sheets, *facts)
    for image in images:
        content = open(os.path.join(run, "samples", f"step-{image.step}.png"), "rb").read()
        expect(image.encoded_image_string == content, f"the sheet of step {image.step} differs", *facts)
        expect(Image.open(io.BytesIO(content)).size == (image.width, image.height), "size", image.width, image.height, *facts)
    expect(len(found.Images("real")) >= 1, "no real images", *facts)

    # What the web page is given: the same, as tensors.
    modern = plugin_event_accumulator.EventAccumulator(run, size_guidance=EVERYTHING)
    modern.Reload()
    expect(len(modern.Tensors("loss/generator")) == len(steps), "tensors", modern.Tags(), *facts)
    expect(modern.Tensors("samples")[-1].tensor_proto.string_val[2].startswith(b"\x89PNG"), "the picture as a tensor", *facts)
    text = modern.Tensors("run")[0].tensor_proto.string_val[0].decode()
    expect("| output |" in text and modern.SummaryMetadata("run").plugin_data.plugin_name == "text", "the header", text, *facts)
    return len(steps), len(sheets)


with directory() as place:
    run = os.path.join(place, "run")
    succeed(*SMALL, "--output", run, "--steps", 5, *OPTIONS, "--checkpoint-every", 3)
    expect(len(files(run)) == 1, "one file a start", files(run))
    compare(run, "a whole run")

    # Read while it is being written, then killed.
    running = subprocess.Popen(
        list(map(str, command("--resume", run, "--steps", 100000, *OPTIONS, "--checkpoint-every", 3))), env=ENVIRONMENT,
        stdout=subprocess.DEVNULL)
    deadline = time.time() + 60
    while len(read(run).Scalars("loss/generator")) < 12:
        if running.poll() is not None or time.time() > deadline:
            running.kill()
            expect(False, "the resumed run does not show up", files(run))
        time.sleep(0.1)
    running.send_signal(signal.SIGKILL)
    running.wait()

    # Half a record behind the others, as a full disk or a crashed machine leaves it: all before it is read.
    newest = files(run)[-1]
    before = len(read(run).Scalars("loss/generator"))
    content = open(newest, "rb").read()
    open(newest, "wb").write(content + content[:20])
    after = len(read(run).Scalars("loss/generator"))
    expect(after == before, "a cut file", before, after)

    # On from the last checkpoint: what is done again counts once.
    steps = max(line["step"] for line in log(run) if line["event"] == "step") + 4
    succeed("--resume", run, "--steps", steps, *OPTIONS)
    expect(len(files(run)) == 3, "one file a start", files(run))
    scalars, sheets = compare(run, "a run killed once")
    expect(scalars == steps, f"{scalars} steps of {steps}")
print(f"events: TensorBoard reads {scalars} steps and {sheets} sheets of a run that was killed and resumed")
