"""Makes kanji32: kanji.py SHARE FOLDER. Brush-written characters of the ten commonest Kangxi radicals."""

import bz2
import collections
import re
import sys
import unicodedata

import numpy
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

import atlas

FONTS = [
    "kouzan-mouhitsu/kouzan-mouhitsu.ttf",
    "kouzan-mouhitsu/kouzan-mouhitsu-gyosho.ttf",
    "kouzan-mouhitsu/KouzanBrushFontSousyo.ttf",
    "aoyagi-soseki/aoyagi-soseki.ttf",
]
CLASS_COUNT = 10
# Drawn this many times larger, then averaged.
SUPERSAMPLING = 4
EM = 0.9


def radicals(path):
    """Code point to number of the Kangxi radical, from Unihan's kRSUnicode."""
    entry = re.compile(r"U\+([0-9A-F]+)\tkRSUnicode\t(\d+)")
    matches = (entry.match(line) for line in bz2.open(path, "rt", encoding="utf-8"))
    return {int(match[1], 16): int(match[2]) for match in matches if match}


def tile(font, character):
    """The character in one of 16 greys, dark on white, its ink in the middle."""
    side = atlas.SIZE * SUPERSAMPLING
    image = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = draw.textbbox((0, 0), character, font=font)
    draw.text(((side - left - right) // 2, (side - top - bottom) // 2), character, font=font, fill=0)
    greys = numpy.asarray(image.reduce(SUPERSAMPLING), numpy.uint16)
    return ((greys * 15 + 127) // 255 * 17).astype(numpy.uint8)[:, :, None]


def name(radical):
    """Character, number and Unicode's English name: `水 85 water`."""
    sign = chr(0x2F00 + radical - 1)
    english = unicodedata.name(sign).removeprefix("KANGXI RADICAL ").lower()
    return f"{unicodedata.normalize('NFKC', sign)} {radical} {english}"


def main(share, folder):
    radical_of = radicals(f"{share}/unicode/Unihan_IRGSources.txt.bz2")
    glyphs = []
    for path in (f"{share}/fonts/truetype/{font}" for font in FONTS):
        font = ImageFont.truetype(path, round(atlas.SIZE * SUPERSAMPLING * EM))
        seen = set()
        for point in sorted(set(TTFont(path).getBestCmap()) & set(radical_of)):
            image = tile(font, chr(point))
            # Many code points are mapped to a blank glyph, some to one and the same.
            if image.min() < 128 and image.tobytes() not in seen:
                seen.add(image.tobytes())
                glyphs.append((radical_of[point], image))
    counts = collections.Counter(radical for radical, _ in glyphs)
    common = sorted(radical for radical, _ in counts.most_common(CLASS_COUNT))
    chosen = [(common.index(radical), image) for radical, image in glyphs if radical in common]
    atlas.write(
        folder, "kanji32", [name(radical) for radical in common], [image for _, image in chosen],
        [label for label, _ in chosen], bits=4)


main(*sys.argv[1:])
