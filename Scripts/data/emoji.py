"""Makes emoji32: emoji.py SHARE FOLDER. Pictures of Noto Color Emoji on white, classes from Unicode's subgroups."""

import io
import sys

import numpy
from fontTools.ttLib import TTFont
from PIL import Image

import atlas

# Class and the beginnings of the Unicode subgroups it takes in; the first match counts.
CLASSES = {
    "faces": ["face-", "cat-face", "monkey-face", "emotion", "heart"],
    "hands": ["hand", "body-parts"],
    "people": ["person", "family"],
    "animals": ["animal-"],
    "plants": ["plant-"],
    "food": ["food-", "drink", "dishware"],
    "places": ["place-", "hotel"],
    "transport": ["transport-ground", "transport-water", "transport-air"],
    "sky-time": ["sky", "time"],
    "activity": ["event", "award", "sport", "game", "arts"],
    "clothing": ["clothing"],
    "objects": [
        "sound", "music", "phone", "computer", "light", "book", "money", "mail", "writing", "office", "lock", "tool",
        "science", "medical", "household", "other-object",
    ],
    "signs": [
        "transport-sign", "warning", "arrow", "religion", "zodiac", "av-symbol", "gender", "math", "punctuation",
        "currency", "other-symbol", "keycap", "alphanum", "geometric",
    ],
    "flags": ["flag", "country-flag", "subdivision-flag"],
}
SKIN_TONES = range(0x1F3FB, 0x1F400)
PRESENTATION_SELECTOR = 0xFE0F


def sequences(path):
    """Yields (code points, class) of every fully qualified emoji, without those that differ in skin tone only."""
    names = list(CLASSES)
    label = None
    for line in open(path, encoding="utf-8"):
        if line.startswith("# subgroup:"):
            subgroup = line.split(":")[1].strip()
            found = [name for name in names if any(subgroup.startswith(prefix) for prefix in CLASSES[name])]
            # Skin tones by themselves are components; every other subgroup must have a class.
            if not found and subgroup not in ("skin-tone", "hair-style"):
                sys.exit(f"emoji.py: {path} has the subgroup {subgroup!r}, which no class takes in; add it to CLASSES")
            label = names.index(found[0]) if found else None
        fields = line.split("#")[0].split(";")
        if len(fields) == 2 and fields[1].strip() == "fully-qualified":
            points = [int(point, 16) for point in fields[0].split()]
            if not any(point in SKIN_TONES for point in points):
                yield points, label


class ColourFont:
    """The ready bitmaps of a CBDT font, found by their sequence of code points."""

    def __init__(self, path):
        font = TTFont(path)
        self.glyphs = font.getBestCmap()
        self.bitmaps = font["CBDT"].strikeData[0]
        self.ligatures = {}
        for lookup in font["GSUB"].table.LookupList.Lookup:
            for table in lookup.SubTable:
                table = getattr(table, "ExtSubTable", table)
                for first, ligatures in getattr(table, "ligatures", {}).items():
                    for ligature in ligatures:
                        self.ligatures.setdefault((first, *ligature.Component), ligature.LigGlyph)

    def picture(self, points):
        names = tuple(self.glyphs.get(point) for point in points if point != PRESENTATION_SELECTOR)
        glyph = names[0] if len(names) == 1 else self.ligatures.get(names)
        if glyph not in self.bitmaps:
            sys.exit(f"emoji.py: the font draws nothing for {[hex(point) for point in points]}")
        return Image.open(io.BytesIO(self.bitmaps[glyph].imageData)).convert("RGBA")


def tile(picture):
    """Centres on a white square and averages down to the tile's size."""
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    small = square.convert("RGB").resize((atlas.SIZE, atlas.SIZE), Image.Resampling.LANCZOS)
    return numpy.asarray(small)


def main(share, folder):
    font = ColourFont(f"{share}/fonts/truetype/noto/NotoColorEmoji.ttf")
    images, labels, seen = [], [], set()
    for points, label in sequences(f"{share}/unicode/emoji/emoji-test.txt"):
        image = tile(font.picture(points))
        # A few sequences share one picture (flags of territories, for example).
        if image.tobytes() not in seen:
            seen.add(image.tobytes())
            images.append(image)
            labels.append(label)
    atlas.write(folder, "emoji32", CLASSES, images, labels, bits=8)


main(*sys.argv[1:])
