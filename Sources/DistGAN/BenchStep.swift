import Adversarial
import ArgumentParser
import Communication
import Datasets
import Kernels
import Training
import Zoo

extension Bench {
  /// `bench step`.
  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "step", abstract: "Times training steps of a model on random images, and the operations and layers they are made of.",
      discussion: """
        Needs no data and writes no file. Options of the model are given beside those here, as --name value. Under mpirun the batch is \
        shared by the ranks and the first one prints.

          dist-gan bench step --model biggan --preset cifar10 --batch 50 --layers
          mpirun -n 2 dist-gan bench step --model biggan --preset imagenet128 \\
            --images 128x128x3 --classes 1000 --batch 8
        """)

    @Option(help: ArgumentHelp("Name of the model; dist-gan models lists them.", valueName: "name"), completion: .model)
    var model: String

    @Option(help: ArgumentHelp("Preset of the model; its first one unless given.", valueName: "name"), completion: .preset)
    var preset: String?

    @Option(help: ArgumentHelp("Images in the global batch, over all ranks (default: the preset's).", valueName: "count"))
    var batch: Int?

    @Option(help: ArgumentHelp("Batches whose gradients are added before an update (default: the preset's).", valueName: "count"))
    var accumulation: Int?

    @Option(help: ArgumentHelp("Shards of the batch; at most so many ranks (default: 8, or the batch).", valueName: "count"))
    var shards: Int?

    @Option(help: ArgumentHelp("Size of the images.", valueName: "HxWxC"))
    var images = "32x32x3"

    @Option(help: ArgumentHelp("Classes of the images; 0: no labels.", valueName: "count"))
    var classes = 10

    @Option(help: ArgumentHelp("Timed steps; as many again run with every operation timed, in turns with them.", valueName: "count"))
    var steps = 5

    @Option(help: ArgumentHelp("Steps before, which are not timed.", valueName: "count"))
    var warmUp = 2

    @Option(help: ArgumentHelp("Threads of each rank (default: its share of the cores).", valueName: "count"))
    var threads: Int?

    @Option(
      help: ArgumentHelp("How gradients cross the ranks: overlapped, blocking, messages or mpi.", valueName: "way"),
      completion: .words(Communication.Reduction.self))
    var reduce = "overlapped"

    @Flag(help: "Cut the batch as suits ranks and threads.")
    var fast = false

    @Flag(help: "Compute every convolution as the sum as it is defined, none by Winograd's algorithm.")
    var exactConvolution = false

    @Option(
      help: ArgumentHelp("Factors of the products in convolutions: fp32 or bf16.", valueName: "form"),
      completion: .words(ConvolutionPrecision.self))
    var precision = "fp32"

    @Flag(help: "Print a table of every layer's operations.")
    var layers = false

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Options of the model.", valueName: "--name value"), completion: .modelOptions)
    var modelOptions: [String] = []

    func run() throws {
      let communicator = try makeCommunicator()
      communicator.leave { Ending(code: 0, message: try text(communicator)) }
    }

    private func text(_ communicator: any Communicator) throws -> String {
      let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
      let threads = threads ?? share.threads
      let (configured, source) = try communicator.together { try subject() }
      let options = try communicator.together { try runOptions(configured, ranks: communicator.size) }
        .cut(ranks: communicator.size, threads: threads)
      Workers.start(threads: threads)
      options.setConvolutions()
      let plan = try communicator.together {
        try Plan(configured, options: options, data: DataFormat(source, usingClasses: true), ranks: communicator.size)
      }
      let benchmark = try StepBenchmark(
        configured, options: options, source: source, communicator: communicator, warmUp: warmUp, steps: steps)
      let report = StepReport(benchmark, model: configured, options: options, source: source, communicator: communicator, threads: threads)
      return report.text(plan: plan, layers: layers)
    }

    /// The model and its images.
    private func subject() throws -> (any ConfiguredModel, any ImageSource) {
      var configured = try zoo.entry(model).configured(preset: preset)
      try ModelArguments(modelOptions).apply(to: &configured)
      guard classes >= 0 else { throw OptionError("--classes \(classes): 0 or more is needed") }
      let format = try DataFormat(text: images, classes: classes > 0 ? classes : nil)
      do {
        _ = try configured.build(format)
      } catch let error as ModelError {
        throw ModelError("\(error.description) (images are of \(images); --images says otherwise)")
      }
      let size = ImageFormat(channels: format.channels, height: format.height, width: format.width)
      return (configured, RandomImages(size, count: 4096, classes: format.classes))
    }

    private func runOptions(_ configured: any ConfiguredModel, ranks: Int) throws -> RunOptions {
      guard steps > 0, warmUp >= 0, threads ?? 1 > 0 else {
        throw OptionError("--steps \(steps), --warm-up \(warmUp): at least 1 and 0 are needed, and at least 1 of --threads")
      }
      guard let way = Communication.Reduction(rawValue: reduce) else {
        let known = Communication.Reduction.allCases.map(\.rawValue).joined(separator: ", ")
        throw OptionError("unknown way --reduce \(reduce); known ones: \(known)")
      }
      if fast && shards != nil { throw OptionError("--fast and --shards exclude each other: --fast chooses the shards") }
      var options = RunOptions(configured.run)
      options.batch = batch ?? options.batch
      options.accumulation = accumulation ?? options.accumulation
      options.shards = shards ?? min(8, max(1, options.batch))
      options.steps = warmUp + 2 * steps
      options.isFast = fast
      options.reduction = way
      options.convolution = exactConvolution ? .exact : .winograd
      options.precision = try ConvolutionPrecision(option: precision)
      try options.validate(ranks: ranks)
      return options
    }
  }
}
