import Adversarial
import ArgumentParser
import Foundation
import Kernels
import Sharding
import Training

extension Bench {
  /// `bench convolutions`.
  struct Convolutions: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convolutions",
      abstract: "Times the three passes of convolutions, in operations of the direct sum, against the peak of the same run.",
      usage: "dist-gan bench convolutions [<options>]",
      discussion: """
          dist-gan bench convolutions --shapes 32x64x128x4s2,32x64x64x3g64
        """)

    @Option(
      help: ArgumentHelp(
        "Shapes as SIZExINPUTSxOUTPUTSxKERNEL, with sSTRIDE and gGROUPS behind a kernel that takes steps or has groups of channels, and "
          + "commas between them (default: sixteen of 8 to 128 px).", valueName: "list"))
    var shapes: String?

    private static let usualShapes =
      "32x256x256x3,16x256x256x3,8x256x256x3,128x32x32x3,64x96x96x3,16x768x768x3,32x3x256x3,32x256x256x1,"
      + "64x3x64x4s2,32x64x128x4s2,16x128x256x4s2,8x256x512x4s2,32x256x256x4s2,128x32x64x4s2,"
      + "32x256x256x3g256,64x96x96x4s2g96"

    @Option(help: ArgumentHelp("Images.", valueName: "count"))
    var batch = 16

    @Option(help: ArgumentHelp("Threads (default: the cores).", valueName: "count"))
    var threads: Int?

    @Option(help: ArgumentHelp("Rounds; medians are printed.", valueName: "count"))
    var rounds = 5

    @Option(
      help: ArgumentHelp("Factors of the products: fp32 or bf16.", valueName: "form"), completion: .words(ConvolutionPrecision.self))
    var precision = "fp32"

    @Flag(help: "Print one line of JSON for each shape, in operations per second.")
    var json = false

    func run() throws {
      guard batch > 0, rounds > 0, threads ?? 1 > 0 else { throw OptionError("--batch, --rounds and --threads: at least 1 is needed") }
      let precision = try ConvolutionPrecision(option: precision)
      try precision.requireInstructions()
      ConvolutionPrecision.current = precision
      let geometries = try (shapes ?? Self.usualShapes).split(separator: ",").map { try Self.geometry(String($0)) }
      if let threads { Workers.start(threads: threads) }
      let peak = peakRate()
      if json {
        for geometry in geometries { print(fields(geometry, rates: rates(geometry), peak)) }
        return
      }
      print(
        "peak of \(Workers.threads) threads: \(Int(peak / 1e9)) GFLOP/s of fp32; \(batch) images, factors \(precision); effective GFLOP/s and "
          + "multiples of the peak")
      print("size  inputs outputs kernel stride groups        forward   input gradient  weight gradient")
      for geometry in geometries { printRow(geometry, rates(geometry), peak) }
    }

    private static func geometry(_ text: String) throws -> ConvolutionGeometry {
      let parts = text.split(separator: "g", omittingEmptySubsequences: false)
      let sizes = parts[0].split(separator: "s", omittingEmptySubsequences: false)
      let numbers = sizes[0].split(separator: "x").map { Int($0) ?? 0 }
      let stride = sizes.count == 1 ? 1 : Int(sizes[1]) ?? 0
      let groups = parts.count == 1 ? 1 : Int(parts[1]) ?? 0
      guard parts.count <= 2, sizes.count <= 2, stride > 0, numbers.count == 4, numbers.allSatisfy({ $0 > 0 }),
        numbers[3] <= numbers[0], numbers[3] % 2 == stride % 2, groups > 0, numbers[1] % groups == 0, numbers[2] % groups == 0
      else {
        throw OptionError(
          "--shapes \(text): 32x256x256x3 or, with a stride and groups, 32x64x128x4s2g64 is needed; the kernel at most as large as the "
            + "image, and odd with odd strides, even with even ones; channels that the groups divide")
      }
      let pad = (numbers[3] - 1) / 2
      return ConvolutionGeometry(
        height: numbers[0], width: numbers[0], inputChannels: numbers[1], outputChannels: numbers[2], kernelHeight: numbers[3],
        kernelWidth: numbers[3], stride: stride, padTop: pad, padLeft: pad, padBottom: pad, padRight: pad, groups: groups)
    }

    /// Rates of the three passes.
    private func rates(_ g: ConvolutionGeometry) -> [Double] {
      let x = unsafe numbers(batch * g.height * g.width * g.inputChannels)
      let y = unsafe numbers(batch * g.outputHeight * g.outputWidth * g.outputChannels)
      let w = unsafe numbers(g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels)
      defer {
        unsafe x.deallocate()
        unsafe y.deallocate()
        unsafe w.deallocate()
      }
      let shards = min(8, batch)
      let plan = ShardPlan(batch: batch, shardCount: shards)
      let rows = ShardRows(segments: (0..<shards).map { [plan.samples(ofShard: $0)] }, tree: plan.tree, owned: 0..<shards)
      let flops = g.flops * Double(batch)
      return [
        rate(flops) { unsafe convolution(g, samples: batch, x, w, y) },
        rate(flops) { unsafe convolutionInputGradient(g, samples: batch, y, w, x) },
        rate(flops) { unsafe convolutionWeightGradient(g, rows: rows, x, y, w) },
      ]
    }

    private func printRow(_ g: ConvolutionGeometry, _ passes: [Double], _ peak: Double) {
      let texts = passes.map { String(format: "%7.0f  %5.2fx", $0 / 1e9, $0 / peak) }
      print(
        String(
          format: "%4d %7d %7d %6d %6d %6d", g.height, g.inputChannels, g.outputChannels, g.kernelHeight, g.stride, g.groups) + "   "
          + texts.joined(separator: "   "))
    }

    private func fields(_ g: ConvolutionGeometry, rates: [Double], _ peak: Double) -> JSON {
      let sizes = [
        ("images", batch), ("height", g.height), ("width", g.width), ("inputs", g.inputChannels), ("outputs", g.outputChannels),
        ("kernelHeight", g.kernelHeight), ("kernelWidth", g.kernelWidth), ("stride", g.stride), ("padTop", g.padTop),
        ("padLeft", g.padLeft), ("padBottom", g.padBottom), ("padRight", g.padRight), ("groups", g.groups), ("threads", Workers.threads),
      ]
      let numbers = [
        ("flops", g.flops * Double(batch)), ("forward", rates[0]), ("inputGradient", rates[1]), ("weightGradient", rates[2]),
        ("peak", peak),
      ]
      return .object(sizes.map { ($0.0, .integer($0.1)) } + numbers.map { ($0.0, .number($0.1)) })
    }

    private func numbers(_ count: Int) -> UnsafeMutablePointer<Float> {
      let memory = unsafe allocateMemory(bytes: count * 4).bindMemory(to: Float.self, capacity: count)
      unsafe memory.initialize(repeating: 0.01, count: count)
      return unsafe memory
    }

    /// Operations per second, by the median of the rounds after a first one.
    private func rate(_ flops: Double, _ body: () -> Void) -> Double {
      let times = (0...rounds).map { _ in ContinuousClock().measure(body) / .seconds(1) }.dropFirst().sorted()
      return flops / times[times.count / 2]
    }
  }
}
