/// Some consecutive images of a source, ready for the data set: the unit in which ranks share the work.
public struct ImportBlock: Sendable {
  /// Bytes `[count, channels, height, width]` of the good images.
  public internal(set) var planes: [UInt8] = []
  /// Their classes.
  public internal(set) var labels: [Int32] = []
  /// A sentence for each bad image.
  public internal(set) var bad: [String] = []

  /// Reads and prepares images.
  /// - Parameters:
  ///   - indices: which images.
  ///   - source: where they come from.
  ///   - preparation: what becomes of each: crop, size, channels.
  ///   - skipsBad: whether bad images are noted and left out.
  ///   - forEach: runs its second argument for all numbers below the first, at once if it can.
  /// - Throws: `DatasetError` of the first image that is bad, unless such are left out, or that does not fit.
  public init(
    _ indices: Range<Int>, of source: any ImportSource, _ preparation: ImagePreparation, skipsBad: Bool,
    forEach: (Int, (Int) -> Void) -> Void
  ) throws {
    let size = preparation.format.sampleCount
    var outcomes = [Outcome](repeating: .missing, count: indices.count)
    planes = unsafe [UInt8](unsafeUninitializedCapacity: indices.count * size) { planes, count in
      unsafe planes.initialize(repeating: 0)
      count = indices.count * size
      // Sound: each number has its own element of `outcomes` and its own `size` bytes of `planes`.
      unsafe outcomes.withUnsafeMutableBufferPointer { outcomes in
        nonisolated(unsafe) let outcomes = unsafe outcomes
        nonisolated(unsafe) let planes = unsafe planes
        forEach(indices.count) { offset in
          let place = (offset * size)..<((offset + 1) * size)
          unsafe outcomes[offset] = unsafe Self.make(
            indices.lowerBound + offset, of: source, preparation, into: UnsafeMutableBufferPointer(rebasing: planes[place]))
        }
      }
    }
    var kept = 0
    for (offset, outcome) in outcomes.enumerated() {
      switch outcome {
      case .good(let label):
        labels.append(label)
        // Good images move up to where bad ones were left out.
        if kept < offset {
          planes.replaceSubrange((kept * size)..<((kept + 1) * size), with: planes[(offset * size)..<((offset + 1) * size)])
        }
        kept += 1
      case .bad(let error):
        guard skipsBad else { throw error }
        bad.append(error.description)
      case .unfit(let error): throw error
      case .missing: preconditionFailure("ImportBlock: image \(indices.lowerBound + offset) was passed over by forEach")
      }
    }
    planes.removeLast((indices.count - kept) * size)
  }

  private enum Outcome {
    case missing
    case good(Int32)
    /// The image cannot be read.
    case bad(DatasetError)
    /// The image can be read, but does not fit the set.
    case unfit(DatasetError)
  }

  private static func make(
    _ index: Int, of source: any ImportSource, _ preparation: ImagePreparation, into planes: UnsafeMutableBufferPointer<UInt8>
  ) -> Outcome {
    let image: ImportedImage
    do {
      image = try source.read(index)
    } catch let error as DatasetError {
      return .bad(error)
    } catch {
      return .bad(DatasetError(.damaged, path: "image \(index)", "\(error)"))
    }
    do {
      try unsafe preparation.apply(image, into: planes)
      return .good(image.label)
    } catch let error as DatasetError {
      return .unfit(error)
    } catch {
      return .unfit(DatasetError(.unsuitable, path: image.place, "\(error)"))
    }
  }
}

extension ImportBlock {
  /// The block for another process: planes, labels and sentences, then their lengths.
  public var message: [UInt8] {
    var message = planes
    for label in labels { unsafe withUnsafeBytes(of: label.littleEndian) { unsafe message.append(contentsOf: $0) } }
    let text = Array(bad.joined(separator: "\u{0}").utf8)
    message += text
    for count in [planes.count, labels.count, text.count] {
      unsafe withUnsafeBytes(of: UInt64(count).littleEndian) { unsafe message.append(contentsOf: $0) }
    }
    return message
  }

  /// A block as another process sent it.
  /// - Parameters:
  ///   - message: the bytes that `message` gave there.
  ///   - withImages: whether images and labels are taken over; a rank that does not write needs the sentences alone.
  /// - Precondition: `message` is one.
  public init(message: [UInt8], withImages: Bool = true) {
    let (planesCount, labelCount, textCount) = unsafe message.withUnsafeBytes { bytes in
      func number(_ place: Int) -> Int {
        unsafe Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 24 + 8 * place, as: UInt64.self)))
      }
      return (number(0), number(1), number(2))
    }
    precondition(planesCount + 4 * labelCount + textCount + 24 == message.count, "ImportBlock: a message of \(message.count) bytes")
    if withImages {
      planes = Array(message[..<planesCount])
      labels = unsafe message.withUnsafeBytes { bytes in
        (0..<labelCount).map { unsafe Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: planesCount + 4 * $0, as: Int32.self)) }
      }
    }
    let text = message[(planesCount + 4 * labelCount)..<(message.count - 24)]
    bad = String(decoding: text, as: UTF8.self).split(separator: "\u{0}").map(String.init)
  }
}
