import Kernels
import Testing
import Zoo

@Suite struct ConvolutionAlgorithmTests {
  // In a process of its own: the algorithm is one of the whole process, and other tests compute beside this one.
  @Test func `a small BigGAN by exact convolutions has other bits, and losses and parameters that agree within rounding`() async {
    await #expect(processExitsWith: .success) {
      /// Losses and all numbers after two steps.
      func trained(_ algorithm: ConvolutionAlgorithm) throws -> (losses: [Float], state: [Float]) {
        ConvolutionAlgorithm.current = algorithm
        // Sixteen channels in every block, so that Winograd's algorithm suits them.
        let bench = Bench(
          try FirstStepTests.small("biggan", [("channels", "4"), ("attention", "0")]), batch: 4, data: FirstStepTests.data)
        return (bench.run(steps: 2), bench.state())
      }
      func agree(_ a: [Float], _ b: [Float], within bound: Float) -> Bool {
        let scale = a.reduce(0) { max($0, abs($1)) }
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= bound * scale }
      }
      let (fast, exact) = (try trained(.winograd), try trained(.exact))
      precondition(agree(fast.losses, exact.losses, within: 1e-3), "losses \(fast.losses) and \(exact.losses)")
      // Adam moves a weight by about its rate however small the gradient, so that a gradient of rounding alone may turn a weight's way.
      precondition(agree(fast.state, exact.state, within: 4e-3), "parameters differ by more than two updates of Adam")
      precondition(fast.state != exact.state && fast.losses != exact.losses, "both ways have the same bits")
      let again = try trained(.exact)
      precondition(again.state == exact.state, "exact runs differ")
    }
  }
}
