import CHDF5

extension ArchiveWriter {
  /// Sets a scalar integer attribute of the group or data set `object`; a missing group is created.
  public func setAttribute(_ name: String, of object: String = "/", to value: Int64) throws(ArchiveError) {
    try writeAttribute(name, of: object, [value], shape: [])
  }

  /// Sets a scalar floating-point attribute.
  public func setAttribute(_ name: String, of object: String = "/", to value: Double) throws(ArchiveError) {
    try writeAttribute(name, of: object, [value], shape: [])
  }

  /// Sets an attribute that is a list of numbers.
  public func setAttribute<Element: ArchiveElement>(
    _ name: String, of object: String = "/", to values: [Element]
  ) throws(ArchiveError) {
    try writeAttribute(name, of: object, values, shape: [values.count])
  }

  /// Sets a text attribute, stored in UTF-8 at fixed length.
  /// - Precondition: the text holds no NUL, which ends text in HDF5.
  public func setAttribute(_ name: String, of object: String = "/", to value: String) throws(ArchiveError) {
    try writeText(name, of: object, [value], shape: [])
  }

  /// Sets an attribute that is a list of texts, stored in UTF-8 at the length of the longest.
  /// - Precondition: no text holds a NUL.
  public func setAttribute(_ name: String, of object: String = "/", to values: [String]) throws(ArchiveError) {
    try writeText(name, of: object, values, shape: [values.count])
  }

  private func writeAttribute<Element: ArchiveElement>(
    _ name: String, of object: String, _ values: [Element], shape: [Int]
  ) throws(ArchiveError) {
    let datatype = try Identifier("write attribute '\(name)'", .cannotWrite, path: path) { H5Tcopy(Element.elementType.memoryType) }
    try writeAttribute(name, of: object, values, datatype: datatype.raw, shape: shape)
  }

  private func writeText(_ name: String, of object: String, _ values: [String], shape: [Int]) throws(ArchiveError) {
    precondition(values.allSatisfy { !$0.utf8.contains(0) }, "ArchiveWriter: a text of attribute '\(name)' holds a NUL")
    let size = max(1, values.map(\.utf8.count).max() ?? 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size * values.count)
    for value in values {
      bytes.append(contentsOf: value.utf8)
      bytes.append(contentsOf: repeatElement(0, count: size - value.utf8.count))
    }
    let action = "write attribute '\(name)'"
    let datatype = try Identifier(action, .cannotWrite, path: path) { H5Tcopy(H5T_C_S1) }
    try Library.attempt(action, .cannotWrite, path: path) { H5Tset_size(datatype.raw, size) }
    try Library.attempt(action, .cannotWrite, path: path) { H5Tset_strpad(datatype.raw, H5T_STR_NULLPAD) }
    try Library.attempt(action, .cannotWrite, path: path) { H5Tset_cset(datatype.raw, H5T_CSET_UTF8) }
    try writeAttribute(name, of: object, bytes, datatype: datatype.raw, shape: shape)
  }

  private func writeAttribute<Element: ArchiveElement>(
    _ name: String, of object: String, _ values: [Element], datatype: hid_t, shape: [Int]
  ) throws(ArchiveError) {
    let action = "write attribute '\(name)' of '\(object)'"
    let location = object.split(separator: "/").reduce("") { $0 + "/" + $1 }
    let file = raw
    if !location.isEmpty, Library.perform({ unsafe H5Lexists(file, location, H5P_DEFAULT) }) <= 0 {
      Library.perform { _ = H5Eclear2(H5E_DEFAULT) }
      try createGroup(location)
    }
    let owner = try Identifier(action, .cannotWrite, path: path) {
      unsafe H5Oopen(file, location.isEmpty ? "/" : location, H5P_DEFAULT)
    }
    let extents = shape.map { hsize_t($0) }
    let space = try Identifier(action, .cannotWrite, path: path) {
      shape.isEmpty ? H5Screate(H5S_SCALAR) : unsafe H5Screate_simple(Int32(extents.count), extents, nil)
    }
    let attribute = try Identifier(action, .cannotWrite, path: path) {
      unsafe H5Acreate2(owner.raw, name, datatype, space.raw, H5P_DEFAULT, H5P_DEFAULT)
    }
    guard !values.isEmpty else { return }
    try Library.attempt(action, .cannotWrite, path: path) { unsafe H5Awrite(attribute.raw, datatype, values) }
  }
}
