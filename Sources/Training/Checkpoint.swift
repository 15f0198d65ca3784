public import Adversarial
import Archive
import Layers
import Optimization

/// Where a run stands, and what it is: the attributes of a checkpoint.
public struct CheckpointHeader: Sendable, Equatable {
  /// Model, data, options: what the bits depend on.
  public var identity: [NamedValue]
  /// Steps done.
  public var step: Int
  /// Steps of the whole run, as it was planned when this was written; may change at a resume.
  public var steps: Int
  /// Samples drawn: with the seed, the state of the data order.
  public var position: Int
  /// Updates of each network, by name.
  public var updates: [NamedValue]
  /// Hash of the parameters.
  public var parameterHash: String
  /// Names of the classes, empty without.
  public var classNames: [String]
  /// What the bits depend on beside the options: instruction set, OpenBLAS. Another value at a resume is warned about.
  public var environment: [NamedValue]
  /// Sizes of the images: height, width, channels, classes (0 without).
  public var format: [Int]

  /// The value of an identity entry.
  public func value(_ name: String) -> String? { identity.first { $0.name == name }?.value }
}

/// Checkpoint files: HDF5, readable with h5py, names are the dotted paths.
public enum Checkpoint {
  private static let version: Int64 = 1

  /// Writes the state of `recipe`; at `path` there is never a part of a file.
  /// - Throws: `RunError` with exit code 74.
  public static func write(_ header: CheckpointHeader, _ recipe: any Recipe, to path: String) throws {
    do {
      try writeAtomically(to: path) { writer in
        try writer.setAttribute("format", to: version)
        try writer.setAttribute("step", to: Int64(header.step))
        try writer.setAttribute("steps", to: Int64(header.steps))
        try writer.setAttribute("position", to: Int64(header.position))
        try writer.setAttribute("parameterHash", to: header.parameterHash)
        try writer.setAttribute("imageFormat", to: header.format.map(Int64.init))
        for (name, pairs) in [("identity", header.identity), ("updates", header.updates), ("environment", header.environment)] {
          try writer.setAttribute("\(name)Names", to: pairs.map(\.name))
          try writer.setAttribute("\(name)Values", to: pairs.map { $0.value.isEmpty ? " " : $0.value })
        }
        if !header.classNames.isEmpty { try writer.setAttribute("classNames", to: header.classNames) }
        for array in recipe.stateArrays() {
          try unsafe writer.write(array.name, shape: array.shape, UnsafeBufferPointer(array.buffer))
        }
      }
    } catch {
      throw RunError(.inputOutput, "checkpoint: \(error)")
    }
  }

  /// Reads the attributes.
  /// - Throws: `RunError` with exit code 66 when the file is no checkpoint.
  public static func header(at path: String) throws -> CheckpointHeader {
    do {
      let reader = try ArchiveReader(path: path)
      let found: Int64 = try reader.attribute("format")
      guard found == version else { throw RunError(.noInput, "\(path): checkpoint format \(found), this program reads \(version)") }
      func pairs(_ name: String) throws -> [NamedValue] {
        let names: [String] = try reader.attribute("\(name)Names")
        let values: [String] = try reader.attribute("\(name)Values")
        return zip(names, values).map { NamedValue($0, $1 == " " ? "" : $1) }
      }
      let format: [Int64] = try reader.attribute("imageFormat")
      guard format.count == 4 else { throw RunError(.noInput, "\(path): the image format has \(format.count) sizes, not 4") }
      return CheckpointHeader(
        identity: try pairs("identity"), step: Int(try reader.attribute("step") as Int64),
        steps: Int(try reader.attribute("steps") as Int64),
        position: Int(try reader.attribute("position") as Int64), updates: try pairs("updates"),
        parameterHash: try reader.attribute("parameterHash"),
        classNames: reader.hasAttribute("classNames") ? try reader.attribute("classNames") : [], environment: try pairs("environment"),
        format: format.map(Int.init))
    } catch let error as RunError {
      throw error
    } catch {
      throw RunError(.noInput, "cannot read the checkpoint: \(error)")
    }
  }

  /// Reads all arrays of `recipe`, which is allocated; each is checked against its CRC-32C.
  /// - Parameters:
  ///   - recipe: the model that is to be as it was.
  ///   - path: the checkpoint.
  ///   - includingShared: whether to read what other processes see too; one of those that share it does.
  /// - Throws: `RunError` with exit code 66 when an array is missing, of another shape, or damaged.
  public static func load(_ recipe: any Recipe, from path: String, includingShared: Bool = true) throws {
    do {
      let header = try header(at: path)
      let reader = try ArchiveReader(path: path)
      for array in recipe.stateArrays() where includingShared || !array.memory.isShared {
        try unsafe reader.readFloats(array.name, shape: array.shape, into: array.buffer)
      }
      for network in recipe.networks {
        guard let count = header.updates.first(where: { $0.name == network.store.name }).flatMap({ Int($0.value) }) else {
          throw RunError(.noInput, "\(path): no update count of network \(network.store.name)")
        }
        network.optimizer.updateCount = count
      }
    } catch let error as RunError {
      throw error
    } catch {
      throw RunError(.noInput, "cannot read the checkpoint: \(error)")
    }
  }
}
