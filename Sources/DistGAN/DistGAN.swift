import ArgumentParser
import Foundation

/// The program: one verb each for training, sampling and looking into what is there.
@main
struct DistGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dist-gan",
    abstract: "Trains generative adversarial networks, on any number of MPI ranks.",
    usage: """
      dist-gan [train] [<options>] [<--name value> ...]
      dist-gan <subcommand> …
      """,
    discussion: """
        dist-gan --model biggan                         train here, alone
        mpirun -n 8 dist-gan --model biggan             train on eight ranks
        dist-gan --resume RUN                           go on with a run
        dist-gan sample --from RUN                      draw images
        dist-gan classify --from RUN --data test.h5     how well classes are told
        dist-gan report RUN                             a page about a run
        dist-gan data import photos --output photos.h5  images of your own
        dist-gan export RUN                             weights for other programs
        dist-gan import-weights G_ema.pth --into RUN    weights of other programs
        dist-gan models biggan                          what can be set
        dist-gan plan --model biggan                    what a run costs
        dist-gan toy --loss hinge                       what a loss does to points
        mpirun -n 8 dist-gan doctor                     why a run does not start

      RUN is the directory of a run, as runs/biggan-demo-kanji32.

      Exit codes: 0 done, 64 usage, 65 options or data do not match, 66 nothing to load, 69 directory in use, 70 internal, \
      73 cannot create, 74 input or output, 75 stopped by a signal with a checkpoint (start again with --resume), 77 replicas differ, \
      78 not a number, 130 interrupted twice.
      """,
    version: version,
    subcommands: [
      Train.self, PlanCommand.self, Sample.self, Classify.self, Report.self, Export.self, ImportWeights.self, Inspect.self, DataSets.self,
      Models.self, ToyCommand.self, Bench.self, Doctor.self,
    ],
    defaultSubcommand: Train.self)

  static let version = "0.1.0"

  /// Parses, runs, and ends the process with the exit code of what happened.
  static func main() {
    // A closed pipe at the other end of the log must not end a training.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if !(command is Doctor) { try Processor.check() }
      // Other verbs are the work of one process, even when a launcher started several.
      let isForRanks =
        command is Train || command is PlanCommand || command is Sample || command is Bench.Reduction || command is Bench.Step
        || command is DataSets.Import || command is Doctor
      if isForRanks || Ending.isFirstRank { try command.run() }
    } catch {
      Ending(error, of: Self.self).exit()
    }
  }
}
