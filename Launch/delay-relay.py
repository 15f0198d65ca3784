#!/usr/bin/env python3
"""Joins two network namespaces by a wire with delay, where the kernel has no netem: delay-relay.py NAMESPACE NAMESPACE MILLISECONDS

Makes a TUN device eth0 in each namespace and carries what one sends to the other, MILLISECONDS later. Returns as soon as both devices
are there; a process in the background, in the second namespace, carries on until it is killed.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 1, 2, 4
LARGEST = 10 + 65536  # the header that says how to segment, and the largest packet


def device(namespace):
    """Enters a namespace and makes eth0 there; returns its file descriptor, which stays bound to it."""
    with open(f"/run/netns/{namespace}") as place:
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"entering the network namespace {namespace}")
    wire = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(wire, TUNSETIFF, struct.pack("16sH22x", b"eth0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    # Packets of up to 64 KiB pass as one, with the segmentation left undone: some 40 times fewer of them to carry.
    fcntl.ioctl(wire, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    return wire


def carry(wires, delay):
    """Reads from both ends and writes to the other one `delay` seconds later; one queue is in order, since all wait equally long."""
    other = {wires[0]: wires[1], wires[1]: wires[0]}
    waiting = collections.deque()
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for wire in select.select(wires, [], [], pause)[0]:
            due = time.monotonic() + delay
            for _ in range(32):  # then the ones that are due have their turn
                try:
                    waiting.append((due, other[wire], os.read(wire, LARGEST)))
                except BlockingIOError:
                    break
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, wire, packet = waiting.popleft()
            try:
                os.write(wire, packet)
            except OSError:
                pass  # lost, as on any network: TCP sends it again


def main():
    first, second, milliseconds = sys.argv[1:]
    wires = [device(first), device(second)]
    if os.fork() != 0:
        return
    os.setsid()  # Ctrl-C is for the launcher
    with open(os.devnull, "r+") as nothing:
        for inherited in range(3):  # whoever reads what the launcher prints must not wait for this process too
            os.dup2(nothing.fileno(), inherited)
    try:  # Ranks that poll keep every core busy; a packet that is due must not wait for their time slices.
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        os.nice(-20)
    carry(wires, float(milliseconds) / 1000)


main()
