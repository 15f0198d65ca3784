#pragma once
#include <stdbool.h>
#include <stdint.h>

/// How the kernel's scheduler treats a thread that sleeps most of the time beside others that compute: calls that take a variable number of
/// arguments or have no wrapper in the C library, which Swift cannot make.

/// Asks that the calling thread be run soon after each of its sleeps though others compute on its core, at no larger share of the core.
///
/// It gets short turns (`sched_runtime` of an ordinary thread, Linux 6.12 and later: a thread with shorter turns interrupts one with longer
/// ones when it wakes; before, it may wait for the next tick, 4 ms), and its timers expire when they are due rather than up to 50 µs later.
/// Needs no privilege. Returns whether the kernel took both; one that knows neither works on as before.
bool cscheduling_wake_soon(void);

/// Sleeps until somebody wakes those who sleep on `word`, but no longer than `microseconds`; returns at once if the word is not `value`.
/// The word may lie in memory that processes share. May return early.
void cscheduling_sleep(const void *word, uint32_t value, uint32_t microseconds);

/// Wakes all who sleep on `word`, in this process and in others.
void cscheduling_wake_all(const void *word);
