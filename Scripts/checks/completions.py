"""bash, zsh and fish, each in a terminal, offer names out of the program's catalogues, from what Scripts/documentation made."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

from checking import PROGRAM, directory, expect, run

SHARE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".build-documentation", "prefix", "share"))
READY = "the shell is ready"
# What each shell is started as, and told before a line is typed. The word is cut so that its echo is not taken for it.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; source {share}/bash-completion/completions/dist-gan"),
    "zsh": (["zsh", "-f", "-i"],
            "fpath=({share}/zsh/site-functions $fpath); autoload -U compinit; compinit -u -d {place}/dump; LISTMAX=0"),
    "fish": (["fish", "--no-config", "-i"], "source {share}/fish/vendor_completions.d/dist-gan.fish"),
}


def names(option):
    """The entries of a catalogue."""
    return re.findall(r"^  ([a-z-]+): ", run("models", option).stdout, re.MULTILINE)


def offered(shell, line, wanted, place):
    """What the terminal shows after a line and a tab, as soon as all that is wanted is there."""
    start, told = SHELLS[shell]
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(
            TERM="dumb", COLUMNS="150", LINES="200", HOME=place, PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"])
        os.chdir(place)
        os.execvp(start[0], start)
    text = ""

    def read(seconds, is_enough):
        nonlocal text
        end = time.time() + seconds
        while time.time() < end and not is_enough():
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    text += os.read(terminal, 65536).decode(errors="replace")
                except OSError:
                    return

    def missing():
        return [word for word in wanted if not any(shown.endswith(word) for shown in text.split())]

    write = lambda words: os.write(terminal, words.encode())
    write(f"{told.format(share=SHARE, place=place)}; echo {READY.replace(' ', '  ')}\n")
    read(30, lambda: READY in text)
    text = ""
    if shell == "fish":
        # Its own list would need a terminal that it can ask for things.
        write(f"complete -C '{line}'\n")
    else:
        write(line + "\t")
    read(10, lambda: not missing())
    if missing():
        write("\t")
        read(10, lambda: not missing())
    left = missing()
    os.close(terminal)
    os.waitpid(process, 0)
    expect(not left, f"{shell} does not offer {left} after '{line}'", text)
    return text


with directory() as place:
    expect(os.path.isdir(SHARE), "Scripts/documentation has not made completions:", SHARE)
    lines = [
        ("dist-gan --mod", ["--model"]),
        ("dist-gan --model dcgan --preset ", ["demo", "paper", "tutorial"]),
        ("dist-gan train --loss ", names("--losses")),
        ("dist-gan --model biggan --loss h", ["hinge", "hellinger"]),
        ("dist-gan plan --model biggan --term ", ["none", *names("--terms")]),
        ("dist-gan --model dcgan --constraint ", ["none", *names("--constraints")]),
        ("dist-gan --model dcgan --optimizer ", ["own", *names("--optimizers")]),
        ("dist-gan bench step --schedule ", names("--schedules")),
        ("dist-gan train --critic-steps w", ["wasserstein"]),
        ("dist-gan --model dcgan --loss relativistic:", ["pairing=", "form="]),
        ("dist-gan --model dcgan --loss relativistic:pairing=", ["average", "pairs"]),
        ("dist-gan train --data k", ["kanji32"]),
    ]
    found = []
    for shell in SHELLS:
        if shutil.which(shell) is None and os.geteuid() == 0:
            subprocess.run(["apt-get", "install", "-y", "-qq", shell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if shutil.which(shell) is None:
            print(f"completions: no {shell} here")
            continue
        for line, wanted in lines:
            expect(wanted, "nothing is wanted after", line)
            text = offered(shell, line, wanted, place)
        # What does not fit is not offered.
        text = offered(shell, "dist-gan --model biggan --loss h", ["hinge", "hellinger"], place)
        expect("cramer" not in text and "demo" not in text, shell, "offers what does not fit", text)
        found.append(shell)
print(f"completions: {', '.join(found)} offered what was wanted after {len(lines)} lines each")
