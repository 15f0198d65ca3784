import Testing

@testable import Training

@Suite struct JSONParsingTests {
  @Test func `what is written is read back, fields in order`() throws {
    let value = JSON.object([
      ("z", .text("a \"b\"\n\\ é\u{1} 😀")),
      ("a", .list([.integer(-7), .number(2.5e-9), .flag(true), .flag(false), .list([]), .object([])])),
      ("m", .object([("x", .single(0.1))])),
    ])
    #expect(try JSON(parsing: value.description.utf8).description == value.description)
  }

  @Test func `escapes, spaces and missing numbers are understood`() throws {
    let value = try JSON(parsing: #" { "a" : [ 1 , 2.0 , null ] , "b" : "\u00e9\ud83d\ude00\/\b\f" } "#.utf8)
    #expect(value["a"]?.values[0].int == 1 && value["a"]?.values[1].double == 2)
    #expect(value["a"]?.values[2].double?.isNaN == true)
    #expect(value["b"]?.plainText == "é😀/\u{8}\u{c}")
    #expect(value["c"] == nil)
  }

  @Test(arguments: [
    "", "{", "{\"a\"}", "[1,]", "[1 2]", "\"a", "{\"a\": 1} x", "nul", "--1", "\"\\u12\"", String(repeating: "[", count: 5000),
  ])
  func `other texts are refused`(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text.utf8) }
  }
}
