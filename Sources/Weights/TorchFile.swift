/// Files that `torch.save` writes of a network's state: a zip of a pickle and raw numbers, or, before PyTorch 1.6, pickles and raw numbers
/// one after the other.
public struct TorchFile: Sendable, Equatable {
  /// The tensors by name, in the order of the file; names of nested dictionaries are joined by dots.
  public let arrays: [WeightArray]

  /// Reads a file.
  /// - Throws: `WeightError` when it is missing or damaged, or its pickle holds anything but tensors in dictionaries.
  public init(contentsOf path: String) throws {
    try self.init(bytes: try ByteReader.contents(of: path), path: path)
  }

  init(bytes: [UInt8], path: String) throws {
    arrays = try ZipArchive.isZip(bytes) ? Self.zipped(bytes, path) : Self.legacy(bytes, path)
    if arrays.isEmpty { throw WeightError(.unreadable, "\(path): it holds no tensors") }
  }

  private static func zipped(_ bytes: [UInt8], _ path: String) throws -> [WeightArray] {
    let archive = try ZipArchive(bytes, path: path)
    guard let pickle = archive.names.first(where: { $0.hasSuffix("/data.pkl") }) else {
      throw WeightError(.unreadable, "\(path): a zip file, but not of torch.save: it has no data.pkl")
    }
    let root = pickle.dropLast("data.pkl".count)
    if archive.names.contains("\(root)byteorder"), Array(try archive.contents("\(root)byteorder")) != Array("little".utf8) {
      throw WeightError(.unreadable, "\(path): its numbers are not little-endian, which is not read here")
    }
    var reader = ByteReader(try archive.contents(pickle), path: path)
    let content = try PickleReader.read(&reader)
    return try tensors(content, path: path, limit: bytes.count) { try archive.contents("\(root)data/\($0.key)") }
  }

  /// The first pickle of a legacy file: 0x1950a86a20f9469cfc6c, little-endian.
  private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  private static func legacy(_ bytes: [UInt8], _ path: String) throws -> [WeightArray] {
    var reader = ByteReader(bytes[...], path: path)
    guard bytes.starts(with: [0x80, 2]), case .wide(magic) = try PickleReader.read(&reader).value else {
      throw WeightError(.unreadable, "\(path): neither a safetensors file nor one of torch.save")
    }
    _ = try PickleReader.read(&reader)  // protocol
    _ = try PickleReader.read(&reader)  // sizes of C's types on the machine that wrote it
    let content = try PickleReader.read(&reader)
    let keys = try PickleReader.read(&reader)
    guard case .list(let slot) = keys.value else { throw WeightError(.unreadable, "\(path): its list of storages is missing") }
    let kinds = content.arena.reduce(into: [String: NumberKind]()) { kinds, items in
      for case .tensor(let tensor) in items { kinds[tensor.storage.key] = tensor.storage.kind }
    }
    var storages: [String: ArraySlice<UInt8>] = [:]
    for case .text(let key) in keys.arena[slot] {
      let count = try reader.count(8)
      guard let kind = kinds[key], count <= reader.remaining / kind.size else {
        throw WeightError(.unreadable, "\(path): the file is cut short or damaged in storage \(WeightError.shown(key))")
      }
      storages[key] = try reader.take(count * kind.size)
    }
    return try tensors(content, path: path, limit: bytes.count) { storages[$0.key] ?? [] }
  }

  /// The tensors of a pickle with their numbers.
  /// - Parameter limit: more numbers than this are refused: tensors may overlap, but not so that a small file fills the memory.
  private static func tensors(
    _ content: (value: PickleValue, arena: [[PickleValue]]), path: String, limit: Int,
    bytes: (StorageReference) throws -> ArraySlice<UInt8>
  ) throws -> [WeightArray] {
    var loaded: [String: [Float]] = [:]
    var (result, names, total): ([WeightArray], Set<String>, Int) = ([], [], 0)
    var visits = 0
    func visit(_ value: PickleValue, _ name: String, _ depth: Int) throws {
      visits += 1
      // Dictionaries may hold one another many times over.
      guard visits <= 1_000_000 else { throw WeightError(.unreadable, "\(path): its dictionaries hold more than a million entries") }
      switch value {
      case .tensor(let tensor):
        total += tensor.shape.reduce(1, *)
        guard total <= limit else { throw WeightError(.unreadable, "\(path): its tensors overlap to more numbers than the file has bytes") }
        guard names.insert(name).inserted else { throw WeightError(.unreadable, "\(path): \(WeightError.shown(name)) is there twice") }
        let storage = tensor.storage
        if loaded[storage.key] == nil {
          let raw = try bytes(storage)
          guard raw.count == storage.count * storage.kind.size else {
            throw WeightError(
              .unreadable,
              "\(path): \(WeightError.shown(name)) should lie in \(storage.count) numbers of \(storage.kind.size) bytes and \(raw.count) bytes "
                + "are there: the file is damaged")
          }
          loaded[storage.key] = storage.kind.floats(raw)
        }
        let numbers = loaded[storage.key] ?? []
        guard numbers.count == storage.count else { throw WeightError(.unreadable, "\(path): two kinds of numbers share a storage") }
        let values = WeightArray.gathered(numbers, from: tensor.offset, sizes: tensor.shape, strides: tensor.strides)
        result.append(WeightArray(name: name, shape: tensor.shape, values: values))
      case .dictionary(let slot) where depth < 8:
        let items = content.arena[slot]
        for index in stride(from: 0, to: items.count - 1, by: 2) {
          guard case .text(let key) = items[index] else { continue }
          try visit(items[index + 1], name.isEmpty ? key : "\(name).\(key)", depth + 1)
        }
      // Numbers and text beside the tensors (steps, names) say nothing about weights.
      default: return
      }
    }
    guard case .dictionary = content.value else {
      throw WeightError(.unreadable, "\(path): it holds \(content.value.kind); a dictionary of tensors, as state_dict() gives, is needed")
    }
    try visit(content.value, "", 0)
    return result
  }
}
