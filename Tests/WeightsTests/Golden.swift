import Foundation

/// Files that Scripts/golden/biggan_pytorch.py has made with PyTorch.
enum Golden {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/biggan-pytorch/\(name)").path
  }

  static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }
}
