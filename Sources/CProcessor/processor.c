#include "CProcessor.h"
#include <stddef.h>

const char *cprocessor_target(void) {
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
  return "x86-64-v4";
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__)
  return "x86-64-v3";
#elif defined(__SSE4_2__)
  return "x86-64-v2";
#elif defined(__x86_64__)
  return "x86-64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "other";
#endif
}

#define NEEDS(extension) if (!__builtin_cpu_supports(extension)) return extension

const char *cprocessor_missing(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
#ifdef __SSE4_2__
  NEEDS("sse4.2");
#endif
#ifdef __AVX__
  NEEDS("avx");
#endif
#ifdef __AVX2__
  NEEDS("avx2");
#endif
#ifdef __FMA__
  NEEDS("fma");
#endif
#ifdef __BMI__
  NEEDS("bmi");
#endif
#ifdef __BMI2__
  NEEDS("bmi2");
#endif
#ifdef __AVX512F__
  NEEDS("avx512f");
#endif
#ifdef __AVX512CD__
  NEEDS("avx512cd");
#endif
#ifdef __AVX512BW__
  NEEDS("avx512bw");
#endif
#ifdef __AVX512DQ__
  NEEDS("avx512dq");
#endif
#ifdef __AVX512VL__
  NEEDS("avx512vl");
#endif
#ifdef __AVX512VNNI__
  NEEDS("avx512vnni");
#endif
#ifdef __AVX512VBMI__
  NEEDS("avx512vbmi");
#endif
#ifdef __AVX512VBMI2__
  NEEDS("avx512vbmi2");
#endif
#ifdef __AVX512BITALG__
  NEEDS("avx512bitalg");
#endif
#ifdef __AVX512VPOPCNTDQ__
  NEEDS("avx512vpopcntdq");
#endif
#ifdef __AVX512BF16__
  NEEDS("avx512bf16");
#endif
#endif
  return NULL;
}
