/// OpenBLAS as Swift sees it: CBLAS, the thread switch, and the two LAPACK routines in use (libopenblas holds them, but
/// Debian's package has no lapacke.h, so they are declared here by their Fortran symbols).
#pragma once
#include <cblas.h>

/// QR factorisation of a column-major `m x n` matrix.
void sgeqrf_(const int *m, const int *n, float *a, const int *lda, float *tau, float *work, const int *lwork, int *info);
/// The orthogonal factor of a QR factorisation, formed in place.
void sorgqr_(const int *m, const int *n, const int *k, float *a, const int *lda, const float *tau, float *work,
             const int *lwork, int *info);

/// The vector instructions that the compiler was allowed to use in the kernels.
static inline const char *cblas_instruction_set(void) {
#if defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX2__)
  return "AVX2";
#else
  return "baseline";
#endif
}

/// Sixteen numbers, which Swift sees as `SIMD16<Float>`.
typedef float cblas_lane __attribute__((ext_vector_type(16)));

/// `x y + z`, rounded once: Swift's `addingProduct` of vectors is made of numbers, and joined again in vectors of any size (Swift 6.3).
static inline cblas_lane cblas_multiply_add(cblas_lane x, cblas_lane y, cblas_lane z) { return __builtin_elementwise_fma(x, y, z); }

/// `positive` where x > 0, else `other`: Swift's `replacing(with:where:)` goes number by number, and is too long to become part of a loop
/// (Swift 6.3).
static inline cblas_lane cblas_choose(cblas_lane x, cblas_lane positive, cblas_lane other) { return x > 0 ? positive : other; }

/// Square roots by the processor's own instruction: Swift's `squareRoot()` of a vector calls libm once for each number (Swift 6.3).
static inline cblas_lane cblas_square_roots(cblas_lane x) { return __builtin_elementwise_sqrt(x); }

/// Eight numbers, which Swift sees as `SIMD8<Double>`.
typedef double cblas_doubles __attribute__((ext_vector_type(8)));

/// The first and the last eight numbers in double precision: Swift's conversion is a call for each vector (Swift 6.3).
static inline cblas_doubles cblas_low_doubles(cblas_lane x) { return __builtin_convertvector(x.lo, cblas_doubles); }
static inline cblas_doubles cblas_high_doubles(cblas_lane x) { return __builtin_convertvector(x.hi, cblas_doubles); }

/// Sixteen numbers at any address.
typedef float cblas_loose_lane __attribute__((ext_vector_type(16), aligned(4)));

// Of each four neighbours of two lanes: the first or last two, number by number or two by two.
static inline cblas_lane cblas_first_ones(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
static inline cblas_lane cblas_last_ones(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
static inline cblas_lane cblas_first_pairs(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
static inline cblas_lane cblas_last_pairs(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
// The first and third, or second and fourth, four neighbours of two lanes.
static inline cblas_lane cblas_even_fours(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
static inline cblas_lane cblas_odd_fours(cblas_lane a, cblas_lane b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/// The transpose of sixteen rows of sixteen numbers, whose rows lie `stride` numbers apart, those of the transpose `target_stride`.
static inline void cblas_turn_square(const float *x, long stride, float *y, long target_stride) {
  // Of the four rows from 4k on, `r[4k + j]` takes the columns j, 4 + j, 8 + j and 12 + j.
  cblas_lane r[16];
#pragma clang loop unroll(full)
  for (int k = 0; k < 16; k += 4) {
    cblas_lane a = *(const cblas_loose_lane *)(x + k * stride), b = *(const cblas_loose_lane *)(x + (k + 1) * stride);
    cblas_lane c = *(const cblas_loose_lane *)(x + (k + 2) * stride), d = *(const cblas_loose_lane *)(x + (k + 3) * stride);
    cblas_lane ab = cblas_first_ones(a, b), cd = cblas_first_ones(c, d);
    r[k] = cblas_first_pairs(ab, cd);
    r[k + 1] = cblas_last_pairs(ab, cd);
    ab = cblas_last_ones(a, b), cd = cblas_last_ones(c, d);
    r[k + 2] = cblas_first_pairs(ab, cd);
    r[k + 3] = cblas_last_pairs(ab, cd);
  }
#pragma clang loop unroll(full)
  for (int j = 0; j < 4; j++) {
    cblas_lane even = cblas_even_fours(r[j], r[4 + j]), later_even = cblas_even_fours(r[8 + j], r[12 + j]);
    cblas_lane odd = cblas_odd_fours(r[j], r[4 + j]), later_odd = cblas_odd_fours(r[8 + j], r[12 + j]);
    float *row = y + j * target_stride;
    *(cblas_loose_lane *)row = cblas_even_fours(even, later_even);
    *(cblas_loose_lane *)(row + 4 * target_stride) = cblas_even_fours(odd, later_odd);
    *(cblas_loose_lane *)(row + 8 * target_stride) = cblas_odd_fours(even, later_even);
    *(cblas_loose_lane *)(row + 12 * target_stride) = cblas_odd_fours(odd, later_odd);
  }
}

/// Writes a lane past the caches; the address is a multiple of 64.
static inline void cblas_stream(float *y, cblas_lane x) { __builtin_nontemporal_store(x, (cblas_lane *)y); }

/// Asks for the cache line at an address that will be read soon.
static inline void cblas_prefetch(const float *x) { __builtin_prefetch(x); }
/// The same into the second-level cache, for lines that will be read later.
static inline void cblas_prefetch_later(const float *x) { __builtin_prefetch(x, 0, 2); }
/// The same for a line that will be written.
static inline void cblas_prefetch_to_write(const float *x) { __builtin_prefetch(x, 1, 2); }
