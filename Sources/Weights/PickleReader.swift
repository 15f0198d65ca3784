/// Reads pickles of tensors, numbers, text and containers of these; nothing in the file is ever called.
///
/// Python's own reader calls whatever the file names. This one knows a few names and builds what they stand for by itself; any other
/// name, and any instruction beyond those that `torch.save` writes in protocol 2, ends the reading with an error that names it.
/// - Source: Python's Lib/pickletools.py, which describes every instruction.
struct PickleReader {
  /// Containers by slot; a dictionary holds keys and values in turn.
  private(set) var arena: [[PickleValue]] = []
  private var stack: [PickleValue] = []
  private var memo: [Int: PickleValue] = [:]
  private var reader: ByteReader

  /// Names that stand for a kind of numbers: `torch FloatStorage` and the like.
  private static let storages = Dictionary(uniqueKeysWithValues: NumberKind.allCases.map { ("torch.\($0.storageName)", $0) })
  private static let callables: Set<String> = [
    "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
  ]

  init(_ reader: ByteReader) { self.reader = reader }

  /// Reads one pickle and leaves the reader behind it.
  static func read(_ reader: inout ByteReader) throws -> (value: PickleValue, arena: [[PickleValue]]) {
    var machine = PickleReader(reader)
    let value = try machine.run()
    reader = machine.reader
    return (value, machine.arena)
  }

  private mutating func run() throws -> PickleValue {
    while true {
      let code = try reader.byte()
      if code == UInt8(ascii: ".") {
        let value = try pop()
        guard stack.isEmpty else { throw damaged("it ends with \(stack.count) values left over") }
        return value
      }
      try perform(code)
    }
  }

  private mutating func perform(_ code: UInt8) throws {
    switch code {
    case 0x80:
      let version = try reader.byte()
      guard version <= 3 else { throw damaged("its protocol is \(version), torch.save writes 2") }
    case UInt8(ascii: "("): stack.append(.mark)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try reader.unsigned(4)))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.unsigned(1))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.unsigned(2))))
    case 0x8a: stack.append(wholeNumber(Array(try reader.take(Int(try reader.byte())))))
    case UInt8(ascii: "G"): stack.append(.float(Double(bitPattern: try reader.unsigned(8).byteSwapped)))
    case UInt8(ascii: "X"): stack.append(.text(try text(try reader.count(4))))
    case UInt8(ascii: "U"): stack.append(.text(try text(try reader.count(1))))
    case UInt8(ascii: ")"): stack.append(.tuple(place([])))
    case 0x85, 0x86, 0x87:
      var items: [PickleValue] = []
      for _ in 0...(code - 0x85) { items.insert(try pop(), at: 0) }
      stack.append(.tuple(place(items)))
    case UInt8(ascii: "t"): stack.append(.tuple(place(try popToMark())))
    case UInt8(ascii: "]"): stack.append(.list(place([])))
    case UInt8(ascii: "l"): stack.append(.list(place(try popToMark())))
    case UInt8(ascii: "}"): stack.append(.dictionary(place([])))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"):
      let value = try pop()
      try set([try pop(), value])
    case UInt8(ascii: "u"): try set(try popToMark())
    case UInt8(ascii: "q"): memo[Int(try reader.byte())] = try top()
    case UInt8(ascii: "r"): memo[try reader.count(4)] = try top()
    case UInt8(ascii: "h"): stack.append(try recall(Int(try reader.byte())))
    case UInt8(ascii: "j"): stack.append(try recall(try reader.count(4)))
    case UInt8(ascii: "c"): stack.append(.global(try global()))
    case UInt8(ascii: "Q"): stack.append(.storage(try storage()))
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default: throw refused(code)
    }
  }

  // MARK: Values

  private mutating func place(_ items: [PickleValue]) -> Int {
    arena.append(items)
    return arena.count - 1
  }

  private mutating func pop() throws -> PickleValue {
    guard let value = stack.popLast() else { throw damaged("an instruction finds no value") }
    if case .mark = value { throw damaged("an instruction finds no value") }
    return value
  }

  private func top() throws -> PickleValue {
    guard let value = stack.last else { throw damaged("an instruction finds no value") }
    if case .mark = value { throw damaged("an instruction finds no value") }
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    let mark = stack.lastIndex { if case .mark = $0 { true } else { false } }
    guard let mark else { throw damaged("an instruction finds no mark") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[(mark + 1)...])
  }

  private func recall(_ index: Int) throws -> PickleValue {
    guard let value = memo[index] else { throw damaged("value \(index) is asked for before it was noted") }
    return value
  }

  private mutating func text(_ count: Int) throws -> String { String(decoding: try reader.take(count), as: UTF8.self) }

  /// Little-endian two's complement.
  private func wholeNumber(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .wide(bytes) }
    let fill: UInt8 = bytes.last.map { $0 & 0x80 != 0 ? 0xff : 0 } ?? 0
    let word = (bytes + Array(repeating: fill, count: 8 - bytes.count)).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return .integer(Int(Int64(bitPattern: word)))
  }

  private mutating func append(_ items: [PickleValue]) throws {
    guard case .list(let slot) = try top() else { throw damaged("something is appended to \(try top().kind)") }
    arena[slot] += items
  }

  private mutating func set(_ items: [PickleValue]) throws {
    guard case .dictionary(let slot) = try top(), items.count % 2 == 0 else { throw damaged("a key is set in \(try top().kind)") }
    arena[slot] += items
  }

  // MARK: Names and what they stand for

  private mutating func global() throws -> String {
    let name = "\(try reader.line()).\(try reader.line())"
    guard Self.callables.contains(name) || Self.storages[name] != nil else {
      throw WeightError(
        .unreadable,
        "\(reader.path): the pickle asks for \(WeightError.shown(name)), which is refused: only tensors, numbers, text and dictionaries of "
          + "these are read; save generator.state_dict() alone")
    }
    return name
  }

  private mutating func items(of value: PickleValue) throws -> [PickleValue] {
    switch value {
    case .tuple(let slot), .list(let slot): return arena[slot]
    default: throw damaged("\(value.kind) stands where a tuple should")
    }
  }

  /// `('storage', kind, key, device, count[, view])`, as torch.save names what lies beside the pickle.
  private mutating func storage() throws -> StorageReference {
    let parts = try items(of: try pop())
    guard parts.count == 5 || parts.count == 6, case .text("storage") = parts[0], case .global(let name) = parts[1],
      let kind = Self.storages[name], case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw damaged("it refers to something that is no storage of numbers") }
    if parts.count == 6 { guard case .none = parts[5] else { throw damaged("a storage is a view of another, which is not read here") } }
    return StorageReference(key: key, kind: kind, count: count)
  }

  private mutating func reduce() throws {
    let arguments = try items(of: try pop())
    guard case .global(let name) = try pop() else { throw damaged("something other than a name is called") }
    switch name {
    case "collections.OrderedDict":
      guard arguments.isEmpty else { throw damaged("an OrderedDict is made in a way that torch.save does not use") }
      stack.append(.dictionary(place([])))
    case "torch._utils._rebuild_tensor_v2": stack.append(.tensor(try tensor(arguments)))
    case "torch._utils._rebuild_parameter":
      guard let first = arguments.first, case .tensor = first else { throw damaged("a parameter is made of something else than a tensor") }
      stack.append(first)
    default: throw damaged("\(name) is called")
    }
  }

  private mutating func tensor(_ arguments: [PickleValue]) throws -> StoredTensor {
    guard arguments.count >= 6, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1], offset >= 0 else {
      throw damaged("a tensor is described in a way that torch.save does not use")
    }
    let (shape, strides) = (try numbers(arguments[2]), try numbers(arguments[3]))
    guard shape.count == strides.count else { throw damaged("a tensor has \(shape.count) sizes and \(strides.count) strides") }
    guard let bound = Self.bound(offset, shape, strides), bound.end <= storage.count, bound.count <= storage.count else {
      throw damaged("a tensor of shape \(shape), strides \(strides) and offset \(offset) exceeds its \(storage.count) numbers")
    }
    return StoredTensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  private mutating func numbers(_ value: PickleValue) throws -> [Int] {
    try items(of: value).map {
      guard case .integer(let number) = $0, number >= 0 else { throw damaged("a size is \($0.kind), or negative") }
      return number
    }
  }

  /// One more than the largest index of a grid, and its number of elements; nil when they are too large for numbers.
  private static func bound(_ offset: Int, _ shape: [Int], _ strides: [Int]) -> (end: Int, count: Int)? {
    if shape.contains(0) { return (0, 0) }
    var (last, count) = (offset, 1)
    for (length, stride) in zip(shape, strides) {
      let (product, first) = (length - 1).multipliedReportingOverflow(by: stride)
      let (sum, second) = last.addingReportingOverflow(product)
      let (elements, third) = count.multipliedReportingOverflow(by: length)
      if first || second || third || sum == Int.max { return nil }
      (last, count) = (sum, elements)
    }
    return (last + 1, count)
  }

  /// Attributes of an OrderedDict (`_metadata`: versions of modules) are of no use here and left out.
  private mutating func build() throws {
    _ = try pop()
    guard case .dictionary = try top() else { throw damaged("attributes are set on \(try top().kind)") }
  }

  // MARK: Refusals

  private func damaged(_ sentence: String) -> WeightError {
    WeightError(.unreadable, "\(reader.path): not a sound pickle of torch.save: \(sentence)")
  }

  /// Instructions that could make or call anything, by the names of Python's pickletools.
  private static let names: [UInt8: String] = [
    UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x93: "STACK_GLOBAL", 0x82: "EXT1",
    0x83: "EXT2", 0x84: "EXT4", UInt8(ascii: "P"): "PERSID", 0x95: "FRAME",
  ]

  private func refused(_ code: UInt8) -> WeightError {
    let name = Self.names[code] ?? "0x\(String(code, radix: 16))"
    return WeightError(
      .unreadable, "\(reader.path): the pickle has the instruction \(name), which is refused: torch.save does not write it for tensors")
  }
}
