#ifndef CJPEGDECODING_H
#define CJPEGDECODING_H

#include <stddef.h>
#include <stdint.h>

/// What the header of a JPEG says.
typedef struct {
  /// Pixels in a row.
  int width;
  /// Rows.
  int height;
  /// Samples in a decoded pixel: 1 for grey, 3 for everything else, CMYK included.
  int channels;
} CJPEGHeader;

/// Room for a message, its end included.
enum { CJPEG_MESSAGE_SIZE = 256 };

/// Reads the header of a JPEG.
///
/// In C because libjpeg reports errors by calling a function that must not return: its way out is `longjmp`, which must not cross Swift.
/// Returns 1, or 0 with libjpeg's words in `message`.
int cjpeg_read_header(const uint8_t *_Nonnull bytes, size_t count, CJPEGHeader *_Nonnull header, char *_Nonnull message);

/// Decodes a JPEG into `capacity` bytes at `pixels`, `[height, width, channels]` as `cjpeg_read_header` told.
///
/// Returns 1, or 0 with the reason in `message`. Damage that libjpeg only warns of, since it can go on with grey where data are missing,
/// is an error here; what leaves the picture whole (bytes between segments, odd version numbers) is not.
int cjpeg_decode(const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull pixels, size_t capacity, char *_Nonnull message);

#endif
