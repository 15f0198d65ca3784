"""The page about a run: complete, alone, small, and drawn and moved by a real browser, for runs that run, are killed, resumed or done."""

import base64
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from html.parser import HTMLParser

from PIL import Image, ImageFilter

from checking import ENVIRONMENT, SMALL, command, directory, expect, run, succeed

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OPTIONS = ["--log-every", 1, "--sample-every", 2, "--checkpoint-every", 3]
LIMIT = 5_000_000


class Page(HTMLParser):
    """What is on a page; closing tags must match."""

    VOID = {"meta", "img", "input", "br"}

    def __init__(self, path):
        super().__init__()
        self.content = open(path, encoding="utf-8").read()
        self.open, self.images, self.texts, self.plots = [], [], [], []
        self.feed(self.content)
        self.close()
        expect(not self.open, "tags are left open", self.open)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in {"src", "href", "srcset", "action"} & set(attributes):
            expect(attributes[name].startswith("data:image/png;base64,"), "something from elsewhere", tag, name, attributes[name][:80])
        if tag == "img":
            self.images.append(attributes)
        if "data-plot" in attributes:
            self.plots.append(json.loads(attributes["data-plot"]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, "closing", tag, "of", self.open)
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    def sheets(self):
        """Steps and pictures of the sheets."""
        found = {}
        for image in self.images:
            picture = Image.open(io.BytesIO(base64.b64decode(image["src"].split(",", 1)[1])))
            picture.load()
            if "data-step" in image:
                found[int(image["data-step"])] = picture
        return found

    def curve(self, name):
        """Steps and values of a curve."""
        for plot in self.plots:
            for curve in plot["curves"]:
                if curve["name"] == name:
                    return dict(zip(curve["steps"], curve["values"]))
        expect(False, "no curve", name)


def report(place, *words):
    """Writes the page and reads it."""
    path = words[1] if words else os.path.join(place, "report.html")
    printed = succeed("report", place, *words)
    expect(path in printed, printed)
    size = os.path.getsize(path)
    expect(size < LIMIT, f"{path} has {size} bytes", printed)
    page = Page(path)
    expect("http:" not in page.content.replace("http://www.w3.org", "") and "https:" not in page.content, "an address of the network")
    return page


def compare(page, place, state):
    """What the page must have of a run."""
    log = [json.loads(line) for line in open(os.path.join(place, "log.jsonl")).read().split("\n")[:-1]]
    header = [line for line in log if line["event"] == "header"][-1]
    expect(f" {state} " in page.text, state, page.text[:400])
    for name, value in header["identity"].items():
        expect(f"{name} {value}" in page.text, "option", name, value)
    for name in header["classNames"]:
        expect(name in page.text, "class", name)
    steps = {}
    for line in log:
        if line["event"] == "header":
            steps = {step: losses for step, losses in steps.items() if step <= line["step"]}
        if line["event"] == "step":
            steps[line["step"]] = line["losses"]
    for name in ("discriminator", "generator"):
        curve = page.curve(name)
        expect(list(curve) == list(steps), name, list(curve), list(steps))
        for step, losses in steps.items():
            expect(abs(curve[step] - losses[name]) <= 6e-4 * abs(losses[name]), name, step, curve[step], losses[name])
    return steps


def states(place):
    """A run from its start to its end, with a kill in between."""
    at = os.path.join(place, "run")
    refused = run("report", at)
    expect(refused.returncode == 66 and refused.stderr.count("\n") == 1 and "no such directory" in refused.stderr, refused)
    os.mkdir(at)
    refused = run("report", at)
    expect(refused.returncode == 66 and refused.stderr.count("\n") == 1 and "log.jsonl" in refused.stderr, refused)
    os.rmdir(at)

    running = subprocess.Popen(
        list(map(str, command(*SMALL, "--output", at, "--steps", 100000, *OPTIONS))), env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    deadline = time.time() + 60
    while not os.path.exists(os.path.join(at, "samples", "step-6.png")):
        expect(running.poll() is None and time.time() < deadline, "the run did not begin")
        time.sleep(0.05)
    page = report(at)
    expect(" running " in page.text and len(page.sheets()) >= 3 and "to go" in page.text, page.text[:300])
    running.send_signal(signal.SIGKILL)
    running.wait()
    page = report(at)
    compare(page, at, "interrupted")

    last = max(json.loads(line)["step"] for line in open(os.path.join(at, "log.jsonl")).read().split("\n")[:-1] if '"step"' in line)
    steps = last + 6
    succeed("--resume", at, "--steps", steps, *OPTIONS)
    elsewhere = os.path.join(place, "elsewhere.html")
    page = report(at, "--output", elsewhere)
    expect(len(compare(page, at, "finished")) == steps, "steps")
    for word in ("interrupted", "resumed", "checkpoint", "--resume"):
        expect(word in page.text, word, "is not told")
    sheets = page.sheets()
    expect(max(sheets) == steps and min(sheets) == 2, sorted(sheets))
    newest = Image.open(os.path.join(at, "samples", f"step-{steps}.png")).convert("RGB")
    shown = sheets[steps].convert("RGB")
    expect(shown.resize(newest.size, Image.NEAREST).tobytes() == newest.tobytes(), "the newest sheet is not shown as it is")

    os.remove(os.path.join(at, "samples", f"step-{steps}.png"))
    expect("missing" in report(at).text, "a missing sheet is not told")
    refused = run("report", at, "--output", "/proc/page.html")
    expect(refused.returncode == 73 and "/proc/page.html" in refused.stderr, refused)
    return at


def filmed(place, original):
    """A run with 50 sheets of 14 classes, as the demo draws them, noisy as in its first half."""
    at = os.path.join(place, "film")
    os.makedirs(os.path.join(at, "samples"))
    real = Image.open(os.path.join(original, "real.png")).convert("RGB")
    real.save(os.path.join(at, "real.png"))
    small = real.resize((real.width // 2, real.height // 2), Image.NEAREST)
    generator = random.Random(1)
    lines = [json.loads(line) for line in open(os.path.join(original, "log.jsonl")).read().split("\n")[:-1]]
    log = [dict([line for line in lines if line["event"] == "header"][0], steps=1000)]
    step = next(line for line in lines if line["event"] == "step")
    for number in range(1, 1001):
        losses = {name: value + generator.gauss(0, 0.3) + 3 / number for name, value in step["losses"].items()}
        log.append(dict(step, step=number, losses=losses))
        if number % 20 == 0:
            noise = Image.effect_noise(small.size, 60).filter(ImageFilter.GaussianBlur(1)).convert("RGB")
            sheet = Image.blend(small.rotate(number % 5, fillcolor="white"), noise, 0.6 - number / 2500)
            sheet.resize(real.size, Image.NEAREST).save(os.path.join(at, "samples", f"step-{number}.png"))
            log.append({"event": "samples", "step": number, "path": "x"})
    open(os.path.join(at, "log.jsonl"), "w").write("".join(json.dumps(line) + "\n" for line in log))
    page = report(at)
    sheets = page.sheets()
    expect(len(sheets) == 50, f"{len(sheets)} sheets")
    expect(all(sheet.width >= small.width // 2 for sheet in sheets.values()), "sheets are too small to see anything")
    size = os.path.getsize(os.path.join(at, "report.html"))
    expect(size > LIMIT // 2, "room is left unused", size)
    return at, size


def browser():
    """A headless Chromium, installed if that is allowed; None without one."""
    for attempt in range(2):
        for name in ("chromium", "chromium-browser", "google-chrome"):
            if shutil.which(name):
                return name
        if attempt == 0 and os.geteuid() == 0 and shutil.which("apt-get"):
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "chromium"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    return None


def look(name, place, at):
    """Opens a page, moves slider and pointer, and takes a picture of it."""
    page = os.path.join(at, "report.html")
    content = open(page).read()
    moved = os.path.join(place, "moved.html")
    before = "<script>window.failures=[];addEventListener('error',event=>failures.push(event.message));</script>"
    after = """<script>
      const slider = document.getElementById("slider"), found = {}, seen = () =>
        [...document.querySelectorAll("#sheets img")].filter(image => !image.hidden).map(image => image.dataset.step).join();
      found.last = seen();
      slider.value = 0;
      slider.dispatchEvent(new Event("input"));
      found.first = seen();
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      found.second = seen() + " " + document.getElementById("shown").textContent;
      const plot = document.querySelector("svg[data-plot]"), box = plot.getBoundingClientRect();
      plot.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + box.width / 2, clientY: box.top + 50 }));
      found.tip = plot.parentElement.querySelector(".tip").textContent;
      found.wide = document.documentElement.scrollWidth <= innerWidth;
      found.broken = [...document.images].filter(image => !image.naturalWidth && !image.hidden).length;
      found.failures = failures;
      document.body.dataset.found = JSON.stringify(found);
      plot.dispatchEvent(new PointerEvent("pointerleave"));
    </script>"""
    open(moved, "w").write(content.replace("<head>", "<head>" + before, 1).replace("</body>", after + "</body>"))
    words = [name, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + os.path.join(place, "browser")]
    dom = subprocess.run([*words, "--dump-dom", "file://" + moved], capture_output=True, text=True, timeout=180).stdout
    text = re.search(r'data-found="([^"]*)"', dom)
    expect(text, "the page's script did not come to its end", dom[-2000:])
    found = json.loads(text.group(1).replace("&quot;", '"').replace("&amp;", "&"))
    expect(found["last"] == "1000" and found["first"] == "20" and found["second"] == "40 step 40", found)
    expect("step " in found["tip"] and "generator" in found["tip"] and "average" in found["tip"], found)
    expect(found["wide"] and found["broken"] == 0 and found["failures"] == [], found)

    picture = os.path.join(ROOT, ".build-report.png")
    subprocess.run(
        [*words, "--window-size=1280,2900", "--screenshot=" + picture, "file://" + page], capture_output=True, timeout=180, check=True)
    shot = Image.open(picture).convert("RGB")
    expect(shot.size == (1280, 2900), shot.size)
    colours = dict((colour, count) for count, colour in shot.getcolors(1 << 24))
    # The curves, in the colours that the page gives them, and the many colours of samples.
    for colour in [(0, 114, 178), (213, 94, 0)]:
        expect(colours.get(colour, 0) > 300, "a curve is not to be seen", colour, colours.get(colour, 0))
    expect(len(colours) > 5000, "samples are not to be seen", len(colours))
    return picture


with directory() as place:
    original = states(place)
    at, size = filmed(place, original)
    print(f"report: a run that ran, was killed, resumed and done is told; 50 sheets take {size / 1e6:.2f} MB")
    name = browser()
    if name is None:
        print("report: no Chromium can be installed here: the page was not looked at")
    else:
        print(f"report: Chromium draws and moves the page without a fault; its picture is {look(name, place, at)}")
