public import Adversarial
import Layers
import Optimization

/// Draws images from the averaged weights (or the weights themselves, without an average), with standing statistics.
///
/// Everything is replicated, so a single rank can draw while the others go on, up to the next update, which waits for it; no update may be
/// under way when it begins.
public final class Sampler {
  /// What can be asked of the model.
  public var traits: SamplingTraits { recipe.sampling }
  /// The format of the images.
  public let format: DataFormat
  private let recipe: any Recipe
  private let seed: UInt64
  private let batch: Int

  /// A sampler of `recipe`.
  /// - Parameters:
  ///   - recipe: the model with its weights.
  ///   - format: size, channels and classes of its images.
  ///   - seed: key of the latent vectors.
  ///   - batch: images drawn at once, and in each pass that gathers standing statistics.
  public init(_ recipe: any Recipe, format: DataFormat, seed: UInt64, batch: Int) {
    self.recipe = recipe
    self.format = format
    self.seed = seed
    self.batch = batch
  }

  /// Images `[count, height, width, channels]` in [-1, 1], row-major.
  ///
  /// - Parameters:
  ///   - labels: a class for each image; also says how many. A model without classes reads only their number.
  ///   - truncation: components of z beyond ±truncation are drawn again (Brock et al. 2019, section 3.1); nil: none are.
  ///   - standingPasses: batches that batch norm's moments are averaged over before drawing (section 3 there); 0: running moments.
  public func images(labels: [Int32], truncation: Float? = nil, standingPasses: Int = 16) -> [Float] {
    let orders = labels.enumerated().map { ImageOrder(latent: $0, label: $1, truncation: truncation) }
    return drawing(standingPasses: standingPasses).images(orders)
  }

  /// Sheets of the model's own.
  public var sheets: [SheetPlan] { recipe.sheets }

  /// The images of a sheet of the model's own, row by row.
  /// - Parameters:
  ///   - sheet: what the rows and columns are.
  ///   - standingPasses: as for `images`.
  public func images(of sheet: SheetPlan, standingPasses: Int = 16) -> [Float] {
    drawing(standingPasses: standingPasses).images(sheet.cells.map(ImageOrder.init))
  }

  /// The weights of this moment, ready to draw from; what is drawn later is still of the same weights only if nothing trains them.
  /// - Parameter standingPasses: as for `images`.
  public func drawing(standingPasses: Int) -> Drawing {
    Drawing(recipe, format: format, seed: seed, batch: batch, standingPasses: standingPasses)
  }
}
