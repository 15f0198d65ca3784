import Foundation
import Kernels
import Layers
import Sharding
import Tensors
import TestSupport
import Testing

/// Layers that draw, and those of critics without batch norm, against naive loops.
@Suite struct DropoutTests {
  static func draws(_ layouts: [BatchLayout?]) -> PassDraws {
    PassDraws(
      layouts.enumerated().map { part, layout in .init(layout) { RandomKey(seed: 7, purpose: textHash("\($0) \(part)"), step: 0) } })
  }

  @Test func `dropout leaves out its share, scales the rest, and does nothing in inference`() {
    let (_, dropout) = LayersTests.built { Dropout($0, rate: 0.3) }
    let x = Tensor(repeating: 2, shape: [200, 50])
    let y = dropout(x, .training, Self.draws([nil])).values
    #expect(y.allSatisfy { $0 == 0 || abs($0 - 2 / 0.7) < 1e-5 })
    let zeros = Double(y.count { $0 == 0 }) / Double(y.count)
    // 10,000 draws: five deviations of 0.0046.
    #expect(abs(zeros - 0.3) < 0.023, "\(zeros) are left out")
    #expect(dropout(x, .inference, Self.draws([nil])).values == x.values)
    #expect(dropout(x, .training, Self.draws([nil])).values == y)
  }

  @Test func `a mask belongs to the sample, in whatever part of a batch it stands`() {
    let (_, dropout) = LayersTests.built { Dropout($0, rate: 0.5) }
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 6, shardCount: 3)))
    let ones = Tensor(repeating: 1, shape: [6, 8], layout: layout)
    let joint = dropout(concatenated([ones, ones], axis: 0), .training, Self.draws([layout, layout])).split(like: [ones, ones])
    let first = dropout(ones, .training, Self.draws([layout]))
    #expect(joint[0].values == first.values && joint[1].values != first.values)
  }

  @Test func `noise has mean 0 and its deviation`() {
    let (_, noise) = LayersTests.built { GaussianNoise($0, deviation: 0.5) }
    let x = Tensor(repeating: 3, shape: [100, 100])
    let added = (noise(x, .training, Self.draws([nil])) - x).values.map(Double.init)
    let mean = added.reduce(0, +) / 10_000
    let variance = added.reduce(0) { $0 + $1 * $1 } / 10_000
    #expect(abs(mean) < 0.025 && abs(variance - 0.25) < 0.018, "mean \(mean), variance \(variance)")
    #expect(noise(x, .inference, Self.draws([nil])).values == x.values)
  }

  @Test func `layer norm standardises each sample and scales each channel`() {
    let (store, norm) = LayersTests.built { LayerNorm($0, channels: 3) }
    let memory = store.values
    for (index, entry) in store.parameters.enumerated() {
      for channel in 0..<3 { unsafe memory?.pointer[entry.offset + channel] = Float(index == 0 ? 1 + channel : channel - 1) }
    }
    let x = Samples.normal([2, 4, 5, 3]) * 3 + 2
    let y = norm(x, .training).values
    for sample in 0..<2 {
      let numbers = x.values[(sample * 60)..<(sample * 60 + 60)].map(Double.init)
      let mean = numbers.reduce(0, +) / 60
      let deviation = (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 60 + 1e-5).squareRoot()
      for (index, number) in numbers.enumerated() {
        let channel = index % 3
        let expected = (number - mean) / deviation * Double(1 + channel) + Double(channel - 1)
        #expect(abs(Double(y[sample * 60 + index]) - expected) < 1e-5)
      }
    }
  }

  @Test func `maxout is the largest of its pieces`() {
    let (_, layer) = LayersTests.built { Maxout($0, from: 4, to: 3, pieces: 5, initializer: .normal(deviation: 1)) }
    let (_, dense) = LayersTests.built { Dense($0, from: 4, to: 15, initializer: .normal(deviation: 1)) }
    let x = Samples.normal([6, 4])
    let pieces = dense(x, .training).values
    for (index, found) in layer(x, .training).values.enumerated() {
      let (row, unit) = (index / 3, index % 3)
      let expected = (0..<5).map { pieces[row * 15 + $0 * 3 + unit] }.max() ?? .nan
      #expect(abs(found - expected) < 1e-5)
    }
  }

  @Test func `exponential linear units follow their definition, far out too`() {
    let x: [Float] = [-200, -3, -0.5, 0, 0.5, 3, 200]
    for (found, number) in zip(Tensor(x, shape: [7]).exponentialLinear().values, x) {
      #expect(abs(found - (number > 0 ? number : Float(expm1(Double(number))))) < 1e-6)
    }
  }
}
