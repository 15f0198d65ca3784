"""The plan: what it prints, that its table follows its formulas, and that a measured plan comes near to real steps."""

import json
import os

from checking import SMALL, directory, expect, run, succeed


def table(text):
    """The rows of the table by number of nodes, each a dictionary of numbers by heading."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if line.strip().startswith("nodes "))
    headings = [heading.strip() for heading in lines[start].split("  ") if heading.strip()]
    rows = {}
    for line in lines[start + 1 :]:
        cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
        if not cells:
            break
        expect(len(cells) == len(headings), "a cell for each heading", headings, cells)
        rows[int(cells[0])] = {name: float(cell) for name, cell in zip(headings, cells) if name != "memory/rank"}
    return rows


text = succeed("plan", *SMALL)
for word in ["parameters", "generator", "discriminator", "FLOP", "a rank"]:
    expect(word in text, word, text)
expect("projected" not in text, "no table was asked for", text)
result = run(*SMALL, "--plan")
expect(result.returncode == 64, "train has no --plan", result.stdout, result.stderr)

given = ["--step-seconds", 8, "--bandwidth", "8Mbit", "--latency", "1ms", "--memory-bandwidth", "1TB/s", "--overlap", 0]
text = succeed("plan", *SMALL, "--nodes", "1,2,4,8", *given)
rows = table(text)
expect(text.rstrip().endswith("*projected*."), text)
expect(list(rows) == [1, 2, 4, 8] and rows[1]["step s"] == 8 and rows[1]["efficiency"] == 1, text)
for nodes, row in rows.items():
    expect(abs(row["compute s"] - 8 / nodes) < 0.01 and row["images/s"] > 0, text)
    shown = row["compute s"] + row["exposed s"] + row["small sums s"]
    expect(abs(row["step s"] / shown - 1) < 0.01, "a step is its parts", text)
    # Without overlap all of a reduction shows; bytes are those of the halves and doublings at 1 MB/s.
    expect(row["exposed s"] == row["reduction s"], text)
    expect(abs(row["efficiency"] / (8 / nodes / row["step s"]) - 1) < 0.02, text)
growth = (rows[8]["reduction s"] - 6 * 1e-3 * 2) / (rows[2]["reduction s"] - 2 * 1e-3 * 2)
expect(abs(growth / (7 / 4) - 1) < 0.05, "bytes grow as (N - 1)/N", growth, text)

# Two ranks of this host: the same steps, planned and trained. The machine may be busy with other things.
with directory() as place:
    words = ["--model", "biggan", "--batch", 32]
    planned = table(succeed("plan", *words, "--measure", "--nodes", 1, "--overlap", 0, ranks=2))[1]["step s"]
    output = os.path.join(place, "run")
    succeed(*words, "--output", output, "--steps", 6, "--log-every", 1, ranks=2)
    speeds = [json.loads(line).get("imagesPerSecond") for line in open(os.path.join(output, "log.jsonl"))]
    speeds = sorted(speed for speed in speeds if speed)
    real = 32 / speeds[len(speeds) // 2]
    expect(1 / 3 < planned / real < 3, "planned and real seconds of a step", planned, real)
print(f"plan: a step of two ranks was planned at {planned:.3f} s and took {real:.3f} s")
