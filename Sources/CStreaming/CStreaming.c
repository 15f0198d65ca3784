#include "CStreaming.h"
#include <string.h>

typedef float vector __attribute__((vector_size(64)));

// Operands are read a block at a time, in turns with others, and the processor does not fetch across the end of a page by itself.
static const size_t ahead = 512;

static inline vector sum_at(const float *left, const float *right, size_t index) {
  vector first, second;
  memcpy(&first, left + index, sizeof first);
  memcpy(&second, right + index, sizeof second);
  __builtin_prefetch(left + index + ahead);
  __builtin_prefetch(right + index + ahead);
  return first + second;
}

void cstreaming_add(const float *left, const float *right, float *sum, size_t count, bool streams) {
  size_t index = 0;
  if (streams) {
    for (; index + 16 <= count; index += 16) __builtin_nontemporal_store(sum_at(left, right, index), (vector *)(sum + index));
  } else {
    for (; index + 16 <= count; index += 16) {
      vector added = sum_at(left, right, index);
      memcpy(sum + index, &added, sizeof added);
    }
  }
  for (; index < count; index++) sum[index] = left[index] + right[index];
}

void cstreaming_finish(void) {
#ifdef __x86_64__
  __builtin_ia32_sfence();
#else
  __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}
