#include "CEmbedded.h"

#include <string.h>

// The files are made by Scripts/data/make, which also prints the counts given below.
static const unsigned char emoji32_atlas[] = {
#embed "data/emoji32.png"
};
static const unsigned char emoji32_labels[] = {
#embed "data/emoji32.labels"
};
static const unsigned char kanji32_atlas[] = {
#embed "data/kanji32.png"
};
static const unsigned char kanji32_labels[] = {
#embed "data/kanji32.labels"
};

static const cembedded_set sets[] = {
    {
        .name = "emoji32",
        .license = "Noto Color Emoji, copyright Google Inc. and others, Apache License 2.0",
        .atlas = emoji32_atlas,
        .atlas_size = sizeof emoji32_atlas,
        .labels = emoji32_labels,
        .labels_size = sizeof emoji32_labels,
        .image_size = 32,
        .channels = 3,
        .count = 1861,
        .columns = 64,
    },
    {
        .name = "kanji32",
        .license = "calligraphy by Kouzan Aoyagi and Soseki Aoyagi, public domain",
        .atlas = kanji32_atlas,
        .atlas_size = sizeof kanji32_atlas,
        .labels = kanji32_labels,
        .labels_size = sizeof kanji32_labels,
        .image_size = 32,
        .channels = 1,
        .count = 11993,
        .columns = 64,
    },
};

size_t cembedded_count(void) { return sizeof sets / sizeof sets[0]; }

const cembedded_set *cembedded_at(size_t index) { return index < cembedded_count() ? &sets[index] : NULL; }

const cembedded_set *cembedded_find(const char *name) {
  for (size_t index = 0; index < cembedded_count(); index += 1) {
    if (strcmp(sets[index].name, name) == 0) return &sets[index];
  }
  return NULL;
}
