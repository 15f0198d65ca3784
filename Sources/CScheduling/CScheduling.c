#define _GNU_SOURCE
#include "CScheduling.h"
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// The kernel's `struct sched_attr` in its first form; glibc declares it from 2.41 on only.
struct attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

/// Nanoseconds of a turn: the shortest that the kernel grants.
static const uint64_t turn = 100 * 1000;

bool cscheduling_wake_soon(void) {
  bool is_prompt = prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL) == 0;
#ifdef SYS_sched_setattr
  struct attributes own = {0};
  // Whatever the thread was started with stays: a policy of idle time as well as a nice value.
  if (syscall(SYS_sched_getattr, 0, &own, sizeof own, 0U) != 0) return false;
  own.size = sizeof own;
  own.runtime = turn;
  return syscall(SYS_sched_setattr, 0, &own, 0U) == 0 && is_prompt;
#else
  return false;
#endif
}

void cscheduling_sleep(const void *word, uint32_t value, uint32_t microseconds) {
  struct timespec longest = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000L};
  syscall(SYS_futex, word, FUTEX_WAIT, value, &longest, NULL, 0);
}

void cscheduling_wake_all(const void *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }
