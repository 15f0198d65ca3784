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
  /// - Throws: `RunError` with exit code 73.
  func claim() throws {
    switch self {
    case .sheet(let path): try OutputFile.claim(path, mustBeNew: false)
    case .hdf5(let path):
      try OutputFile.claim(path, mustBeNew: true)
      // It appears complete or not at all.
      unsafe unlink(path)
    case .folder(let path):
      let files = FileManager.default
      if let content = try? files.contentsOfDirectory(atPath: path), !content.isEmpty {
        throw RunError(.cannotCreate, "\(path): cannot write samples here: the folder is not empty; name another")
      }
      try Self.makeFolder(path)
    }
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
      throw RunError(.cannotCreate, "\(path): cannot make the folder: \((cause as NSError).localizedDescription)")
    }
  }

  /// A class's folder: its name without what a file system could take amiss.
  static func folderName(ofClass number: Int, in names: [String]) -> String {
    let name = SampleSheet.name(ofClass: number, in: names)
    let safe = String(name.map { $0 == "/" || $0.isNewline || $0 == "\0" ? "-" : $0 })
    return safe.isEmpty || safe.hasPrefix(".") ? "\(number)" : safe
  }
}
