import Adversarial
import ArgumentParser
import Datasets
import Foundation
import Zoo

/// What a shell offers in the places of the command line; names come from the catalogues.
extension CompletionKind {
  /// Models of the zoo.
  static var model: CompletionKind { .list(zoo.entries.map(\.card.name)) }

  /// What `models` shows by name: models, losses, terms, constraints.
  static var shown: CompletionKind {
    .list(zoo.entries.map(\.card.name) + ObjectiveList.all.flatMap { $0.entries.map(\.card.name) })
  }

  /// Losses, terms, constraints and optimizers of the catalogues.
  static var losses: CompletionKind { .list(divergences.common.map(\.card.name)) }
  static var terms: CompletionKind { .list(Adversarial.terms.common.map(\.card.name)) }
  static var constraints: CompletionKind { .list(Adversarial.constraints.common.map(\.card.name)) }
  static var optimizers: CompletionKind { .list(Adversarial.optimizers.common.map(\.card.name)) }

  /// Presets of the model named in the same line, of all models without one.
  static var preset: CompletionKind {
    .custom { words, _, _ in
      let presets = (ModelCompletion.model(in: words).map { [$0] } ?? zoo.entries).flatMap { $0.presets.map(\.name) }
      return Array(Set(presets)).sorted()
    }
  }

  /// Options of the model named in the same line, and their values.
  static var modelOptions: CompletionKind { .custom { ModelCompletion($0, at: $1, prefix: $2).offered } }

  /// Embedded sets, HDF5 files, and directories on the way to some.
  static var data: CompletionKind {
    .custom { _, _, prefix in
      let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
      let files = names.filter { name in
        let kind = (try? FileManager.default.attributesOfItem(atPath: folder + name))?[.type] as? FileAttributeType
        return !name.hasPrefix(".") && (kind == .typeDirectory || name.hasSuffix(".h5") || name.hasSuffix(".hdf5"))
      }
      return DatasetCatalog.names + files.sorted().map { folder + $0 }
    }
  }

  /// A checkpoint, or a run's directory.
  static var checkpoint: CompletionKind { .file(extensions: ["h5"]) }

  /// The words of an enumeration.
  static func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> CompletionKind {
    .list(Word.allCases.map(\.rawValue))
  }
}
