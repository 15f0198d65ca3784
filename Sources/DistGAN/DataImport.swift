import Adversarial
import ArgumentParser
import Communication

extension DataSets {
  /// `data import`.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an HDF5 file of image folders, CIFAR, MNIST or another HDF5 file.",
      discussion: """
        SOURCE is a directory of PNG and JPEG files, told by content: one directory for each class, however deep the files in it lie, or \
        images alone; a directory or file of CIFAR-10 or CIFAR-100 in binary form; a directory or file of MNIST's IDX files, plain or \
        .gz; an HDF5 file. Under mpirun all ranks share the decoding. A file that cannot be read ends the import with its name and \
        nothing written, or is counted and left out with --skip-bad.

          dist-gan data import photos --size 128 --output photos.h5
          dist-gan data import cifar-10-batches-bin --output cifar10.h5
          dist-gan data import mnist --part test --size 32 --output mnist-test.h5
          dist-gan data import other.h5 --images-key x --range 0,1 --output a.h5
          mpirun -n 8 dist-gan data import train --size 128 --output a.h5
        """)

    @OptionGroup var flags: ImportFlags

    func run() throws {
      Signals.install()
      let communicator = try makeCommunicator()
      communicator.leave { Ending(code: 0, message: try ImportSession(communicator).run(flags)) }
    }
  }
}
