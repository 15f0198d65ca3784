import Adversarial
import Communication
import Datasets
import Foundation
import Images
import Kernels
import Training

/// One call of `sample` on one rank. Until the first image all ranks fail together; later each on its own.
struct SampleSession {
  private let communicator: any Communicator
  private let command: Sample
  private var isFirst: Bool { communicator.rank == 0 }

  init(_ communicator: any Communicator, _ command: Sample) {
    self.communicator = communicator
    self.command = command
  }

  /// Draws and writes.
  /// - Returns: what was done, for people.
  func run() throws -> String {
    let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
    Workers.start(threads: share.threads)
    let run = try communicator.together {
      try StoredRun(CheckpointDirectory.candidates(command.from)) { text in
        if isFirst { Ending(code: 1, message: "warning: \(text)").print() }
      }
    }
    let output = try communicator.together {
      guard let output = SampleOutput(path: command.output) else { throw OptionError("--output \(command.output): an unknown ending") }
      return output
    }
    let recipe = try communicator.together { try run.recipe() }
    guard try communicator.allEqual(recipe.parameterHash()) else {
      throw RunError(.mismatch, "\(run.path): ranks read different weights; all need the same file")
    }
    let rows = try communicator.together {
      try SampleRows(command, run.header, recipe.sampling, recipe.sheets, model: run.model.card.name)
    }
    let key = command.seed ?? run.header.value("seed").flatMap { UInt64($0) } ?? 1
    let batch = min(run.header.value("batch").flatMap { Int($0) } ?? 64, 64)
    let drawing = Sampler(recipe, format: run.format, seed: key, batch: batch).drawing(standingPasses: command.standingPasses)
    if let points = command.attention {
      try communicator.together { if isFirst { _ = try output.claim() } }
      return try attention(points, drawing, rows, run)
    }
    try communicator.together { try checkSheet(output, rows.orders.count, run.format) }
    var folder: OutputFolder?
    let place = try communicator.first {
      folder = try output.claim()
      return folder?.temporary ?? ""
    }
    defer { folder?.discard() }
    try write(rows, to: output, at: place, SharedDrawing(drawing, rows.orders, run.format, communicator), run)
    try communicator.together { try folder?.finish() }
    return "\(command.output): \(rows.orders.count) images of \(run.path)"
  }

  /// Samples of a sheet that can still be opened elsewhere.
  private static let largestSheet = 1 << 28

  /// Refuses a sheet that nobody could look at.
  private func checkSheet(_ output: SampleOutput, _ count: Int, _ format: DataFormat) throws {
    guard case .sheet = output else { return }
    let scale = Self.scale(format)
    let size = (format.height + 2) * (format.width + 2) * max(3, format.channels) * scale * scale
    guard count <= max(64, Self.largestSheet / size) else {
      throw OptionError(
        "--output \(command.output): \(count) images of \(format.width)x\(format.height) are too many for one sheet; name an .h5 file or a"
          + " folder")
    }
  }

  /// Small images are enlarged on a sheet.
  private static func scale(_ format: DataFormat) -> Int { format.height <= 48 ? 2 : 1 }

  /// - Parameter place: where the files of a folder are written first.
  private func write(_ rows: SampleRows, to output: SampleOutput, at place: String, _ drawing: SharedDrawing, _ run: StoredRun) throws {
    let progress = isFirst ? SampleProgress(count: rows.orders.count) : nil
    switch output {
    case .folder: try fill(place, rows, drawing, run, progress)
    case .hdf5(let path):
      try gather(drawing, progress) { source in
        let format = ImageFormat(channels: run.format.channels, height: run.format.height, width: run.format.width)
        let images = GeneratedImages(
          name: "\(run.model.card.name) step \(run.header.step)", format: format, count: rows.orders.count, labels: rows.classes,
          classNames: rows.classes == nil || run.header.classNames.isEmpty ? nil : run.header.classNames, source: source)
        try OutputFile.creating(path) { try writeHDF5(images, to: path) }
      }
    case .sheet(let path):
      try gather(drawing, progress) { source in
        let pictures = try rows.orders.indices.map(source.picture)
        let section = Sheet.Section(caption: rows.caption, pictures, rowLabels: rows.labels)
        try Sheet(columns: rows.columns, scale: Self.scale(run.format), sections: [section]).picture().writePNG(to: path)
      }
    }
    progress?.finish()
  }

  /// Writes a PNG file of each image, by class.
  private func fill(
    _ place: String, _ rows: SampleRows, _ drawing: SharedDrawing, _ run: StoredRun, _ progress: SampleProgress?
  ) throws {
    for round in 0..<drawing.rounds {
      try communicator.together {
        for (number, picture) in try drawing.own(round) {
          let name = rows.classes.map { SampleOutput.folderName(ofClass: Int($0[number]), in: run.header.classNames) }
          let folder = name.map { "\(place)/\($0)" } ?? place
          try OutputFolder.make(folder, named: command.output)
          try picture.writePNG(to: "\(folder)/\(String(format: "%06d", number)).png")
        }
      }
      progress?.show(done: drawing.end(of: round))
    }
  }

  /// The first rank takes images as it needs them; the others come to the same rounds.
  private func gather(_ drawing: SharedDrawing, _ progress: SampleProgress?, _ body: (GatheredImages) throws -> Void) throws {
    if isFirst {
      try body(GatheredImages(drawing, progress))
    } else {
      for round in 0..<drawing.rounds { _ = try drawing.all(round) }
    }
    try communicator.barrier()
  }

  private func attention(_ points: String, _ drawing: Drawing, _ rows: SampleRows, _ run: StoredRun) throws -> String {
    // A few images: one rank draws them.
    try communicator.together {
      let sheet = try AttentionSheet(points: points, run.format)
      guard isFirst else { return "" }
      let (images, layers) = drawing.attention(rows.orders)
      let names = rows.classes.map { $0.map { SampleSheet.name(ofClass: Int($0), in: run.header.classNames) } } ?? []
      guard !layers.isEmpty else {
        throw OptionError("--attention: the generator of this \(run.model.card.name) has no self-attention layer")
      }
      try sheet.picture(images, layers, rowLabels: names).writePNG(to: command.output)
      let paths = Set(layers.map(\.layer)).sorted().joined(separator: ", ")
      return "\(command.output): \(paths) in \(rows.orders.count) images of \(run.path)"
    }
  }
}
