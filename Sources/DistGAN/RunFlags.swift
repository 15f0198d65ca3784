import ArgumentParser
import Communication
import Kernels
import Training

/// The options of a run. All are optional, so that what the user said can be told from what is left to preset or checkpoint.
struct RunFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Name of the model; dist-gan models lists them.", valueName: "name"), completion: .model)
  var model: String?

  @Option(help: ArgumentHelp("Preset of the model; its first one unless given.", valueName: "name"), completion: .preset)
  var preset: String?

  @Option(
    help: ArgumentHelp("An HDF5 file with imgs and labels, or an embedded set (default: kanji32).", valueName: "file|set"),
    completion: .data)
  var data: String?

  @Option(
    help: ArgumentHelp("Directory of the run (default: runs/MODEL-PRESET-DATA, with a number if that is taken).", valueName: "dir"),
    completion: .directory)
  var output: String?

  @Option(help: ArgumentHelp("Steps of the whole run, resumed parts included (default: the preset's).", valueName: "count"))
  var steps: Int?

  @Option(help: ArgumentHelp("Images in the global batch, over all ranks (default: the preset's).", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("Batches whose gradients are added before an update (default: the preset's).", valueName: "count"))
  var accumulation: Int?

  @Option(help: ArgumentHelp("Shards of the batch; at most so many ranks (default: 8, or the batch).", valueName: "count"))
  var shards: Int?

  @Option(help: ArgumentHelp("Seed of everything random (default: 1).", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp("What a batch other than the preset's does to learning rates: none (default), linear, sqrt.", valueName: "rule"),
    completion: .words(LearningRateRule.self))
  var lrRule: String?

  @Flag(inversion: .prefixedNo, help: "Whether images are mirrored at random (default: --flip, but --no-flip for grey images).")
  var flip: Bool?

  @Flag(help: "Ignore the labels of the data.")
  var unconditional = false

  @Option(
    help: ArgumentHelp(
      "How often a checkpoint is written: steps, or minutes as 10m; never: only at the end (default: 10m).", valueName: "steps|minutes"))
  var checkpointEvery: String?

  @Option(help: ArgumentHelp("Checkpoints that are kept (default: 3).", valueName: "count"))
  var keep: Int?

  @Option(
    help: ArgumentHelp(
      "Steps from one sample sheet to the next; 0: only at the end (default: a twentieth of all, 100 or more).", valueName: "steps"))
  var sampleEvery: Int?

  @Option(help: ArgumentHelp("Steps from one line of the log to the next (default: 20).", valueName: "steps"))
  var logEvery: Int?

  @Option(
    help: ArgumentHelp("Steps from one look at the critic's health to the next; 0: none (default: 100).", valueName: "steps"))
  var healthEvery: Int?

  @Option(help: ArgumentHelp("Threads of each rank (default: its share of the cores).", valueName: "count"))
  var threads: Int?

  @Flag(help: "Cut the batch as suits ranks and threads: faster, but bits then depend on their numbers.")
  var fast = false

  @Flag(
    inversion: .prefixedNo,
    help: "Whether every convolution is the sum as it is defined, none by Winograd's algorithm: slower, with other bits (default: no).")
  var exactConvolution: Bool?

  @Option(
    help: ArgumentHelp(
      "Factors of the products in convolutions: fp32 (default), or bf16, rounded to bfloat16 where that is faster, with other bits; sums and "
        + "weights stay fp32.", valueName: "form"), completion: .words(ConvolutionPrecision.self))
  var precision: String?

  @Option(
    help: ArgumentHelp(
      "How gradients cross the ranks: overlapped (default), blocking, messages, or mpi (MPI_Allreduce; other bits on other ranks).",
      valueName: "way"), completion: .words(Reduction.self))
  var reduce: String?

  @Option(
    help: ArgumentHelp(
      "With --fast: how gradients travel between hosts, float32 (default) or bfloat16, half the bytes.", valueName: "form"),
    completion: .words(WireFormat.self))
  var wire: String?

  @Option(help: ArgumentHelp("Go on with a run, or from one of its checkpoints.", valueName: "dir|file"), completion: .checkpoint)
  var resume: String?

  @Flag(help: "One rank only: check the result of every operation for NaN and infinity.")
  var debug = false

  @Flag(help: "Measure how long each kind of operation takes.")
  var profile = false

  @Flag(help: "Print errors only.")
  var quiet = false
}
