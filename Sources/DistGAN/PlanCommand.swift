import ArgumentParser
import Communication
import Training

/// The verb `plan`: what a run costs here, and what a step would take on many nodes.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Prints parameters, arithmetic and memory of a run, and how a step scales over nodes.",
    discussion: """
      Takes every option of train, and trains nothing. With --nodes or --measure it prints a table of projected steps. The time of a step \
      comes from --measure, --step-seconds or --flops-rate; the link from --measure under mpirun, or from --bandwidth and --latency. What \
      is given goes before what is measured.

        dist-gan plan --model biggan
        mpirun -n 2 dist-gan plan --model biggan --measure --nodes 1,2,4,8
        dist-gan plan --model biggan --preset imagenet128 \\
          --images 128x128x3 --classes 1000 --shards 512 --nodes 8,64,512 \\
          --flops-rate 3TF --bandwidth 8GB/s --latency 30us
      """)

  @OptionGroup var flags: RunFlags
  @OptionGroup(title: "Scaling options") var scaling: ScalingFlags

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Options of the model.", valueName: "--name value"), completion: .modelOptions)
  var modelOptions: [String] = []

  func run() throws {
    let communicator = try makeCommunicator()
    communicator.leave { Ending(code: 0, message: try Planning(communicator).text(flags, scaling, modelOptions)) }
  }
}
