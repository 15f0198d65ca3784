#pragma once
#include <stdbool.h>
#include <string.h>

/// Products of bfloat16 numbers, summed in float: the instructions for them have no word in Swift. All is inline, so that it is compiled
/// for the processor that the importing target is compiled for; where that has no such instructions, the same is computed without them.

/// Sixteen numbers, which Swift sees as `SIMD16<Float>`; or sixteen words of two bfloat16 numbers each, the first one in the low half.
typedef float cbfloat16_lane __attribute__((ext_vector_type(16)));

typedef unsigned cbfloat16_words __attribute__((ext_vector_type(16)));
#ifdef __AVX512BF16__
typedef __bf16 cbfloat16_half __attribute__((ext_vector_type(16)));
typedef __bf16 cbfloat16_whole __attribute__((ext_vector_type(32)));
#else
typedef unsigned short cbfloat16_half __attribute__((ext_vector_type(16)));
#endif

// Where registers are narrower than a lane, it matters to calls how it is passed; there are none.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#define CBFLOAT16_INLINE static inline __attribute__((always_inline))

/// Whether the code is compiled for a processor with instructions for such products.
CBFLOAT16_INLINE bool cbfloat16_has_instructions(void) {
#ifdef __AVX512BF16__
  return true;
#else
  return false;
#endif
}

/// The numbers, rounded to the nearest, ties to even.
CBFLOAT16_INLINE cbfloat16_half cbfloat16_rounded(cbfloat16_lane x) {
#ifdef __AVX512BF16__
  return __builtin_convertvector(x, cbfloat16_half);
#else
  cbfloat16_words bits = (cbfloat16_words)x, quiet = (bits >> 16) | 0x40, isNumber = (cbfloat16_words)(x == x);
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return __builtin_convertvector((isNumber & bits) | (~isNumber & quiet), cbfloat16_half);
#endif
}

/// Words of rounded numbers of both lanes: `first` gives the first number of each word.
CBFLOAT16_INLINE cbfloat16_lane cbfloat16_pair(cbfloat16_lane first, cbfloat16_lane second) {
  return (cbfloat16_lane)__builtin_shufflevector(
      cbfloat16_rounded(first), cbfloat16_rounded(second), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26,
      11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// Writes eight words of rounded neighbours in the lane.
CBFLOAT16_INLINE void cbfloat16_store(float *target, cbfloat16_lane x) {
  cbfloat16_half numbers = cbfloat16_rounded(x);
  memcpy(target, &numbers, sizeof numbers);
}

/// `sum` plus the two products of each word of `x` with that of `y`.
CBFLOAT16_INLINE cbfloat16_lane cbfloat16_add_products(cbfloat16_lane sum, cbfloat16_lane x, cbfloat16_lane y) {
#ifdef __AVX512BF16__
  return __builtin_ia32_dpbf16ps_512(sum, (cbfloat16_whole)x, (cbfloat16_whole)y);
#else
  cbfloat16_words high = 0xffff0000, a = (cbfloat16_words)x, b = (cbfloat16_words)y;
  sum += (cbfloat16_lane)(a & high) * (cbfloat16_lane)(b & high);
  return sum + (cbfloat16_lane)(a << 16) * (cbfloat16_lane)(b << 16);
#endif
}

#pragma clang diagnostic pop
