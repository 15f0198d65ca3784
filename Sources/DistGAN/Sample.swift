import Adversarial
import ArgumentParser
import Communication
import Datasets
import Training

/// The verb `sample`: pictures from a trained model, drawn on all ranks.
struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from a checkpoint: a sheet, a data set, or a folder.",
    usage: "dist-gan sample --from <dir|file> [<options>]",
    discussion: """
      Under mpirun every rank draws its share; the images are the same on any number of ranks.

        dist-gan sample --from RUN --per-class 8
        mpirun -n 8 dist-gan sample --from RUN --count 50000 --output samples.h5
        dist-gan sample --from RUN --classes 3 --truncation-sweep 0.2,0.5,1,2
        dist-gan sample --from RUN --interpolate both --interpolation-steps 10
        dist-gan sample --from RUN --attention '8,8;20,12'
        dist-gan sample --from RUN --sheet code-1

      --truncation-sweep: a row for each z, a column for each limit; --count is the number of rows.

      --interpolate: every row goes from one image to another in equal steps. z: in a straight line between two z, of one class. class: \
      in a straight line between the embeddings of two classes (where norms have tables of their own, between their rows), with one z. \
      both: both at once. --count is the number of rows; of --classes each row takes the next one and the one after it.

      --attention: for chosen points, X,Y in pixels from the upper left, where each self-attention layer of the generator looks from \
      there: the image with the point marked, then the softmax of that point as a heat map, bright where it is largest.
      """)

  @Option(help: ArgumentHelp("A checkpoint or a run's directory.", valueName: "dir|file"), completion: .checkpoint)
  var from: String

  @Option(help: ArgumentHelp("Number of images (or rows), classes in turn (default: 64, or 8 of each class).", valueName: "count"))
  var count: Int?

  @Option(help: ArgumentHelp("Number of images of each class.", valueName: "count"))
  var perClass: Int?

  @Option(
    name: [.customLong("classes"), .customLong("class")],
    help: ArgumentHelp("Classes by name or number, with commas between (default: all).", valueName: "a,b"))
  var classes: String?

  @Option(help: ArgumentHelp("Components of z beyond ± this are drawn again (default: none are).", valueName: "limit"))
  var truncation: Float?

  @Option(help: ArgumentHelp("The same z at several limits, with commas between.", valueName: "a,b"))
  var truncationSweep: String?

  @Option(help: ArgumentHelp("Rows from one image to another: z, class or both.", valueName: "what"))
  var interpolate: Interpolation?

  @Option(help: ArgumentHelp("Images in a row of --interpolate, both ends included.", valueName: "count"))
  var interpolationSteps = 8

  @Option(help: ArgumentHelp("Where self-attention looks from these points.", valueName: "x,y;x,y"))
  var attention: String?

  @Option(help: ArgumentHelp("A sheet of the model's own, as those of infogan's codes.", valueName: "name"))
  var sheet: String?

  @Option(help: ArgumentHelp("Seed of z (default: the run's, as in its own sheets).", valueName: "number"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Batches over which batch norm's moments are averaged before; 0: the running ones.", valueName: "count"))
  var standingPasses = 16

  @Option(
    help: ArgumentHelp(
      "A .png file, which is replaced; a new .h5 file; or a new folder, of PNG files by class.", valueName: "file|dir"),
    completion: .file(extensions: ["png", "h5"]))
  var output = "samples.png"

  /// What goes from one end to the other in a row.
  enum Interpolation: String, ExpressibleByArgument, CaseIterable {
    case z
    case `class`
    case both
  }

  func validate() throws {
    if count != nil && perClass != nil { throw ValidationError("--count and --per-class exclude each other") }
    for (name, value) in [("count", count), ("per-class", perClass)] {
      if let value, value < 1 { throw ValidationError("--\(name) \(value): at least 1 is needed") }
      if let value, value > SampleRows.largestCount {
        throw ValidationError("--\(name) \(value): at most \(SampleRows.largestCount) are drawn at once")
      }
    }
    let ways = [
      ("--truncation-sweep", truncationSweep != nil), ("--interpolate", interpolate != nil), ("--attention", attention != nil),
      ("--sheet", sheet != nil),
    ]
    let chosen = ways.filter(\.1).map(\.0)
    if chosen.count > 1 { throw ValidationError("\(chosen.joined(separator: " and ")) exclude each other") }
    if sheet != nil && (count != nil || perClass != nil || classes != nil || truncation != nil) {
      throw ValidationError("--sheet has images of its own; leave --count, --per-class, --classes and --truncation out")
    }
    if truncation != nil && truncationSweep != nil { throw ValidationError("--truncation and --truncation-sweep exclude each other") }
    if perClass != nil && (truncationSweep != nil || interpolate != nil) {
      throw ValidationError("--per-class counts images and \(chosen[0]) makes rows; give their number as --count")
    }
    if let truncation { try Self.check(truncation, "--truncation \(truncation)") }
    _ = try thresholds()
    if !(2...SampleRows.largestCount).contains(interpolationSteps) {
      throw ValidationError("--interpolation-steps \(interpolationSteps): 2 to \(SampleRows.largestCount) are needed")
    }
    if standingPasses < 0 { throw ValidationError("--standing-passes \(standingPasses): 0 or more is needed") }
    guard let form = SampleOutput(path: output) else {
      throw ValidationError("--output \(output): a name that ends with .png or .h5 is needed, or for a folder one without an ending")
    }
    if attention != nil, case .sheet = form {
    } else if attention != nil {
      throw ValidationError("--attention makes a sheet; --output \(output) should end with .png")
    }
  }

  /// The limits of a sweep; none without one.
  func thresholds() throws -> [Float] {
    try truncationSweep?.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let limit = Float(word) else { throw ValidationError("--truncation-sweep \(word): numbers with commas between are needed") }
      try Self.check(limit, "--truncation-sweep \(word)")
      return limit
    } ?? []
  }

  /// Below this hardly a normal number would be kept, and drawing would not end.
  private static func check(_ limit: Float, _ words: String) throws {
    if !(limit > 0.01) { throw ValidationError("\(words): more than 0.01 is needed") }
  }

  func run() throws {
    Signals.install()
    let communicator = try makeCommunicator()
    communicator.leave { Ending(code: 0, message: try SampleSession(communicator, self).run()) }
  }
}
