"""How much of the machine other processes use: a time measured beside them says little."""

import os
import time

QUIET = 0.1
"""Cores that others may use in a run that counts as undisturbed."""


class Disturbance:
    """Cores that other processes used, on average, since this was made; this process and its ended children are not counted."""

    def __init__(self):
        self.start = self.reading()

    def cores(self):
        """The average up to now."""
        wall, busy, own = (now - before for now, before in zip(self.reading(), self.start))
        return max(0.0, (busy - own) / wall)

    @staticmethod
    def reading():
        """Seconds of the clock, of all cores at work, and of this process with its ended children."""
        with open("/proc/stat") as lines:
            user, nice, system, _, _, interrupts, soft, stolen = map(int, lines.readline().split()[1:9])
        busy = (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy, sum(os.times()[:4])


def wait_for_quiet(patience):
    """Waits until others leave the machine alone for a second, but no more than so many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        disturbance = Disturbance()
        time.sleep(1)
        if disturbance.cores() <= QUIET:
            return
