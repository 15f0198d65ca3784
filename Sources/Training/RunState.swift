public import Adversarial
import Kernels
import Layers
import Optimization

/// One named array among everything that training changes.
struct StateArray {
  /// Slash-separated name in a checkpoint, its last part the dotted path.
  let name: String
  let shape: [Int]
  let memory: FlatMemory
  let offset: Int

  var buffer: UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: memory.pointer + offset, count: shape.reduce(1, *))
  }
}

extension Network {
  /// Everything that training changes in this network, in a fixed order: parameters, buffers, averages, optimizer state.
  func stateArrays() -> [StateArray] {
    guard let values = store.values, let buffers = store.bufferValues else { return [] }
    func arrays(_ group: String, _ entries: [ParameterStore.Entry], _ memory: FlatMemory) -> [StateArray] {
      entries.map { StateArray(name: "\(group)/\($0.path)", shape: $0.shape, memory: memory, offset: $0.offset) }
    }
    var result = arrays("parameters", store.parameters, values) + arrays("buffers", store.buffers, buffers)
    if let average = average?.allocated {
      result += arrays("averages/parameters", store.parameters, average.values)
      result += arrays("averages/buffers", store.buffers, average.buffers)
    }
    for (name, memory) in optimizer.state { result += arrays("optimizers/\(name)", store.parameters, memory) }
    return result
  }
}

extension Recipe {
  /// Everything that training changes, network by network.
  func stateArrays() -> [StateArray] { networks.flatMap { $0.stateArrays() } }

  /// Hash of all parameters: the same on every rank and for every number of ranks.
  public func parameterHash() -> UInt64 { StateArray.hash(stateArrays().filter { $0.name.hasPrefix("parameters/") }) }

  /// Hash of everything that training changes.
  func stateHash() -> UInt64 { StateArray.hash(stateArrays()) }
}

extension StateArray {
  /// Index of the first element that is infinite or NaN, or nil.
  var firstNonFinite: Int? {
    let buffer = unsafe buffer
    guard let base = buffer.baseAddress else { return nil }
    return unsafe Kernels.firstNonFinite(base, buffer.count)
  }

  /// Hash of names and numbers.
  static func hash(_ arrays: [StateArray]) -> UInt64 {
    arrays.reduce(0) { seed, array in
      let path = textHash(array.name, seed: seed)
      let bytes = unsafe UnsafeRawBufferPointer(array.buffer)
      guard let base = bytes.baseAddress else { return path }
      return unsafe Kernels.hashBits(base, byteCount: bytes.count, seed: path)
    }
  }
}

/// A hash as logs print it: 16 hexadecimal digits.
public func hashText(_ hash: UInt64) -> String {
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
