import Communication
import Datasets
import Foundation
import Images
import Kernels
import Training

/// One import on one rank: all ranks decode, the first one writes.
struct ImportSession {
  private let communicator: any Communicator

  init(_ communicator: any Communicator) { self.communicator = communicator }

  private var isFirst: Bool { communicator.rank == 0 }

  /// Imports.
  /// - Returns: what was done, for people.
  /// - Throws: `SharedFailure` when all ranks know of it; any other error is this rank's own.
  func run(_ flags: ImportFlags) throws -> String {
    let (source, preparation) = try open(flags)
    try communicator.together { if isFirst { try OutputFile.claim(flags.output, mustBeNew: true) } }
    let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
    Workers.start(threads: flags.threads ?? share.threads)
    let progress = isFirst ? ImportProgress(count: source.count) : nil
    progress?.note(
      "importing    \(source.kind), \(source.count) images, to \(DataLine.size(preparation.format)); \(communicator.size) x \(Workers.threads)"
        + " \(communicator.size * Workers.threads == 1 ? "thread" : "threads")")
    var bad = 0
    let result = Result {
      guard isFirst else {
        bad = try rounds(source, preparation, skipsBad: flags.skipBad, to: nil, progress)
        return ""
      }
      let written = try writeImport(
        of: source, as: preparation.format, name: flags.name ?? source.name, license: flags.license ?? source.license, to: flags.output,
        mayLose: flags.skipBad
      ) { bad = try rounds(source, preparation, skipsBad: flags.skipBad, to: $0, progress) }
      return summary(flags.output, source, preparation.format, written.count, written.labels, bad: bad)
    }
    if case .failure(let failure as SharedFailure) = result { throw failure }
    return try communicator.together { try result.get() }
  }

  /// The source and what is done with its images, the same on all ranks.
  private func open(_ flags: ImportFlags) throws -> (any ImportSource, ImagePreparation) {
    let (request, sides, kind) = try communicator.together {
      let request = try flags.request()
      return (request, try flags.sides(), try request.resolvedKind())
    }
    // One rank lists the files: others need not ask the file system the same, and all have the same list.
    let listing =
      kind != .folder
      ? nil : FolderListing(text: try communicator.first { try FolderListing(directory: request.path, classes: request.classes).text })
    try communicator.together {
      guard isFirst, kind == .hdf5 else { return }
      try FileProbe.check(request.path, imagesKeys: [request.imagesKey], labelsKey: request.labelsKey, readsAll: true)
    }
    let source = try communicator.together { try request.open(listing: listing) }
    let text = try communicator.first {
      let (height, width) = try sides ?? size(of: source, skipsBad: flags.skipBad)
      return "\(source.count) \(height) \(width)"
    }
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    return try communicator.together {
      guard source.count == numbers[0] else {
        throw RunError(
          .mismatch, "\(request.path): \(source.count) images are seen here and \(numbers[0]) by rank 0; all ranks need the same files")
      }
      let format = ImageFormat(channels: flags.channels ?? source.channels, height: numbers[1], width: numbers[2])
      return (source, try flags.preparation(format))
    }
  }

  /// Height and width of the first image that can be read.
  private func size(of source: any ImportSource, skipsBad: Bool) throws -> (Int, Int) {
    var failure: (any Error)?
    for index in 0..<source.count {
      do {
        let picture = try source.read(index).picture
        return (picture.height, picture.width)
      } catch {
        guard skipsBad else { throw error }
        failure = error
      }
    }
    throw failure ?? RunError(.mismatch, "\(source.name): there are no images")
  }

  /// Decodes all images, a block on each rank in turn, and hands them to the writer in order.
  ///
  /// Every rank comes to every round, with its block or its failure, so that none waits for one that has left.
  /// - Returns: number of images left out.
  private func rounds(
    _ source: any ImportSource, _ preparation: ImagePreparation, skipsBad: Bool, to writer: ImportWriter?, _ progress: ImportProgress?
  ) throws -> Int {
    let ranks = communicator.size
    let length = max(1, min(Self.blockLength(preparation.format), (source.count + ranks - 1) / ranks))
    var bad = 0
    var failure: (any Error)?
    for start in stride(from: 0, to: source.count, by: length * ranks) {
      let first = min(source.count, start + communicator.rank * length)
      let own = first..<min(source.count, first + length)
      let block = Result {
        if let failure { throw failure }
        if Signals.pending & Signals.leave != 0 {
          throw RunError(.preempted, "\(source.name): the import was stopped by a signal and nothing was written; start it again")
        }
        return try ImportBlock(own, of: source, preparation, skipsBad: skipsBad) { Workers.forEach($0, $1) }
      }
      let blocks = try exchange(block)
      bad += blocks.reduce(0) { $0 + $1.bad.count }
      guard let writer else { continue }
      for block in blocks {
        do {
          try writer.append(block)
        } catch {
          // Told in the next round, which all ranks come to.
          failure = error
          break
        }
        for sentence in block.bad { progress?.noteBad(sentence) }
      }
      progress?.show(done: min(source.count, start + length * ranks), bad: bad)
    }
    try communicator.together { if let failure { throw failure } }
    progress?.finish(bad: bad)
    return bad
  }

  /// The blocks of all ranks, by rank; fails on all ranks if one has none.
  private func exchange(_ block: Result<ImportBlock, any Error>) throws -> [ImportBlock] {
    guard communicator.size > 1 else { return try communicator.together { [try block.get()] } }
    let message = try communicator.together { try block.get().message }
    let messages = try unsafe message.withUnsafeBytes { try unsafe communicator.allGather($0) }
    return messages.map { ImportBlock(message: $0, withImages: isFirst) }
  }

  /// Images of a block: some 4 MiB, for the eye's sake no more than a few thousand.
  private static func blockLength(_ format: ImageFormat) -> Int { max(32, min(4096, (4 << 20) / format.sampleCount)) }

  private func summary(
    _ output: String, _ source: any ImportSource, _ format: ImageFormat, _ count: Int, _ labels: [Int32], bad: Int
  ) -> String {
    var parts = ["\(count) images", DataLine.size(format)]
    parts.append(source.hasLabels ? "\(source.classNames?.count ?? Int(labels.max() ?? -1) + 1) classes" : "no classes")
    if bad > 0 { parts.append("\(bad) bad ones left out") }
    if let others = (source as? FolderSource)?.listing.othersCount, others > 0 {
      parts.append("\(others) \(others == 1 ? "file that is no image" : "files that are no images") passed over")
    }
    return "\(output): \(parts.joined(separator: ", "))"
  }
}
