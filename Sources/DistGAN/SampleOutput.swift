import Foundation
import Images
import Training

/// Where samples go.
enum SampleOutput {
  /// One picture of all.
  case sheet(String)
  /// A data set.
  case hdf5(String)
  /// PNG files, in a folder for each class.
  case folder(String)

  /// The form that a path's ending means; nil for an ending that means none.
  init?(path: String) {
    let ending = (path as NSString).pathExtension.lowercased()
    switch ending {
    case "png" where !path.hasSuffix("/"): self = .sheet(path)
    case "h5" where !path.hasSuffix("/"), "hdf5" where !path.hasSuffix("/"): self = .hdf5(path)
    case "": self = .folder(path)
    default:
      guard path.hasSuffix("/") else { return nil }
      self = .folder(path)
    }
  }

  /// Makes sure, before anything is drawn, that the output can be made and that nothing is lost.
  /// - Returns: the folder to be filled; nil for other outputs.
  /// - Throws: `RunError` with exit code 73.
  func claim() throws -> OutputFolder? {
    switch self {
    case .sheet(let path): try OutputFile.claim(path, mustBeNew: false)
    case .hdf5(let path): try OutputFile.claim(path, mustBeNew: true)
    case .folder(let path): return try OutputFolder(claiming: path)
    }
    return nil
  }

  /// A class's folder: its name without what a file system could take amiss.
  static func folderName(ofClass number: Int, in names: [String]) -> String {
    let name = SampleSheet.name(ofClass: number, in: names)
    let safe = String(name.map { $0 == "/" || $0.isNewline || $0 == "\0" ? "-" : $0 })
    return safe.isEmpty || safe.hasPrefix(".") ? "\(number)" : safe
  }
}
