import CHDF5

extension ArchiveReader {
  /// Whether the object at `object` has an attribute `name`.
  public func hasAttribute(_ name: String, of object: String = "/") -> Bool {
    guard let owner = try? open(object) else { return false }
    return Library.perform { unsafe H5Aexists(owner.raw, name) } > 0
  }

  /// The value of a scalar (or one-element) integer attribute.
  public func attribute(_ name: String, of object: String = "/", as type: Int64.Type = Int64.self) throws(ArchiveError) -> Int64 {
    try single(numbers(name, of: object), name, of: object)
  }

  /// The value of a scalar (or one-element) floating-point attribute.
  public func attribute(_ name: String, of object: String = "/", as type: Double.Type = Double.self) throws(ArchiveError) -> Double {
    try single(numbers(name, of: object), name, of: object)
  }

  /// The value of a scalar (or one-element) text attribute, fixed-length or variable-length.
  public func attribute(_ name: String, of object: String = "/", as type: String.Type = String.self) throws(ArchiveError) -> String {
    try single(attribute(name, of: object, as: [String].self), name, of: object)
  }

  /// The values of a numeric attribute, in the order of the file.
  public func attribute<Element: ArchiveElement>(
    _ name: String, of object: String = "/", as type: [Element].Type = [Element].self
  ) throws(ArchiveError) -> [Element] {
    try numbers(name, of: object)
  }

  /// The values of a text attribute, fixed-length or variable-length, in the order of the file.
  public func attribute(
    _ name: String, of object: String = "/", as type: [String].Type = [String].self
  ) throws(ArchiveError) -> [String] {
    let attribute = try openAttribute(name, of: object)
    guard attribute.elementType == .string else {
      throw wrongType(name, of: object, found: attribute.elementType, expected: .string)
    }
    guard attribute.count > 0 else { return [] }
    let isVariable = Library.perform { H5Tis_variable_str(attribute.datatype.raw) } > 0
    return isVariable ? try variableText(attribute, name) : try fixedText(attribute, name)
  }

  /// An open attribute with what is needed to read it.
  private struct Attribute: ~Copyable {
    let attribute: Identifier
    let datatype: Identifier
    let space: Identifier
    let elementType: ElementType
    let count: Int
  }

  private func openAttribute(_ name: String, of object: String) throws(ArchiveError) -> Attribute {
    let owner = try open(object)
    guard Library.perform({ unsafe H5Aexists(owner.raw, name) }) > 0 else {
      throw ArchiveError(.missing, "'\(object)' has no attribute '\(name)'", path: path)
    }
    let action = "read attribute '\(name)' of '\(object)'"
    let attribute = try Identifier(action, .damaged, path: path) { unsafe H5Aopen(owner.raw, name, H5P_DEFAULT) }
    let datatype = try Identifier(action, .damaged, path: path) { H5Aget_type(attribute.raw) }
    let space = try Identifier(action, .damaged, path: path) { H5Aget_space(attribute.raw) }
    let count = try Library.attempt(action, .damaged, path: path) { H5Sget_simple_extent_npoints(space.raw) }
    let (elementType, size) = Library.perform { (ElementType(datatype: datatype.raw), H5Tget_size(datatype.raw)) }
    // Attributes lie in the file as they are: one that claims more than the file is damage.
    guard Double(count) * Double(size) <= Double(max(fileSize, 64)) else {
      throw ArchiveError(.damaged, "attribute '\(name)' of '\(object)' claims more bytes than the file has: it is damaged", path: path)
    }
    return Attribute(attribute: attribute, datatype: datatype, space: space, elementType: elementType, count: Int(count))
  }

  private func numbers<Element: ArchiveElement>(_ name: String, of object: String) throws(ArchiveError) -> [Element] {
    let attribute = try openAttribute(name, of: object)
    guard Element.elementType.holds(attribute.elementType) else {
      throw wrongType(name, of: object, found: attribute.elementType, expected: Element.elementType)
    }
    var elements = [Element](repeating: 0, count: attribute.count)
    guard !elements.isEmpty else { return [] }
    try Library.attempt("read attribute '\(name)' of '\(object)'", .damaged, path: path) {
      unsafe H5Aread(attribute.attribute.raw, Element.elementType.memoryType, &elements)
    }
    return elements
  }

  private func fixedText(_ attribute: borrowing Attribute, _ name: String) throws(ArchiveError) -> [String] {
    let raw = attribute.attribute.raw
    let datatype = attribute.datatype.raw
    let (size, padding) = Library.perform { (H5Tget_size(datatype), H5Tget_strpad(datatype)) }
    var bytes = [UInt8](repeating: 0, count: attribute.count * size)
    try Library.attempt("read attribute '\(name)'", .damaged, path: path) { unsafe H5Aread(raw, datatype, &bytes) }
    return (0..<attribute.count).map { index in
      var text = bytes[(index * size)..<((index + 1) * size)]
      if padding == H5T_STR_NULLTERM { text = text.prefix { $0 != 0 } }
      while let last = text.last, last == 0 || (padding == H5T_STR_SPACEPAD && last == 0x20) { text.removeLast() }
      return String(decoding: text, as: UTF8.self)
    }
  }

  private func variableText(_ attribute: borrowing Attribute, _ name: String) throws(ArchiveError) -> [String] {
    let action = "read attribute '\(name)'"
    let raw = attribute.attribute.raw
    let space = attribute.space.raw
    let characters = Library.perform { H5Tget_cset(attribute.datatype.raw) }
    let memoryType = try Identifier(action, .damaged, path: path) { H5Tcopy(H5T_C_S1) }
    try Library.attempt(action, .damaged, path: path) { H5Tset_size(memoryType.raw, H5T_VARIABLE) }
    try Library.attempt(action, .damaged, path: path) { H5Tset_cset(memoryType.raw, characters) }
    var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: attribute.count)
    try Library.attempt(action, .damaged, path: path) { unsafe H5Aread(raw, memoryType.raw, &pointers) }
    let texts = unsafe pointers.map { pointer in unsafe pointer.map { unsafe String(cString: $0) } ?? "" }
    _ = Library.perform { unsafe H5Dvlen_reclaim(memoryType.raw, space, H5P_DEFAULT, &pointers) }
    return texts
  }

  private func single<Value>(_ values: [Value], _ name: String, of object: String) throws(ArchiveError) -> Value {
    guard values.count == 1 else {
      throw ArchiveError(.wrongShape, "attribute '\(name)' of '\(object)' has \(values.count) values, expected one", path: path)
    }
    return values[0]
  }

  private func wrongType(_ name: String, of object: String, found: ElementType, expected: ElementType) -> ArchiveError {
    ArchiveError(.wrongType, "attribute '\(name)' of '\(object)' holds \(found), expected \(expected)", path: path)
  }
}
