#ifndef CPROCESSOR_H
#define CPROCESSOR_H

/// Instruction set this program was compiled for: `x86-64-v4`, `x86-64-v3`, `x86-64-v2`, `x86-64`, or `aarch64` and the like.
///
/// In C because only the compiler's own macros tell what `-march=native` meant.
const char *_Nonnull cprocessor_target(void);

/// The first instruction set extension the program was compiled for that this processor lacks; NULL when it has all.
const char *_Nullable cprocessor_missing(void);

#endif
