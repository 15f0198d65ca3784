// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Instruction set of the kernels: `native`, or for clusters of mixed nodes `x86-64-v3`, `x86-64-v4`.
let march = ProcessInfo.processInfo.environment["DIST_GAN_MARCH"] ?? "native"

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Kernels check nothing and are always optimised, in debug builds too, so that tests stay fast.
let unchecked: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-Ounchecked", "-Xcc", "-march=\(march)"]),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "dist-gan",
  products: [.executable(name: "dist-gan", targets: ["DistGAN"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // Level 0: one module map for each system library, and the embedded images.
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Level 0: JPEG behind functions that return; libjpeg itself leaves by longjmp.
    .target(name: "CJPEGDecoding", dependencies: ["CJPEG"]),
    .target(name: "CEmbedded", exclude: ["data"], cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
    // Level 0: what the compiler was told about the processor, compiled as the kernels are.
    .target(name: "CProcessor", cSettings: [.unsafeFlags(["-march=\(march)"])]),
    // Level 0: stores past the caches.
    .target(name: "CStreaming", cSettings: [.unsafeFlags(["-O2", "-march=\(march)"])]),
    // Level 0: threads that must be run soon after they wake.
    .target(name: "CScheduling"),
    // Level 0: products of bfloat16, inline in the kernels.
    .target(name: "CBFloat16", cSettings: [.unsafeFlags(["-O2", "-march=\(march)"])]),
    // Level 0: the tree by which sums over the batch are added, shared by kernels, ranks and tensors.
    .target(name: "Sharding", swiftSettings: strict),
    // Level 1: loops, ranks, files, pictures.
    .target(name: "Kernels", dependencies: ["CBFloat16", "COpenBLAS", "Sharding"], swiftSettings: unchecked),
    .target(name: "Communication", dependencies: ["CMPI", "CScheduling", "CStreaming", "Sharding"], swiftSettings: strict),
    .target(name: "Archive", dependencies: ["CHDF5", "CZlib"], swiftSettings: strict),
    .target(name: "Images", dependencies: ["CPNG", "CJPEGDecoding"], swiftSettings: strict),
    .target(name: "Weights", swiftSettings: strict),
    // Level 2
    .target(name: "Tensors", dependencies: ["Kernels", "Sharding"], swiftSettings: strict),
    .target(name: "Datasets", dependencies: ["Archive", "Images", "CEmbedded"], swiftSettings: strict),
    // Level 3
    .target(name: "Layers", dependencies: ["Tensors"], swiftSettings: strict),
    // Level 4
    .target(name: "Optimization", dependencies: ["Layers"], swiftSettings: strict),
    // Level 5
    .target(name: "Adversarial", dependencies: ["Tensors", "Layers", "Optimization"], swiftSettings: strict),
    // Level 6
    .target(name: "Zoo", dependencies: ["Tensors", "Layers", "Optimization", "Adversarial"], swiftSettings: strict),
    .target(
      name: "Toy",
      dependencies: ["Kernels", "Sharding", "Tensors", "Layers", "Optimization", "Adversarial", "Images"], swiftSettings: strict),
    .target(
      name: "Training",
      dependencies: [
        "Kernels", "Sharding", "Tensors", "Layers", "Optimization", "Adversarial", "Communication", "Archive", "Datasets", "Images",
        "Weights",
      ], swiftSettings: strict),
    // Level 7
    .executableTarget(
      name: "DistGAN",
      dependencies: [
        "Kernels", "Sharding", "Tensors", "Layers", "Optimization", "Adversarial", "Zoo", "Toy", "Training", "Communication",
        "Archive", "Datasets", "Images", "Weights", "CProcessor", argumentParser,
      ], swiftSettings: strict),
    // Tests
    // Replay evaluates graphs thousands of times in naive loops: optimised in debug builds too, checks stay.
    .target(
      name: "TestSupport", dependencies: ["Kernels", "Sharding", "Tensors", "Layers", "Optimization", "Adversarial"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .executableTarget(
      name: "RankChecks",
      dependencies: [
        "Kernels", "Sharding", "Tensors", "Layers", "Optimization", "Adversarial", "Zoo", "Training", "Communication", "Datasets",
        "TestSupport",
      ], swiftSettings: strict),
    .testTarget(name: "ShardingTests", dependencies: ["Sharding"], swiftSettings: strict),
    .testTarget(name: "KernelsTests", dependencies: ["COpenBLAS", "Kernels", "Sharding"], swiftSettings: strict),
    .testTarget(name: "CommunicationTests", dependencies: ["Communication", "Sharding"], swiftSettings: strict),
    .testTarget(name: "ArchiveTests", dependencies: ["Archive"], swiftSettings: strict),
    .testTarget(
      name: "WeightsTests", dependencies: ["Weights", "Adversarial", "Kernels", "Layers", "Tensors", "Training", "Zoo"],
      swiftSettings: strict),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "CEmbedded"], swiftSettings: strict),
    .testTarget(name: "TensorsTests", dependencies: ["Kernels", "Sharding", "Tensors", "Layers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "LayersTests", dependencies: ["Kernels", "Sharding", "Tensors", "Layers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "OptimizationTests", dependencies: ["Tensors", "Layers", "Optimization", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "AdversarialTests",
      dependencies: ["Adversarial", "TestSupport", "Optimization", "Layers", "Tensors", "Sharding", "Kernels"], swiftSettings: strict),
    .testTarget(
      name: "ZooTests", dependencies: ["Zoo", "TestSupport", "Adversarial", "Optimization", "Layers", "Tensors", "Sharding", "Kernels"],
      swiftSettings: strict),
    .testTarget(
      name: "ToyTests", dependencies: ["Toy", "Adversarial", "Images", "Kernels", "Sharding", "Tensors"], swiftSettings: strict),
    .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "Archive", "Images"], swiftSettings: strict),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Datasets", "Images", "Adversarial", "Communication", "Kernels", "Layers", "Optimization", "Sharding", "Tensors",
        "TestSupport", "Weights", "Zoo",
      ], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
