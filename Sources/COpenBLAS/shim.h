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

/// Square roots by the processor's own instruction: Swift's `squareRoot()` of a vector calls libm once for each number (Swift 6.3).
static inline cblas_lane cblas_square_roots(cblas_lane x) { return __builtin_elementwise_sqrt(x); }

/// Eight numbers, which Swift sees as `SIMD8<Double>`.
typedef double cblas_doubles __attribute__((ext_vector_type(8)));

/// The first and the last eight numbers in double precision: Swift's conversion is a call for each vector (Swift 6.3).
static inline cblas_doubles cblas_low_doubles(cblas_lane x) { return __builtin_convertvector(x.lo, cblas_doubles); }
static inline cblas_doubles cblas_high_doubles(cblas_lane x) { return __builtin_convertvector(x.hi, cblas_doubles); }

/// Writes a lane past the caches; the address is a multiple of 64.
static inline void cblas_stream(float *y, cblas_lane x) { __builtin_nontemporal_store(x, (cblas_lane *)y); }

/// Asks for the cache line at an address that will be read soon.
static inline void cblas_prefetch(const float *x) { __builtin_prefetch(x); }
/// The same into the second-level cache, for lines that will be read later.
static inline void cblas_prefetch_later(const float *x) { __builtin_prefetch(x, 0, 2); }
/// The same for a line that will be written.
static inline void cblas_prefetch_to_write(const float *x) { __builtin_prefetch(x, 1, 2); }
