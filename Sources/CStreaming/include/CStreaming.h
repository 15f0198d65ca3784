#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Sums of long vectors: stores that go past the caches, for which Swift has no word, and loads that are fetched before they are needed.

/// `sum[i] = left[i] + right[i]` for `count` floats; `sum` may be one of the operands.
///
/// With `streams` sums that nobody reads soon are written without being fetched first, in memory order only after `cstreaming_finish`; `sum`
/// then begins on a boundary of 64 bytes and overlaps neither operand.
void cstreaming_add(const float *left, const float *right, float *sum, size_t count, bool streams);

/// Orders what `cstreaming_add` streamed before all that this thread stores from here on.
void cstreaming_finish(void);
