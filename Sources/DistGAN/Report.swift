import ArgumentParser
import Foundation
import Training

/// The verb `report`: a run as one HTML page.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes what is known of a run as one HTML page that needs nothing else.",
    discussion: """
      The page has the curves of losses and speed, the sample sheets with a slider, options, plan, and what happened: starts, \
      checkpoints, warnings. The run may be going on, or have been resumed, or killed. Older sheets are shown in fewer colours or \
      smaller, so that the page stays below 5 MB.

        dist-gan report RUN
      """)

  @Argument(help: ArgumentHelp("The output directory of a run.", valueName: "dir"), completion: .directory)
  var path: String

  @Option(
    help: ArgumentHelp("The page, which is replaced (default: report.html in the run's directory).", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String?

  func run() throws {
    let directory = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let history = try RunHistory(directory: directory)
    let file = output ?? "\(directory)/report.html"
    try OutputFile.claim(file, mustBeNew: false)
    let page = ReportPage(history, now: Date())
    let bytes = Data(page.html.utf8)
    do {
      // Under another name first: whoever looks at the old page meanwhile has all of it.
      try bytes.write(to: URL(fileURLWithPath: file), options: .atomic)
    } catch {
      throw RunError(.inputOutput, "\(file): cannot write the page: \(error.localizedDescription)")
    }
    print("\(file): \(page.summary), \(Text.bytes(bytes.count))")
  }
}
