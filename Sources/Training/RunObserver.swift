public import Adversarial

/// Sees a run: the trainer itself prints and draws nothing.
public protocol RunObserver: AnyObject {
  /// A step was done; called on every rank.
  func stepDone(_ record: StepRecord) throws
  /// A checkpoint was written; called on every rank.
  func checkpointWritten(_ path: String, step: Int) throws
  /// Samples are due; called on rank 0.
  func samplesDue(step: Int, _ sampler: Sampler) throws
}

/// What happened in one step.
public struct StepRecord: Sendable {
  /// Steps done, this one included.
  public var step: Int
  /// Steps of the whole run.
  public var steps: Int
  /// Losses and reports, means over the updates of the step, in the order they arose.
  public var losses: [(name: String, value: Float)]
  /// Real images that all ranks trained on in this step.
  public var images: Int
  /// Wall seconds of the step.
  public var seconds: Double
  /// Epoch of the next image.
  public var epoch: Int
  /// Images drawn since the run began.
  public var position: Int
  /// How the game stands after the step; nil where it was not examined.
  public var health: Health?

  /// A record of these numbers.
  public init(
    step: Int, steps: Int, losses: [(name: String, value: Float)], images: Int, seconds: Double, epoch: Int, position: Int,
    health: Health? = nil
  ) {
    self.step = step
    self.steps = steps
    self.losses = losses
    self.images = images
    self.seconds = seconds
    self.epoch = epoch
    self.position = position
    self.health = health
  }
}
