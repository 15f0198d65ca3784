internal import Foundation

/// Files of the safetensors format: arrays by name, and text about them.
///
/// Eight bytes little-endian length, a JSON header of that length (`{name: {dtype, shape, data_offsets}, "__metadata__": {name: text}}`),
/// then the numbers. Written here: F32 in the order given, the header padded by spaces to a multiple of 8.
/// - Source: https://github.com/huggingface/safetensors, section Format of its README.
public struct Safetensors: Sendable, Equatable {
  /// The arrays, in the order of the file.
  public var arrays: [WeightArray]
  /// Text about them.
  public var metadata: [String: String]

  /// Limit of the header, that of the format's own library.
  private static let largestHeader = 100_000_000

  /// Whether the file at `path` is, or by its name should be, one of this format: its header, after eight bytes, is a JSON object.
  public static func isMeant(by path: String) throws -> Bool {
    let bytes = try ByteReader.contents(of: path, upTo: 9)
    if bytes.count == 9 && bytes[8] == UInt8(ascii: "{") { return true }
    return path.hasSuffix(".safetensors") && !ZipArchive.isZip(bytes)
  }

  /// A file's contents.
  public init(arrays: [WeightArray], metadata: [String: String] = [:]) {
    self.arrays = arrays
    self.metadata = metadata
  }

  /// Reads a file; numbers of other types are converted to single precision.
  /// - Throws: `WeightError` when it is missing or damaged, or the arrays do not lie side by side in it.
  public init(contentsOf path: String) throws {
    try self.init(bytes: try ByteReader.contents(of: path), path: path)
  }

  init(bytes: [UInt8], path: String) throws {
    func damaged(_ sentence: String) -> WeightError { WeightError(.unreadable, "\(path): not a sound safetensors file: \(sentence)") }
    guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes") }
    var reader = ByteReader(bytes[...], path: path)
    let length = try reader.count(8)
    guard length <= min(Self.largestHeader, reader.remaining) else {
      throw damaged("its header should have \(length) bytes and \(reader.remaining) are there")
    }
    let header = try reader.take(length)
    guard let json = try? JSONSerialization.jsonObject(with: Data(header)), let entries = json as? [String: Any] else {
      throw damaged("its header is no JSON object")
    }
    metadata = entries["__metadata__"] as? [String: String] ?? [:]
    let body = try reader.take(reader.remaining)
    var found: [(start: Int, array: WeightArray)] = []
    var ends: [(start: Int, end: Int)] = []
    for (name, entry) in entries where name != "__metadata__" {
      let shown = WeightError.shown(name)
      guard let entry = entry as? [String: Any], let word = entry["dtype"] as? String, let shape = entry["shape"] as? [Int],
        let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
      else { throw damaged("the entry of \(shown) has no dtype, shape and data_offsets") }
      guard let kind = NumberKind.allCases.first(where: { $0.safetensorsName == word }) else {
        throw damaged("\(shown) is stored as \(WeightError.shown(word)), which is not read here")
      }
      let size = Self.size(shape, of: kind)
      guard let size, 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= body.count, offsets[1] - offsets[0] == size else {
        throw damaged("\(shown) of shape \(shape) and type \(word) lies at bytes \(offsets[0]) to \(offsets[1]) of \(body.count)")
      }
      let part = body[(body.startIndex + offsets[0])..<(body.startIndex + offsets[1])]
      found.append((offsets[0], WeightArray(name: name, shape: shape, values: kind.floats(part))))
      ends.append((offsets[0], offsets[1]))
    }
    // The format forbids gaps and overlaps: something could hide in a gap.
    var place = 0
    for (start, end) in ends.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard start == place else { throw damaged("its arrays do not lie side by side: \(start) follows \(place)") }
      place = end
    }
    guard place == body.count else { throw damaged("\(body.count - place) bytes at its end belong to no array") }
    arrays = found.sorted { ($0.start, $0.array.name) < ($1.start, $1.array.name) }.map(\.array)
  }

  private static func size(_ shape: [Int], of kind: NumberKind) -> Int? {
    var size = kind.size
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { return nil }
      size = product
    }
    return size
  }

  /// Writes the file, under a temporary name first, so that nobody ever sees half of one.
  /// - Throws: `WeightError` with the system's words.
  public func write(to path: String) throws {
    do {
      try data().write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError
      // Sound: strerror returns a constant, terminated string for every code the system itself reported.
      let words = cause.map { unsafe String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
      throw WeightError(.cannotWrite, "\(path): cannot write weights: \(words)")
    }
  }

  func data() throws -> Data {
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for array in arrays {
      let end = offset + array.values.count * 4
      let shape = array.shape.map(String.init).joined(separator: ",")
      parts.append("\(Self.quoted(array.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(parts.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: 32, count: (8 - header.count % 8) % 8)
    var data = Data(capacity: 8 + header.count + offset)
    unsafe withUnsafeBytes(of: UInt64(header.count).littleEndian) { unsafe data.append(contentsOf: $0) }
    data.append(contentsOf: header)
    // Sound: floats are plain bytes; the processors this runs on are little-endian, as the format is.
    for array in arrays { unsafe array.values.withUnsafeBytes { unsafe data.append(contentsOf: $0) } }
    return data
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 32: result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
