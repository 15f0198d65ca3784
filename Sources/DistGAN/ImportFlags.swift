import Adversarial
import ArgumentParser
import Datasets
import Images

/// The options of `data import`.
struct ImportFlags: ParsableArguments {
  @Argument(help: "A directory or file of images.", completion: .file())
  var source: String

  @Option(
    help: ArgumentHelp("The file to make; one that exists is not overwritten.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var output: String

  @Option(help: ArgumentHelp("Size of the images: a side, or height x width as 64x48 (default: that of all images).", valueName: "size"))
  var size: String?

  @Option(
    help: ArgumentHelp("What is cut off to fit the size: centre keeps the middle, none distorts.", valueName: "way"),
    completion: .words(ImagePreparation.Crop.self))
  var crop = "centre"

  @Option(
    help: ArgumentHelp("How sizes change: area or bilinear (default: area to smaller, bilinear to larger).", valueName: "way"),
    completion: .words(Resampling.self))
  var resize: String?

  @Option(help: ArgumentHelp("1 grey, 2 grey and alpha, 3 RGB, 4 RGBA (default: 3; MNIST 1; HDF5 its own).", valueName: "count"))
  var channels: Int?

  @Flag(help: "Leave out images that cannot be read, and count them.")
  var skipBad = false

  @Option(
    help: ArgumentHelp("Where classes come from in image folders: folders or none.", valueName: "what"),
    completion: .words(FolderListing.Classes.self))
  var classesFrom = "folders"

  @Option(
    help: ArgumentHelp("Kind of the source: auto, folder, cifar10, cifar100, mnist or hdf5.", valueName: "kind"),
    completion: .words(ImportRequest.Kind.self))
  var format = "auto"

  @Option(
    help: ArgumentHelp("Part of CIFAR or MNIST: train, test or (CIFAR) all.", valueName: "part"),
    completion: .words(ImportRequest.Part.self))
  var part = "train"

  @Flag(help: "Take the 20 coarse classes of CIFAR-100.")
  var coarse = false

  @Option(help: ArgumentHelp("Name of the images in an HDF5 file.", valueName: "name"))
  var imagesKey = "imgs"

  @Option(help: ArgumentHelp("Name of the labels in an HDF5 file (default: labels, if there are any).", valueName: "name"))
  var labelsKey: String?

  @Option(help: ArgumentHelp("Axes of the images in an HDF5 file: nchw or nhwc (default: told by the shape).", valueName: "order"))
  var axes: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Values of black and white in an HDF5 file, as 0,1 or -1,1 (default: what it states; 0,65535 for uint16).", valueName: "low,high"))
  var range: String?

  @Option(help: ArgumentHelp("Name of the set (default: that of the source).", valueName: "text"))
  var name: String?

  @Option(help: ArgumentHelp("Terms of use of the images, for data info.", valueName: "text"))
  var license: String?

  @Option(help: ArgumentHelp("Threads of each rank (default: its share of the cores).", valueName: "count"))
  var threads: Int?

  /// What to open.
  /// - Throws: `OptionError` when an option has a value it cannot have.
  func request() throws -> ImportRequest {
    if let channels, !(1...4).contains(channels) { throw OptionError("--channels \(channels): 1, 2, 3 or 4 is needed") }
    if let threads, threads < 1 { throw OptionError("--threads \(threads): at least 1 is needed") }
    for (option, text) in [("name", name), ("license", license)] where text?.utf8.contains(0) == true {
      throw OptionError("--\(option): the text holds a NUL")
    }
    var request = ImportRequest(path: source)
    request.kind = try Self.choice("format", format)
    request.part = try Self.choice("part", part)
    request.classes = try Self.choice("classes-from", classesFrom)
    request.isCoarse = coarse
    request.imagesKey = imagesKey
    request.labelsKey = labelsKey
    switch axes {
    case nil: break
    case "nchw": request.channelsLast = false
    case "nhwc": request.channelsLast = true
    default: throw OptionError("--axes \(axes ?? ""): nchw or nhwc is needed")
    }
    if let range {
      guard let values = ValueRange(text: range) else {
        throw OptionError("--range \(range): the values of black and white are needed, the first one less, as 0,1")
      }
      request.range = values
    }
    return request
  }

  /// Height and width; `nil` when they are those of the images.
  func sides() throws -> (height: Int, width: Int)? {
    guard let size else { return nil }
    let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(sides.count), sides.allSatisfy({ (1...4096).contains($0) }) else {
      throw OptionError("--size \(size): a side from 1 to 4096 is needed, or height and width as 64x48")
    }
    return (sides[0], sides[sides.count - 1])
  }

  /// What is done with images, if the set has this format.
  func preparation(_ format: ImageFormat) throws -> ImagePreparation {
    ImagePreparation(
      format: format, crop: try Self.choice("crop", crop), resampling: try resize.map { try Self.choice("resize", $0) },
      resizes: size != nil)
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable>(_ option: String, _ text: String) throws -> Value {
    if let value = Value(rawValue: text) { return value }
    throw OptionError("unknown --\(option) \(text); known are \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
  }
}
