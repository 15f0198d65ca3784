#include "CStreaming.h"
#include <string.h>

typedef float vector __attribute__((vector_size(64)));

void cstreaming_add(const float *left, const float *right, float *sum, size_t count) {
  size_t index = 0;
  for (; index + 16 <= count; index += 16) {
    vector first, second;
    memcpy(&first, left + index, sizeof first);
    memcpy(&second, right + index, sizeof second);
    first += second;
    __builtin_nontemporal_store(first, (vector *)(sum + index));
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
