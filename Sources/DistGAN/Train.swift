import Adversarial
import ArgumentParser
import Communication
import Training

/// The verb `train`, which is also meant when no verb is given.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model.",
    discussion: """
      Options of the model are given beside those of the run, as --name value; dist-gan models NAME lists them.

      USR1, TERM and the first INT write a checkpoint and end the run with exit code 75; USR2 writes a checkpoint and the run goes on. \
      Under plain mpirun send USR1: ranks are killed a second after they hear of TERM or INT.

        dist-gan train --model biggan --preset cifar10 --data cifar10.h5
        mpirun -n 8 dist-gan --model dcgan --data photos.h5 --beta1 0.9
        dist-gan --resume RUN --steps 20000
      """)

  @OptionGroup var flags: RunFlags

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Options of the model.", valueName: "--name value"), completion: .modelOptions)
  var modelOptions: [String] = []

  func run() throws {
    Signals.install()
    let communicator = try makeCommunicator()
    var session = TrainingSession(communicator)
    do {
      communicator.leave(try session.run(flags, modelOptions))
    } catch let failure as SharedFailure {
      communicator.leave(failure.ending)
    } catch {
      session.abort(error)
    }
  }
}
