/// A value out of a pickle. Containers are numbers of slots in the reader's arena, so that no nesting, however deep, costs stack.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number of more than 64 bits: legacy files begin with one.
  case wide([UInt8])
  case float(Double)
  case text(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  /// A name that may be called, or stands for a kind of storage.
  case global(String)
  case storage(StorageReference)
  case tensor(StoredTensor)
  case mark

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a truth value"
    case .integer, .wide: "a whole number"
    case .float: "a number"
    case .text: "text"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .global(let name): name
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .mark: "a mark"
    }
  }
}

/// A run of numbers that lies beside the pickle.
struct StorageReference: Sendable, Equatable {
  let key: String
  let kind: NumberKind
  let count: Int
}

/// A tensor as the pickle describes it: a grid over a storage, checked to lie within.
struct StoredTensor: Sendable {
  let storage: StorageReference
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}
