/// The image sets inside the program, so that it stays one file that runs wherever it is copied.
#pragma once
#include <stddef.h>

/// A labelled set of square images; everything it points to is constant and lives as long as the program.
///
/// `atlas` is a PNG of 8-bit RGB (three channels) or of 4-bit grey (one channel). Image `i` is the tile of
/// `image_size` x `image_size` pixels whose upper left corner is at
/// x = (i % columns) * image_size, y = (i / columns) * image_size. Tiles from `count` on are filling.
///
/// `labels` holds the class names in UTF-8, each ended by a newline, then one more newline, then `count` bytes:
/// the class of each image, counted from 0 in the order of the names. Images come sorted by class.
typedef struct {
  const char *name;
  const char *license;
  const unsigned char *atlas;
  size_t atlas_size;
  const unsigned char *labels;
  size_t labels_size;
  int image_size;
  int channels;
  int count;
  int columns;
} cembedded_set;

/// The number of sets.
size_t cembedded_count(void);

/// The set at `index`, or NULL from `cembedded_count()` on.
const cembedded_set *cembedded_at(size_t index);

/// The set of this name, or NULL if there is none.
const cembedded_set *cembedded_find(const char *name);
