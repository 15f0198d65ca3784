#pragma once
#include <stddef.h>

/// Stores that go past the caches, for which Swift has no word: sums that nobody reads soon are written without being fetched first.

/// `sum[i] = left[i] + right[i]` for `count` floats, in memory order only after `cstreaming_finish`.
///
/// `sum` begins on a boundary of 64 bytes and overlaps neither operand.
void cstreaming_add(const float *left, const float *right, float *sum, size_t count);

/// Orders what was written by `cstreaming_add` before all that this thread stores from here on.
void cstreaming_finish(void);
