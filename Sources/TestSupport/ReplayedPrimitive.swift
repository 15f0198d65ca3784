package import Tensors

/// A primitive with a second, independent definition: written from its mathematics, in Double, in plain loops.
package protocol ReplayedPrimitive: Primitive {
  /// The result for these inputs.
  func reference(_ inputs: [Array64]) -> Array64
}

/// Every primitive of `Tensors`: the one list that replay and the derivative tests must cover.
package enum PrimitiveCatalog {
  /// The types.
  package static var all: [any ReplayedPrimitive.Type] {
    [
      Identity.self, Unary.self, SumOfPowers.self, Affine.self, Rectify.self, RectifyGate.self, Clamp.self, ClampGate.self, Arithmetic.self,
      Sum.self,
      Broadcast.self, Softmax.self, LogSumExp.self, Reshape.self, Transpose.self, Slice.self, Pad.self, Concatenate.self, Gather.self,
      Scatter.self, MatrixProduct.self, BatchedProduct.self, Attention.self, RowProduct.self, OuterProduct.self, Convolution.self,
      ConvolutionInputGradient.self, ConvolutionWeightGradient.self, AveragePool.self, AveragePoolGradient.self, MaximumPool.self,
      MaximumPoolSelect.self, MaximumPoolScatter.self, Upsample.self, UpsampleGradient.self, SpectralDivision.self, Standardize.self,
      WidenKernel.self, NarrowKernel.self,
    ]
  }
}
