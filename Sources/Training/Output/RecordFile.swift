internal import Archive
internal import Foundation

/// A file of checked records, as TensorFlow's readers expect them (TFRecord).
///
/// A record is its length in 8 bytes, the masked check of those 8 bytes in 4, the data, and the masked check of the data in 4; numbers are
/// little-endian. Each record is written by one call and at once: a kill costs at most the last one, and readers stop before it.
/// - Source: TensorFlow, "TFRecord and tf.train.Example". https://www.tensorflow.org/tutorials/load_data/tfrecord
final class RecordFile {
  let path: String
  private let file: FileHandle
  private var end: UInt64 = 0

  /// Makes the file at `path`, which must be new.
  /// - Throws: `LogError` when it cannot be made.
  init(creating path: String) throws {
    self.path = path
    do {
      try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
      file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    } catch {
      throw LogError(path: path, attempt: "create the file", reason: error)
    }
  }

  /// Appends a record.
  /// - Throws: `LogError` when it cannot be written, as on a full disk; what was written of it is taken back.
  func append(_ data: [UInt8]) throws {
    let record = Self.framed(data)
    do {
      try file.write(contentsOf: record)
      end += UInt64(record.count)
    } catch {
      // Readers would take later records for the missing part of this one.
      try? file.truncate(atOffset: end)
      throw LogError(path: path, attempt: "append a record", reason: error)
    }
  }

  deinit { try? file.close() }

  /// A record around `data`.
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(maskedCheck(length)) + data + littleEndian(maskedCheck(data))
  }

  /// CRC-32C, rotated right by 15 bits and with a constant added: checks of data that holds checks would otherwise be weak.
  static func maskedCheck(_ bytes: [UInt8]) -> UInt32 {
    let check = unsafe bytes.withUnsafeBytes { unsafe crc32c($0) }
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }
}
