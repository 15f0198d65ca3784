import TestSupport
import Testing

@testable import Adversarial

/// What holds for every entry of the catalogues.
@Suite struct CatalogTests {
  /// All entries, as what they have in common.
  static let entries: [any CatalogEntry] = divergences.common + terms.common + constraints.common + schedules.common + optimizers.common

  @Test func `names are different and can be written without quotes, and cards say everything`() {
    let names = Self.entries.map(\.card.name)
    #expect(Set(names).count == names.count)
    for card in Self.entries.map(\.card) {
      #expect(card.name.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, "\(card.name)")
      #expect(card.name != "none")
      #expect(!card.summary.isEmpty && !card.formula.isEmpty && !card.paper.isEmpty, "\(card.name)")
      #expect(card.link.hasPrefix("https://"), "\(card.name)")
      #expect((card.summary + card.formula + card.paper).unicodeScalars.allSatisfy { $0.isASCII }, "\(card.name)")
    }
  }

  @Test func `the text of an entry reads back as the entry`() throws {
    for entry in divergences.entries { #expect(try divergences.parse(entry.text).text == entry.text) }
    for entry in terms.entries { #expect(try terms.parse(entry.text).text == entry.text) }
    for entry in constraints.entries { #expect(try constraints.parse(entry.text).text == entry.text) }
    for entry in schedules.entries { #expect(try schedules.parse(entry.text).text == entry.text) }
    for entry in optimizers.entries { #expect(try optimizers.parse(entry.text).text == entry.text) }
  }

  @Test func `every divergence is among the forms that are checked, and so is every option of it`() throws {
    let forms = try DivergenceForms.all.map(divergences.parse)
    for entry in divergences.entries {
      let own = forms.filter { $0.card.name == entry.card.name }
      #expect(!own.isEmpty, "\(entry.card.name) has no form")
      for (name, value, _) in entry.settings {
        let others = own.filter { form in form.settings.contains { $0.name == name && $0.value != value } }
        #expect(!others.isEmpty, "no form has another \(entry.card.name):\(name) than \(value)")
      }
    }
    #expect(Set(forms.map(\.text)).count == forms.count, "two forms are the same")
  }

  @Test func `options are read, and a list in place of the one before`() throws {
    var objective = Objective(Hinge())
    let fields: [OptionField<Objective>] = Objective.fields(\.self)
    func set(_ name: String, _ text: String) throws { try fields.first { $0.name == name }?.write(&objective, text) }
    try set("loss", "relativistic:form=hinge,pairing=average")
    #expect(objective.loss.text == "relativistic:pairing=average,form=hinge")
    try set("term", "orthogonal:strength=0.5,every=4")
    #expect(objective.terms.map(\.text) == ["orthogonal:strength=0.5,form=modified,on=generator,every=4"])
    try set("constraint", "weight-clipping spectral:enabled=no,on=both")
    #expect(objective.constraints.map(\.text) == ["weight-clipping:bound=0.01,on=critic", "spectral:enabled=false,epsilon=1e-06,on=both"])
    try set("schedule", "cosine:over=50,warm-up=5")
    #expect(
      fields.map { $0.read(objective) } == [
        objective.loss.text, objective.terms[0].text, objective.constraints.map(\.text).joined(separator: " "),
        "cosine:to=0.0,after=0,over=50,warm-up=5", "own", "own",
      ])
    try set("term", "none")
    #expect(objective.terms.isEmpty && fields[1].read(objective) == "none")
  }

  /// What is written, and what the message must name.
  static let mistakes = [
    ("hinges", "known ones: minimax, non-saturating"), ("hinge:margin=1", "it has none"), ("least-squares:d=1", "least-squares:a"),
    ("least-squares:a=x", "a number is needed"), ("least-squares:a=2", "must be above a"), ("alpha:alpha=1", "--loss kl"),
    ("relativistic:form=round", "one of standard, least-squares, hinge"), ("mmd:scale=0", "a value from"), ("mmd:scale", "has no value"),
    ("mmd:", "has no value"), ("mmd:scale=1,", "has no value"), ("", "known ones"),
  ]

  @Test(arguments: mistakes) func `a wrong name or value is refused, and the right ones are named`(_ text: String, _ part: String) {
    let error = #expect(throws: OptionError.self) { _ = try divergences.parse(text) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `an entry that is given twice is refused`() {
    let error = #expect(throws: OptionError.self) { _ = try terms.parseList("orthogonal orthogonal:strength=1") }
    #expect(error?.description == "term orthogonal is given twice")
  }
}
