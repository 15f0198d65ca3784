import Foundation
import Images

/// Pictures without any regularity that a mistake in rows, columns or channels could hide behind.
func scrambled(_ width: Int, _ height: Int, _ channels: Int) -> Picture {
  var state: UInt32 = 12345
  let pixels = (0..<width * height * channels).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return UInt8(state >> 24)
  }
  return Picture(width: width, height: height, channels: channels, pixels: pixels)
}

/// A new folder, removed when the work is done.
func withTemporaryFolder(_ work: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try work(folder.path)
}

/// The error `work` throws, if it is one of a picture.
func imageError(_ work: () throws -> Void) -> ImageError? {
  do { try work() } catch { return error as? ImageError }
  return nil
}
