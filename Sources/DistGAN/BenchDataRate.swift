import Adversarial
import ArgumentParser
import Communication
import Datasets
import Foundation
import Training

extension Bench {
  /// `bench data`.
  struct DataRate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "data", abstract: "Times the reading of shuffled, mirrored batches, as a training of one rank gets them.",
      usage: "dist-gan bench data <file|set> [<options>]",
      discussion: """
          dist-gan bench data photos.h5 --batch 64
        """)

    @Argument(
      help: ArgumentHelp(
        "An HDF5 file, or the name of an embedded set: \(DatasetCatalog.names.joined(separator: ", ")).", valueName: "file|set"),
      completion: .data)
    var data: String

    @Option(help: ArgumentHelp("Images of a batch.", valueName: "count"))
    var batch = 64

    @Option(help: ArgumentHelp("Images read in a round.", valueName: "count"))
    var images = 10_000

    @Option(help: ArgumentHelp("Rounds; the median is printed.", valueName: "count"))
    var rounds = 5

    func run() throws {
      guard batch > 0, images >= batch, rounds > 0 else {
        throw OptionError(
          "--batch \(batch) --images \(images) --rounds \(rounds): positive numbers are needed, and no fewer images than a batch")
      }
      let source = try DataArgument.open(data)
      let loader = BatchLoader(source, seed: 1, batch: batch, flips: true)
      let count = images / batch
      var seconds: [Double] = []
      // The first round fills the page cache.
      for _ in 0...rounds {
        let start = ContinuousClock.now
        for _ in 0..<count { _ = try loader.next() }
        seconds.append(start.duration(to: .now) / .seconds(1))
      }
      let rate = Double(count * batch) / median(Array(seconds.dropFirst()))
      print(
        String(
          format: "%@: %.0f images/s by the one reading thread, %@/s (%@, batches of %d)", source.name, rate,
          Text.bytes(Int(rate * Double(source.format.sampleCount))), DataLine.size(source.format), batch))
    }
  }
}
