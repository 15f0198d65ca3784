import Archive
import Datasets
import Foundation
import Testing

/// A set in memory whose bytes tell index and place; fails at one image on demand.
struct ListSource: ImageSource {
  struct Failure: Error, Equatable {}

  var name = "list"
  var format = ImageFormat(channels: 3, height: 2, width: 4)
  var count = 13
  var labels: [Int32]?
  var classNames: [String]?
  var fingerprint: UInt64 = 0
  var failing: Int?

  init(count: Int = 13, failing: Int? = nil) {
    self.count = count
    self.failing = failing
    labels = (0..<count).map { Int32($0 % 5) }
  }

  /// The byte of a place of an image.
  func byte(_ index: Int, _ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 31 &+ place &* 7) }

  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    if index == failing { throw Failure() }
    for place in 0..<format.sampleCount { unsafe buffer[place] = byte(index, place) }
  }
}

/// A directory that exists as long as this object.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("datasets-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
