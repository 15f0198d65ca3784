import Kernels
import Sharding
import TestSupport
import Testing

@testable import Tensors

/// One application of a primitive, on odd shapes and away from kinks.
struct PrimitiveCase: Sendable, CustomTestStringConvertible {
  let name: String
  let inputs: @Sendable () -> [Tensor]
  let function: @Sendable ([Tensor]) -> Tensor
  /// Elements of each input that are differenced.
  let coordinates: Int

  init(
    _ name: String, coordinates: Int = 400, _ inputs: @escaping @Sendable () -> [Tensor],
    _ function: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.name = name
    self.coordinates = coordinates
    self.inputs = inputs
    self.function = function
  }

  var testDescription: String { name }

  /// `y + y²/2` of the primitive's result: the second derivative of a linear primitive would be zero and prove nothing.
  func check() -> DerivativeReport {
    checkDerivatives(at: inputs(), coordinates: coordinates) { x in
      let y = function(x)
      return y + y.squared() * 0.5
    }
  }

  /// Every primitive of `Tensors` in every form.
  static let all: [PrimitiveCase] =
    elementwise + broadcasting + reductions + shaping + products + attention + convolutions + pooling + sharded
}

private func normal(_ shape: [Int], _ stream: Int = 0) -> Tensor { Samples.normal(shape, stream) }

extension PrimitiveCase {
  private static let unary: [PrimitiveCase] = UnaryOperation.allCases.map { operation in
    let needsPositive = [.logarithm, .squareRoot, .reciprocal].contains(operation)
    return PrimitiveCase(
      "unary \(operation)", { [needsPositive ? Samples.positive([3, 5]) : normal([3, 5])] },
      { apply(Unary(operation: operation), $0) })
  }

  static let elementwise: [PrimitiveCase] =
    unary + [
      PrimitiveCase("identity", { [normal([3, 5])] }, { apply(Identity(), $0) }),
      PrimitiveCase(
        "sum of powers", { [Samples.positive([3, 7])] },
        {
          $0[0].sumOfPowers([
            .init(factor: 1, scale: 2.5, exponent: -0.2), .init(factor: -0.5, scale: 0.1, exponent: -5),
            .init(factor: 2, scale: 0.5, exponent: 1.5),
          ])
        }),
      PrimitiveCase("affine", { [normal([7])] }, { $0[0] * -1.5 + 0.25 }),
      PrimitiveCase("rectify", { [Samples.awayFromZero([3, 7])] }, { $0[0].rectified() }),
      PrimitiveCase("rectify slope 0.2", { [Samples.awayFromZero([3, 7])] }, { $0[0].leakyRectified(slope: 0.2) }),
      PrimitiveCase("magnitude", { [Samples.awayFromZero([3, 7])] }, { $0[0].magnitude() }),
      PrimitiveCase("rectify gate", { [Samples.awayFromZero([3, 7]), normal([3, 7], 1)] }, { apply(RectifyGate(slope: 0.3), $0) }),
      PrimitiveCase("clamp", { [Samples.distinct([5, 5])] }, { $0[0].clamped(from: -0.45, to: 0.61) }),
      PrimitiveCase("clamp gate", { [Samples.distinct([5, 5]), normal([5, 5], 1)] }, { apply(ClampGate(low: -0.45, high: 0.61), $0) }),
    ]

  static let broadcasting: [PrimitiveCase] = {
    let shapes: [([Int], [Int])] = [
      ([3, 5], [3, 5]), ([2, 3, 3, 5], [5]), ([5], [2, 3, 5]), ([2, 3, 3, 5], [2, 1, 1, 5]), ([3, 1], [1, 5]), ([4, 3], []),
      ([3, 1, 4], [1, 2, 1]),
    ]
    var cases: [PrimitiveCase] = []
    for operation in BinaryOperation.allCases {
      for (a, b) in shapes {
        cases.append(
          PrimitiveCase("\(operation) \(a) \(b)", { [normal(a), Samples.positive(b, 1)] }, { apply(Arithmetic(operation: operation), $0) }))
      }
    }
    for (from, to) in [([3, 1], [3, 5]), ([1, 1, 5], [2, 3, 5]), ([2, 1, 1, 3], [2, 3, 4, 3])] {
      cases.append(PrimitiveCase("broadcast \(from) to \(to)", { [normal(from)] }, { $0[0].broadcast(to: to) }))
    }
    return cases
  }()

  static let reductions: [PrimitiveCase] = {
    var cases: [PrimitiveCase] = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]].map { axes in
      PrimitiveCase("sum over \(axes)", { [normal([3, 4, 5])] }, { $0[0].sum(axes: axes) })
    }
    cases.append(PrimitiveCase("sum over [1, 2] keeping axes", { [normal([3, 4, 5])] }, { $0[0].sum(axes: [1, 2], keepingAxes: true) }))
    cases.append(PrimitiveCase("softmax", { [normal([3, 7])] }, { $0[0].softmax() }))
    cases.append(PrimitiveCase("softmax of 17 columns", { [normal([2, 3, 17])] }, { $0[0].softmax() }))
    cases.append(PrimitiveCase("log-sum-exp", { [normal([4, 5])] }, { $0[0].logSumExp() }))
    cases.append(
      PrimitiveCase(
        "spectral division", { [normal([3, 2, 5])] },
        { $0[0].dividedBySingularValue(u: normal([5], 1), v: normal([6], 2)) }))
    for (name, kernel, channels) in [("", 3, 3), (" by Winograd", 3, 16), (" of 1x1", 1, 5)] {
      cases.append(
        PrimitiveCase(
          "convolution\(name) with spectral division", coordinates: 12,
          { [normal([1, 4, 4, channels]), normal([kernel, kernel, channels, 16], 1)] },
          {
            let weight = $0[1].dividedBySingularValue(u: normal([16], 2), v: normal([kernel * kernel * channels], 3))
            return $0[0].convolved(with: weight) + weight.sum()
          }))
    }
    cases.append(PrimitiveCase("standardize", { [normal([5, 3])] }, { $0[0].standardized(epsilon: 1e-3).0 }))
    cases.append(
      PrimitiveCase(
        "standardize with gain, bias and rectifier", { [normal([3, 2, 3, 5]), normal([5], 1), normal([5], 2)] },
        { $0[0].standardized(epsilon: 1e-3, gain: $0[1], bias: $0[2], slope: 0.2).0 }))
    cases.append(
      PrimitiveCase(
        "standardize with a gain of each sample", { [normal([3, 2, 3, 18]), normal([3, 18], 1), normal([3, 18], 2)] },
        { $0[0].standardized(epsilon: 1e-3, gain: $0[1], bias: $0[2], slope: 0).0 }))
    cases.append(PrimitiveCase("standardize images", { [normal([3, 2, 3, 5])] }, { $0[0].standardized(epsilon: 1e-5).0 }))
    return cases
  }()

  static let shaping: [PrimitiveCase] = [
    PrimitiveCase("reshape", { [normal([3, 4])] }, { $0[0].reshaped([2, -1]) }),
    PrimitiveCase("transpose", { [normal([3, 5])] }, { $0[0].transposed() }),
    PrimitiveCase("transpose [2, 0, 3, 1]", { [normal([2, 3, 4, 5])] }, { $0[0].transposed([2, 0, 3, 1]) }),
    PrimitiveCase("slice axis 0", { [normal([5, 3])] }, { $0[0].slice(axis: 0, 1..<4) }),
    PrimitiveCase("slice last axis", { [normal([2, 3, 7])] }, { $0[0].slice(axis: 2, 2..<5) }),
    PrimitiveCase("pad", { [normal([2, 3, 2])] }, { $0[0].padded(before: [0, 1, 2], after: [0, 2, 1]) }),
    PrimitiveCase("concatenate axis 0", { [normal([2, 3]), normal([4, 3], 1)] }, { concatenated($0, axis: 0) }),
    PrimitiveCase(
      "concatenate last axis", { [normal([2, 3, 2]), normal([2, 3, 5], 1), normal([2, 3, 1], 2)] }, { concatenated($0, axis: 2) }),
    PrimitiveCase("gather", { [normal([4, 3])] }, { $0[0].gathered([3, 0, 3, 1, 3]) }),
    PrimitiveCase("scatter", { [normal([5, 3])] }, { $0[0].scattered([3, 0, 3, 1, 3], tableRows: 6) }),
  ]

  static let products: [PrimitiveCase] = {
    var cases: [PrimitiveCase] = []
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
      let (a, b) = (transposeA ? [5, 3] : [3, 5], transposeB ? [7, 5] : [5, 7])
      let form = "\(transposeA ? "Aᵀ" : "A")\(transposeB ? "Bᵀ" : "B")"
      cases.append(
        PrimitiveCase(
          "matrix product \(form)", { [normal(a), normal(b, 1)] },
          { $0[0].matrixProduct($0[1], transposeSelf: transposeA, transposeOther: transposeB) }))
      cases.append(
        PrimitiveCase(
          "batched product \(form)", { [normal([2] + a), normal([2] + b, 1)] },
          { $0[0].batchedProduct($0[1], transposeSelf: transposeA, transposeOther: transposeB) }))
    }
    for x in [[3, 5], [2, 3, 5], [5]] {
      cases.append(PrimitiveCase("row product \(x)", { [normal(x), normal([5, 7], 1)] }, { $0[0].rowProduct($0[1]) }))
      cases.append(
        PrimitiveCase(
          "row product \(x) transposed", { [normal(x), normal([7, 5], 1)] }, { $0[0].rowProduct($0[1], transposeMatrix: true) }))
      cases.append(
        PrimitiveCase("outer product \(x)", { [normal(x), normal(x.dropLast() + [4], 1)] }, { $0[0].outerProduct($0[1]) }))
    }
    return cases
  }()

  /// Less and more than a panel of 32 queries or keys; widths that are multiples of nothing.
  static let attention: [PrimitiveCase] = [(1, 1, 1, 1), (1, 5, 3, 2), (5, 7, 3, 6), (37, 35, 4, 18), (66, 3, 2, 1)].map {
    rows, columns, keyWidth, valueWidth in
    PrimitiveCase(
      "attention of \(rows) queries to \(columns) keys of \(keyWidth) and values of \(valueWidth)",
      coordinates: rows * columns > 1000 ? 24 : 80,
      { [normal([2, rows, keyWidth]), normal([2, columns, keyWidth], 1), normal([2, columns, valueWidth], 2)] },
      { $0[0].attending(to: $0[1], values: $0[2]) })
  }

  static let convolutions: [PrimitiveCase] = {
    let forms: [(String, ConvolutionGeometry)] = [
      ("3x3", geometry(5, 4, 3, 5, 3, 3, 1, (1, 1, 1, 1))),
      ("3x3 on 7x5", geometry(7, 5, 4, 3, 3, 3, 1, (1, 1, 1, 1))),
      ("4x4 stride 2", geometry(6, 8, 3, 2, 4, 4, 2, (1, 1, 1, 1))),
      ("5x5 stride 2", geometry(7, 6, 2, 3, 5, 5, 2, (2, 2, 2, 2))),
      ("1x1", geometry(3, 4, 5, 7, 1, 1, 1, (0, 0, 0, 0))),
      ("3x3 groups 2", geometry(4, 5, 4, 6, 3, 3, 1, (1, 1, 1, 1), groups: 2)),
      ("3x3 depthwise", geometry(3, 9, 17, 17, 3, 3, 1, (1, 1, 1, 1), groups: 17)),
      ("3x2 asymmetric padding", geometry(4, 6, 2, 3, 3, 2, 1, (2, 0, 1, 1))),
      ("3x3 stride 2 with a remainder", geometry(6, 7, 2, 3, 3, 3, 2, (0, 0, 0, 0))),
      ("1x1 with zeros below", geometry(3, 4, 2, 3, 1, 1, 1, (0, 0, 2, 0))),
      ("3x3 of 16 channels, by Winograd", geometry(5, 7, 16, 16, 3, 3, 1, (1, 1, 1, 1))),
      ("3x3 of 16 channels, asymmetric padding, by Winograd", geometry(6, 5, 16, 16, 3, 3, 1, (2, 0, 0, 2))),
      ("4x4 stride 2 of 16 channels, by Winograd", geometry(17, 18, 16, 16, 4, 4, 2, (1, 1, 1, 1))),
    ]
    return widening
      + forms.flatMap { form, geometry in
        let coordinates = geometry.inputChannels < 16 ? 400 : 24
        return [
          PrimitiveCase(
            "convolution \(form)", coordinates: coordinates,
            { [normal(geometry.inputShape(2)), normal(geometry.weightShape, 1), normal([geometry.outputChannels], 2)] },
            { apply(Convolution(geometry: geometry), $0) }),
          PrimitiveCase(
            "convolution input gradient \(form)", coordinates: coordinates,
            { [normal(geometry.outputShape(2)), normal(geometry.weightShape, 1), normal([geometry.inputChannels], 2)] },
            { apply(ConvolutionInputGradient(geometry: geometry), $0) }),
          PrimitiveCase(
            "convolution weight gradient \(form)", coordinates: coordinates,
            { [normal(geometry.inputShape(2)), normal(geometry.outputShape(2), 1)] },
            { apply(ConvolutionWeightGradient(geometry: geometry), $0) }),
        ]
      }
  }()

  private static let widening: [PrimitiveCase] = [Widening.pooling, .upsampling].flatMap { widening in
    [
      PrimitiveCase("widen kernel for \(widening)", { [normal([3, 3, 2, 5])] }, { apply(WidenKernel(widening: widening), $0) }),
      PrimitiveCase("narrow kernel for \(widening)", { [normal([4, 4, 2, 5])] }, { apply(NarrowKernel(widening: widening), $0) }),
    ]
  }

  private static func geometry(
    _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, _ kernelHeight: Int, _ kernelWidth: Int, _ stride: Int,
    _ padding: (Int, Int, Int, Int), groups: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
      stride: stride, padTop: padding.0, padLeft: padding.1, padBottom: padding.2, padRight: padding.3, groups: groups)
  }

  static let pooling: [PrimitiveCase] = {
    let image = [2, 5, 7, 3]
    return [(2, 2), (3, 2), (3, 1)].flatMap { size, stride in
      let window = Window(size: size, stride: stride)
      let pooled = window.outputShape("pool", image)
      let form = "\(size)x\(size) stride \(stride)"
      return [
        PrimitiveCase("average pool \(form)", { [normal(image)] }, { $0[0].averagePooled(size, stride: stride) }),
        PrimitiveCase(
          "average pool gradient \(form)", { [normal(pooled)] }, { apply(AveragePoolGradient(window: window, shape: image), $0) }),
        PrimitiveCase("maximum pool \(form)", { [Samples.distinct(image)] }, { $0[0].maximumPooled(size, stride: stride) }),
        PrimitiveCase(
          "maximum pool select \(form)", { [Samples.distinct(image), normal(image, 1)] }, { apply(MaximumPoolSelect(window: window), $0) }),
        PrimitiveCase(
          "maximum pool scatter \(form)", { [Samples.distinct(image), normal(pooled, 1)] },
          { apply(MaximumPoolScatter(window: window), $0) }),
      ]
    }
      + [2, 3].flatMap { factor in
        [
          PrimitiveCase("upsample by \(factor)", { [normal([2, 3, 2, 3])] }, { $0[0].upsampled(factor) }),
          PrimitiveCase(
            "upsample gradient by \(factor)", { [normal([2, 3 * factor, 2 * factor, 3])] }, { apply(UpsampleGradient(factor: factor), $0) }),
        ]
      }
  }()

  /// Tensors with a layout take other paths through the kernels: sums by shard, replicated operands.
  static let sharded: [PrimitiveCase] = [
    PrimitiveCase("sharded sum of everything", { [batch([3, 4])] }, { $0[0].sum() }),
    PrimitiveCase("sharded sum over the batch", { [batch([3, 4])] }, { $0[0].sum(axes: [0]) }),
    PrimitiveCase("sharded times replicated", { [batch([2, 3]), normal([3], 1)] }, { $0[0] * $0[1] }),
    PrimitiveCase("sharded minus its mean", { [batch([3])] }, { $0[0] - $0[0].mean(axes: [0]) }),
    PrimitiveCase(
      "sharded standardize with gain and bias", { [batch([2, 2, 3]), normal([3], 1), normal([3], 2)] },
      { $0[0].standardized(epsilon: 1e-3, gain: $0[1], bias: $0[2], slope: 0).0 }),
    PrimitiveCase(
      "sharded standardize with a gain of each sample",
      {
        let x = batch([2, 2, 3])
        return [x, Samples.normal([7, 3], 1, layout: x.layout), Samples.normal([7, 3], 2, layout: x.layout)]
      },
      { $0[0].standardized(epsilon: 1e-3, gain: $0[1], bias: $0[2], slope: 1).0 }),
    PrimitiveCase("sharded standardize", { [batch([2, 2, 3])] }, { $0[0].standardized(epsilon: 1e-4).0 }),
    PrimitiveCase("sharded row product", { [batch([3, 5]), normal([5, 4], 1)] }, { $0[0].rowProduct($0[1]) }),
    PrimitiveCase(
      "sharded attention",
      {
        let queries = batch([5, 3])
        return [
          queries, Samples.normal([7, 4, 3], 1, layout: queries.layout), Samples.normal([7, 4, 2], 2, layout: queries.layout),
        ]
      }, { $0[0].attending(to: $0[1], values: $0[2]) }),
    PrimitiveCase("sharded convolution", { [batch([4, 5, 3]), normal([3, 3, 3, 2], 1)] }, { $0[0].convolved(with: $0[1]) }),
    PrimitiveCase(
      "sharded transposed convolution", { [batch([2, 3, 3]), normal([4, 4, 2, 3], 1)] },
      { $0[0].transposeConvolved(with: $0[1], stride: 2, padding: .all(1)) }),
    PrimitiveCase(
      "sharded gather", { [normal([4, 3]), batch([3])] },
      { $0[0].gathered([3, 0, 3, 1, 3, 2, 0], layout: $0[1].layout) * $0[1] }),
    PrimitiveCase("sharded scatter", { [batch([3])] }, { $0[0].scattered([3, 0, 3, 1, 3, 2, 0], tableRows: 4) }),
    PrimitiveCase(
      "sharded concatenation and split",
      {
        let x = batch([3])
        return [x, Samples.normal([7, 3], 1, layout: x.layout)]
      },
      {
        let joined = concatenated($0, axis: 0)
        let parts = (joined - joined.mean(axes: [0])).squared().split(like: $0)
        return parts[0] * parts[1]
      }),
    PrimitiveCase(
      "broadcast to the batch", { [normal([1, 3]), normal([7, 3], 1)] },
      {
        let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 3)))
        return $0[0].broadcast(to: [7, 3], layout: layout).squared().sum(axes: [0]) + $0[1]
      }),
  ]

  private static func batch(_ sample: [Int]) -> Tensor {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 3)))
    return Samples.normal([7] + sample, layout: layout)
  }
}
