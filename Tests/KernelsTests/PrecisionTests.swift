import Kernels
import Sharding
import Testing

/// How much the passes of convolutions round, against loops in Double. Each test that sets a precision has a process of its own: it is one of
/// the whole process, and other tests compute beside this one.
@Suite struct PrecisionTests {
  /// A convolution of some samples, its operands, and what its passes are in Double.
  struct Reference {
    let geometry: ConvolutionGeometry
    let samples: Int
    let x, w, dy: [Float]
    private(set) var passes: [[Double]]

    init(_ g: ConvolutionGeometry, samples: Int) {
      (geometry, self.samples) = (g, samples)
      x = KernelsTests.samples(samples * g.height * g.width * g.inputChannels, seed: 1)
      w = KernelsTests.samples(g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels, seed: 2)
      dy = KernelsTests.samples(samples * g.outputHeight * g.outputWidth * g.outputChannels, seed: 3)
      let (x, w, dy) = (x.map(Double.init), w.map(Double.init), dy.map(Double.init))
      passes = [dy, x, w].map { [Double](repeating: 0, count: $0.count) }
      WinogradTests.products(g, samples: samples) { yi, xi, wi in
        passes[0][yi] += x[xi] * w[wi]
        passes[1][xi] += dy[yi] * w[wi]
        passes[2][wi] += x[xi] * dy[yi]
      }
    }

    /// The passes as the process computes them, samples in two shards where there are two.
    func computed() -> [[Float]] {
      let rows = rankRows(batch: samples, shards: min(2, samples), ranks: 1)[0].rows
      return [
        output(dy.count) { unsafe convolution(geometry, samples: samples, x, w, $0) },
        output(x.count) { unsafe convolutionInputGradient(geometry, samples: samples, dy, w, $0) },
        output(w.count) { unsafe convolutionWeightGradient(geometry, rows: rows, x, dy, $0) },
      ]
    }

    /// The relative error of each pass.
    func errors() -> [Double] { zip(computed(), passes).map { WinogradTests.error($0, $1) } }
  }

  /// A square kernel with the padding that keeps the size, or halves it under stride 2.
  static func geometry(_ side: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1) -> ConvolutionGeometry {
    let pad = (kernel - 1) / 2
    return ConvolutionGeometry(
      height: side, width: side, inputChannels: inputs, outputChannels: outputs, kernelHeight: kernel, kernelWidth: kernel, stride: stride,
      padTop: pad, padLeft: pad, padBottom: pad, padRight: pad)
  }

  @Test(arguments: [geometry(8, 256, 256), geometry(16, 256, 64, kernel: 4, stride: 2), geometry(6, 256, 256, kernel: 1)])
  func `Floats of 256 channels round to less than 5e-6 in every pass`(g: ConvolutionGeometry) {
    let errors = Reference(g, samples: 2).errors()
    #expect(errors.allSatisfy { $0 < 5e-6 }, "forward, input gradient, weight gradient: \(errors)")
    #expect(errors.allSatisfy { $0 > 1e-8 }, "rounding of Floats: \(errors)")
  }

  /// A shape whose products over the images are of bfloat16, where that is asked for.
  struct Rounded {
    let geometry: ConvolutionGeometry
    let samples: Int
    /// Whether the weight gradient's are as well: shards have many tiles, or go by matrix products.
    let sums: Bool

    init(_ geometry: ConvolutionGeometry, _ samples: Int, sums: Bool = false) {
      (self.geometry, self.samples, self.sums) = (geometry, samples, sums)
    }
  }

  /// By Winograd's algorithm with every tile, by matrix products; odd sizes, channels that are no multiples of 16 or 32, one sample, no
  /// padding, uneven padding and the most.
  static let rounded: [Rounded] = [
    Rounded(geometry(8, 256, 256), 2), Rounded(geometry(16, 256, 256, kernel: 4, stride: 2), 1), Rounded(geometry(9, 128, 144), 1),
    Rounded(geometry(18, 144, 128), 3, sums: true), Rounded(geometry(18, 96, 96, kernel: 4, stride: 2), 3),
    Rounded(geometry(22, 112, 96, kernel: 4, stride: 2), 2), Rounded(geometry(34, 96, 96, kernel: 4, stride: 2), 6, sums: true),
    Rounded(geometry(54, 96, 80, kernel: 4, stride: 2), 1, sums: true),
    Rounded(WinogradTests.Shape(height: 12, width: 9, inputs: 128, outputs: 160, pads: (0, 2, 1, 0)).geometry, 2),
    Rounded(WinogradTests.Shape(height: 19, width: 24, inputs: 96, outputs: 112, pads: (3, 0, 2, 3), stride: 2).geometry, 2),
    Rounded(geometry(7, 256, 320, kernel: 1), 1, sums: true), Rounded(geometry(17, 99, 101, kernel: 1), 2, sums: true),
    Rounded(geometry(9, 70, 67), 2, sums: true), Rounded(geometry(10, 300, 64, kernel: 3, stride: 2), 2, sums: true),
  ]

  @Test func `products of bfloat16 round by about 4e-3 or less in every pass`() async {
    await #expect(processExitsWith: .success) {
      ConvolutionPrecision.current = .bf16
      for shape in PrecisionTests.rounded {
        let errors = Reference(shape.geometry, samples: shape.samples).errors()
        // At the edges of an image sums have fewer terms, but tiles round as inside.
        let bound = min(shape.geometry.outputHeight, shape.geometry.outputWidth) < 16 ? 4.2e-3 : 4e-3
        #expect(errors.allSatisfy { $0 < bound }, "\(shape): \(errors)")
        #expect(errors[..<(shape.sums ? 3 : 2)].allSatisfy { $0 > 1e-3 }, "\(shape): \(errors)")
      }
    }
  }

  @Test func `shapes that bfloat16 would make slower stay Floats`() async {
    await #expect(processExitsWith: .success) {
      for g in [
        PrecisionTests.geometry(9, 3, 64), PrecisionTests.geometry(8, 48, 3), PrecisionTests.geometry(5, 5, 6),
        PrecisionTests.geometry(8, 96, 96), PrecisionTests.geometry(8, 48, 64, kernel: 4, stride: 2),
        PrecisionTests.geometry(8, 96, 96, kernel: 4, stride: 2),
      ] {
        let reference = PrecisionTests.Reference(g, samples: 2)
        ConvolutionPrecision.current = .fp32
        let floats = reference.computed()
        ConvolutionPrecision.current = .bf16
        #expect(reference.computed() == floats, "\(g)")
      }
    }
  }

  @Test func `in bfloat16 too a sample's bits depend neither on its batch nor on threads, and gradients not on ranks`() async {
    await #expect(processExitsWith: .success) {
      ConvolutionPrecision.current = .bf16
      let (batch, shards) = (9, 4)
      // The last one has leaves of both kinds.
      for g in PrecisionTests.rounded.map(\.geometry) + [PrecisionTests.geometry(11, 128, 128)] where g.inputChannels < 200 {
        let (inputs, outputs) = (g.height * g.width * g.inputChannels, g.outputHeight * g.outputWidth * g.outputChannels)
        let size = g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels
        let (x, w) = (samples(batch * inputs, seed: 1), samples(size, seed: 2))
        let dy = samples(batch * outputs, seed: 3)
        /// The passes on some ranks, one after the other.
        func passes(ranks: Int, threads: Int) -> [[Float]] {
          Workers.start(threads: threads)
          var (y, dx): ([Float], [Float]) = ([], [])
          let parts = rankRows(batch: batch, shards: shards, ranks: ranks)
          let sums = parts.map { part in
            let (first, count) = (part.first, part.rows.rowCount)
            let own = (Array(x[(first * inputs)..<((first + count) * inputs)]), Array(dy[(first * outputs)..<((first + count) * outputs)]))
            y += output(count * outputs) { unsafe convolution(g, samples: count, own.0, w, $0) }
            dx += output(count * inputs) { unsafe convolutionInputGradient(g, samples: count, own.1, w, $0) }
            return (
              values: output(part.rows.nodeCount * size) { unsafe convolutionWeightGradient(g, rows: part.rows, own.0, own.1, $0) },
              ranges: part.nodes
            )
          }
          return [y, dx, root(sums, shards: shards, size: size)]
        }
        let whole = passes(ranks: 1, threads: 1)
        #expect(passes(ranks: 1, threads: 3) == whole, "three threads: \(g)")
        for ranks in [2, 4] { #expect(passes(ranks: ranks, threads: 2) == whole, "\(ranks) ranks: \(g)") }
      }
    }
  }
}
