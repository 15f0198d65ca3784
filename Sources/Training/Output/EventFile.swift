internal import Foundation

/// The scalars and pictures of a run as an event file of TensorBoard: `OUTPUT/events.out.tfevents.SECONDS.HOST`.
///
/// Every start of a run has a file of its own. One that goes on says so first, so that readers forget what earlier files hold of later
/// steps, which the run will do again.
/// - Source: the messages `Event` and `Summary` of TensorFlow's `core/util/event.proto` and `core/framework/summary.proto`.
public final class EventFile {
  /// Path of the file.
  public var path: String { records.path }
  private let records: RecordFile
  private let now: () -> Double

  /// Makes a file in `directory` for a run that begins after `step`.
  /// - Throws: `LogError` when it cannot be made.
  public convenience init(directory: String, host: String, after step: Int) throws {
    try self.init(directory: directory, host: host, after: step, now: { Date().timeIntervalSince1970 })
  }

  init(directory: String, host: String, after step: Int, now: @escaping () -> Double) throws {
    self.now = now
    records = try RecordFile(creating: "\(directory)/\(Self.name(in: directory, host: host, seconds: Int(now())))")
    try write(step: 0) { $0.add(3, "brain.Event:2") }
    // Status 1 of the message SessionLog is START: what was written of this step and later ones before is void.
    if step > 0 { try write(step: step + 1) { $0.add(7) { $0.add(1, 1) } } }
  }

  /// Adds numbers under their tags; tags of one prefix up to a slash are shown together.
  /// - Throws: `LogError`.
  public func write(scalars: [(tag: String, value: Float)], step: Int) throws {
    try write(step: step) { event in
      event.add(5) { summary in
        for (tag, value) in scalars {
          summary.add(1) { entry in
            entry.add(1, tag)
            entry.add(2, value)
          }
        }
      }
    }
  }

  /// Adds a picture.
  /// - Parameters:
  ///   - png: the picture's PNG file.
  ///   - tag: name of the series it belongs to.
  ///   - step: step of the run.
  /// - Throws: `LogError`.
  public func write(png: [UInt8], tag: String, step: Int) throws {
    // Width, height, bits and kind of colours stand in a PNG's first chunk.
    precondition(png.count > 25, "EventFile: \(png.count) bytes are no PNG")
    func number(at offset: Int) -> Int { png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    let channels = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][png[25]] ?? 3
    try write(step: step) { event in
      event.add(5) { summary in
        summary.add(1) { entry in
          entry.add(1, tag)
          entry.add(4) { image in
            image.add(1, number(at: 20))
            image.add(2, number(at: 16))
            image.add(3, channels)
            image.add(4, png)
          }
        }
      }
    }
  }

  /// Adds text, which is shown as Markdown.
  /// - Throws: `LogError`.
  public func write(markdown: String, tag: String, step: Int) throws {
    try write(step: step) { event in
      event.add(5) { summary in
        summary.add(1) { entry in
          entry.add(1, tag)
          // A tensor of one string: type 7, shape [1].
          entry.add(8) { tensor in
            tensor.add(1, 7)
            tensor.add(2) { $0.add(2) { $0.add(1, 1) } }
            tensor.add(8, markdown)
          }
          entry.add(9) { $0.add(1) { $0.add(1, "text") } }
        }
      }
    }
  }

  private func write(step: Int, _ fill: (inout ProtobufMessage) -> Void) throws {
    var event = ProtobufMessage()
    event.add(1, now())
    event.add(2, step)
    fill(&event)
    try records.append(event.bytes)
  }

  /// A name that comes after those of earlier starts, whatever the clock did meanwhile: readers take files in the order of names.
  private static func name(in directory: String, host: String, seconds: Int) -> String {
    let prefix = "events.out.tfevents."
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let latest = names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count).prefix { $0 != "." }) }.max()
    // A slash cannot be in a file's name.
    return "\(prefix)\(max(seconds, (latest ?? 0) + 1)).\(host.replacingOccurrences(of: "/", with: "-"))"
  }
}
