/// Letters of 5 x 7 pixels, enough to name classes and sections on a sheet.
///
/// Knows lower-case letters, digits, `-`, `.`, `:` and the space. Upper case is drawn as lower case; whatever else a text
/// holds is left out, and spaces at its ends with it.
enum BitmapFont {
  /// Rows of a letter.
  static let height = 7
  /// Pixels from one letter to the next, one of them empty.
  static let advance = 6

  /// The text as it is drawn.
  static func drawable(_ text: String) -> [Character] {
    let known = text.lowercased().filter { glyphs[$0] != nil || $0 == " " }
    let tail = known.drop { $0 == " " }
    return Array(tail.prefix(tail.lastIndex { $0 != " " }.map { tail.distance(from: tail.startIndex, to: $0) + 1 } ?? 0))
  }

  /// Pixels the text takes in width, at scale 1.
  static func width(of text: String) -> Int { max(0, drawable(text).count * advance - 1) }

  /// The pixels of a letter that are ink.
  static func ink(of letter: Character) -> [(x: Int, y: Int)] { glyphs[letter] ?? [] }

  private static let glyphs: [Character: [(x: Int, y: Int)]] = {
    var result: [Character: [(x: Int, y: Int)]] = [:]
    for (letters, art) in drawings {
      let rows = art.split(separator: "\n").map(Array.init)
      for (index, letter) in letters.enumerated() {
        result[letter] = (0..<height).flatMap { y in
          (0..<advance - 1).compactMap { x in rows[y][index * advance + x] == "#" ? (x: x, y: y) : nil }
        }
      }
    }
    return result
  }()

  private static let drawings: [(letters: String, art: String)] = [
    (
      "abcdefghijklm",
      """
      ..... #.... ..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. .....
      ..... #.... ..... ....# ..... .#... ..... #.... ..... ..... #.... ..#.. .....
      .###. #.##. .###. .##.# .###. .#... .#### #.##. .##.. ..##. #..#. ..#.. ##.#.
      ....# ##..# #...# #..## #...# ####. #...# ##..# ..#.. ...#. #.#.. ..#.. #.#.#
      .#### #...# #.... #...# ##### .#... .#### #...# ..#.. ...#. ##... ..#.. #.#.#
      #...# #...# #...# #...# #.... .#... ....# #...# ..#.. #..#. #.#.. ..#.. #.#.#
      .#### ####. .###. .#### .###. .#... .###. #...# .###. .##.. #..#. .###. #.#.#
      """
    ),
    (
      "nopqrstuvwxyz",
      """
      ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
      ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
      #.##. .###. ####. .#### #.##. .#### ####. #...# #...# #...# #...# #...# #####
      ##..# #...# #...# #...# ##..# #.... .#... #...# #...# #...# .#.#. #...# ...#.
      #...# #...# ####. .#### #.... .###. .#... #...# #...# #.#.# ..#.. .#### ..#..
      #...# #...# #.... ....# #.... ....# .#... #..## .#.#. #.#.# .#.#. ....# .#...
      #...# .###. #.... ....# #.... ####. ..##. .##.# ..#.. .#.#. #...# .###. #####
      """
    ),
    (
      "0123456789-.:",
      """
      .###. ..#.. .###. .###. ...#. ##### .###. ##### .###. .###. ..... ..... .....
      #...# .##.. #...# #...# ..##. #.... #.... ....# #...# #...# ..... ..... .##..
      #..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# ..... ..... .##..
      #.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### .###. ..... .....
      ##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....# ..... ..... .##..
      #...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ....# ..... .##.. .##..
      .###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .###. ..... .##.. .....
      """
    ),
  ]
}
