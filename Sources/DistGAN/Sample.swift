import Adversarial
import ArgumentParser
import Communication
import Datasets
import Foundation
import Images
import Kernels
import Training

/// The verb `sample`: pictures from a trained model.
struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from a checkpoint, as a sheet (PNG) or as a data set (HDF5).")

  @Option(help: ArgumentHelp("A checkpoint or a run's directory.", valueName: "dir|file"))
  var from: String

  @Option(help: ArgumentHelp("Number of images, classes in turn (default: 64, or 8 of each class).", valueName: "count"))
  var count: Int?

  @Option(help: ArgumentHelp("Number of images of each class.", valueName: "count"))
  var perClass: Int?

  @Option(help: ArgumentHelp("Classes by name or number, with commas between (default: all).", valueName: "a,b"))
  var classes: String?

  @Option(help: ArgumentHelp("Components of z beyond ± this are drawn again (default: none are).", valueName: "limit"))
  var truncation: Float?

  @Option(help: ArgumentHelp("Seed of z (default: the run's, as in its own sheets).", valueName: "number"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Batches over which batch norm's moments are averaged before; 0: the running ones.", valueName: "count"))
  var standingPasses = 16

  @Option(help: ArgumentHelp("A .png file, which is replaced, or a new .h5 file.", valueName: "file"))
  var output = "samples.png"

  func validate() throws {
    if count != nil && perClass != nil { throw ValidationError("--count and --per-class exclude each other") }
    for (name, value) in [("count", count), ("per-class", perClass)] {
      if let value, value < 1 { throw ValidationError("--\(name) \(value): at least 1 is needed") }
    }
    if let truncation, !(truncation > 0.01) { throw ValidationError("--truncation \(truncation): more than 0.01 is needed") }
    if standingPasses < 0 { throw ValidationError("--standing-passes \(standingPasses): 0 or more is needed") }
    if ![".png", ".h5", ".hdf5"].contains(where: output.hasSuffix) {
      throw ValidationError("--output \(output): a name that ends with .png or .h5 is needed")
    }
  }

  func run() throws {
    let run = try StoredRun(CheckpointDirectory.candidates(from)) { Ending(code: 1, message: "warning: \($0)").print() }
    let chosen = try classNumbers(run.header)
    let isPicture = output.hasSuffix(".png")
    if isPicture { try OutputFile.claim(output, mustBeNew: false) }
    Workers.start(threads: Cores.claim(localRank: 0, localSize: 1).threads)
    let recipe = try run.recipe()
    if truncation != nil && !recipe.sampling.canTruncate {
      throw OptionError("--truncation: the model \(run.model.card.name) has no normal z to truncate")
    }
    let labels = labels(chosen)
    let key = seed ?? run.header.value("seed").flatMap { UInt64($0) } ?? 1
    let batch = run.header.value("batch").flatMap { Int($0) } ?? 64
    let sampler = Sampler(recipe, format: run.format, seed: key, batch: min(batch, 64))
    let values = sampler.images(labels: labels, truncation: truncation, standingPasses: standingPasses)
    let format = ImageFormat(channels: run.format.channels, height: run.format.height, width: run.format.width)
    if isPicture {
      let columns = perClass.map { min($0, 16) } ?? 8
      // Rows have names where each is of one class.
      let isByClass = !chosen.isEmpty && count == nil && (perClass ?? 8) <= 16
      let names = isByClass ? chosen.map { SampleSheet.name(ofClass: $0, in: run.header.classNames) } : []
      try SampleSheet(format: format, columns: columns).generated(values, rowLabels: names).writePNG(to: output)
    } else {
      let images = GeneratedImages(
        name: "\(run.model.card.name) step \(run.header.step)", format: format, planes: ImageBytes.planes(values, format),
        labels: chosen.isEmpty ? nil : labels, classNames: run.header.classNames.isEmpty ? nil : run.header.classNames)
      try OutputFile.creating(output) { try writeHDF5(images, to: output) }
    }
    print("\(output): \(labels.count) images of \(run.path)")
  }

  /// A class for each image; zeros for a model without classes.
  private func labels(_ chosen: [Int]) -> [Int32] {
    guard !chosen.isEmpty else { return [Int32](repeating: 0, count: count ?? perClass ?? 64) }
    if let count { return (0..<count).map { Int32(chosen[$0 % chosen.count]) } }
    return chosen.flatMap { [Int32](repeating: Int32($0), count: perClass ?? 8) }
  }

  /// The classes asked for; none for a model without classes.
  private func classNumbers(_ header: CheckpointHeader) throws -> [Int] {
    let number = header.format[3]
    guard let classes else { return Array(0..<number) }
    guard number > 0 else { throw OptionError("--classes \(classes): the model was trained without classes") }
    return try classes.split(separator: ",").map { word in
      if let place = header.classNames.firstIndex(of: String(word)) { return place }
      if let place = Int(word), (0..<number).contains(place) { return place }
      let known = header.classNames.isEmpty ? "numbers from 0 to \(number - 1)" : header.classNames.joined(separator: ", ")
      throw OptionError("unknown class \(word); known ones: \(known)")
    }
  }
}

/// Generated images as a data set.
private struct GeneratedImages: ImageSource {
  let name: String
  let format: ImageFormat
  /// All images, `[count, channels, height, width]`.
  let planes: [UInt8]
  let labels: [Int32]?
  let classNames: [String]?
  var count: Int { planes.count / format.sampleCount }
  /// Nothing is trained on them here.
  var fingerprint: UInt64 { 0 }

  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    let start = index * format.sampleCount
    _ = unsafe buffer.update(fromContentsOf: planes[start..<(start + format.sampleCount)])
  }
}
