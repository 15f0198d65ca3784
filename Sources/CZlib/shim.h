/// zlib as Swift sees it.
///
/// `inflateInit2` is a macro that Swift does not import.
#pragma once
#include <zlib.h>

/// Begins to decode a gzip stream (32 in the window bits: gzip or zlib, told by the header); `Z_OK` when memory suffices.
static inline int czlib_inflate_begin(z_stream *stream) { return inflateInit2(stream, 15 + 32); }
