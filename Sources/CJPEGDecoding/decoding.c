#include "CJPEGDecoding.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/// More scans than any encoder writes: a progressive file of thousands keeps a decoder busy for hours.
enum { LARGEST_SCAN_COUNT = 500 };

/// Coefficients of a progressive file are kept in memory; a picture of the largest size read here needs less than this.
static const long LARGEST_MEMORY = 2000L << 20;

typedef struct {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  char *message;
} Decoding;

static void fail(j_common_ptr decoder) {
  Decoding *decoding = decoder->client_data;
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(decoding->message, CJPEG_MESSAGE_SIZE, "%s", text);
  longjmp(decoding->escape, 1);
}

/// Warnings are silent, but those of missing or wrong data are errors.
static void hear(j_common_ptr decoder, int level) {
  if (level >= 0) return;
  switch (decoder->err->msg_code) {
  case JWRN_ARITH_BAD_CODE:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_JPEG_EOF:
  case JWRN_MUST_RESYNC:
  case JWRN_NOT_SEQUENTIAL:
    fail(decoder);
  }
}

static void print_nothing(j_common_ptr decoder) { (void)decoder; }

static void count_scans(j_common_ptr common) {
  Decoding *decoding = common->client_data;
  if (decoding->decoder.input_scan_number <= LARGEST_SCAN_COUNT) return;
  snprintf(decoding->message, CJPEG_MESSAGE_SIZE, "it has more than %d scans", LARGEST_SCAN_COUNT);
  longjmp(decoding->escape, 1);
}

/// Prepares everything but the way out, which has to be set by the function that is returned to.
static void begin(Decoding *decoding, char *message) {
  memset(decoding, 0, sizeof *decoding);
  decoding->message = message;
  decoding->decoder.err = jpeg_std_error(&decoding->errors);
  decoding->errors.error_exit = fail;
  decoding->errors.emit_message = hear;
  decoding->errors.output_message = print_nothing;
  decoding->progress.progress_monitor = count_scans;
  decoding->decoder.client_data = decoding;
}

/// Reads the header and chooses the colours to decode to: grey, CMYK as it is, else RGB.
static int start(Decoding *decoding, const uint8_t *bytes, size_t count) {
  struct jpeg_decompress_struct *decoder = &decoding->decoder;
  jpeg_create_decompress(decoder);
  decoder->mem->max_memory_to_use = LARGEST_MEMORY;
  decoder->progress = &decoding->progress;
  jpeg_mem_src(decoder, bytes, count);
  jpeg_read_header(decoder, TRUE);
  switch (decoder->jpeg_color_space) {
  case JCS_GRAYSCALE: decoder->out_color_space = JCS_GRAYSCALE; return 1;
  case JCS_CMYK:
  case JCS_YCCK: decoder->out_color_space = JCS_CMYK; return 3;
  default: decoder->out_color_space = JCS_RGB; return 3;
  }
}

int cjpeg_read_header(const uint8_t *bytes, size_t count, CJPEGHeader *header, char *message) {
  Decoding decoding;
  begin(&decoding, message);
  if (setjmp(decoding.escape)) {
    jpeg_destroy_decompress(&decoding.decoder);
    return 0;
  }
  header->channels = start(&decoding, bytes, count);
  header->width = (int)decoding.decoder.image_width;
  header->height = (int)decoding.decoder.image_height;
  jpeg_destroy_decompress(&decoding.decoder);
  return 1;
}

/// The product of two parts of 255, rounded.
static inline uint8_t product(unsigned first, unsigned second) { return (uint8_t)((first * second + 127) / 255); }

/// Ink to light: what is printed is what neither the colour nor the black absorbs. Adobe stores the light instead of the ink.
static void turn_to_light(const uint8_t *ink, uint8_t *light, unsigned width, int is_light) {
  for (unsigned pixel = 0; pixel < width; pixel++) {
    unsigned black = is_light ? ink[4 * pixel + 3] : 255u - ink[4 * pixel + 3];
    for (unsigned colour = 0; colour < 3; colour++)
      light[3 * pixel + colour] = product(is_light ? ink[4 * pixel + colour] : 255u - ink[4 * pixel + colour], black);
  }
}

int cjpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  Decoding decoding;
  begin(&decoding, message);
  if (setjmp(decoding.escape)) {
    jpeg_destroy_decompress(&decoding.decoder);
    return 0;
  }
  struct jpeg_decompress_struct *decoder = &decoding.decoder;
  size_t stride = (size_t)start(&decoding, bytes, count);
  jpeg_start_decompress(decoder);
  stride *= decoder->output_width;
  if (stride * decoder->output_height != capacity) {
    snprintf(message, CJPEG_MESSAGE_SIZE, "its size changes while it is read");
    longjmp(decoding.escape, 1);
  }
  JSAMPARRAY ink = NULL;
  if (decoder->out_color_space == JCS_CMYK)
    ink = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, decoder->output_width * 4, 1);
  while (decoder->output_scanline < decoder->output_height) {
    uint8_t *row = pixels + decoder->output_scanline * stride;
    if (ink) {
      jpeg_read_scanlines(decoder, ink, 1);
      turn_to_light(ink[0], row, decoder->output_width, decoder->saw_Adobe_marker);
    } else {
      jpeg_read_scanlines(decoder, &row, 1);
    }
  }
  jpeg_finish_decompress(decoder);
  jpeg_destroy_decompress(decoder);
  return 1;
}
