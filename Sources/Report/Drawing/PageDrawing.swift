internal import Files
internal import Verify

extension ReportPage {
  /// The page: one document of HTML that is well-formed XML too, without scripts and without anything to fetch.
  public var html: [UInt8] { PageDrawing(self).html }

  /// What begins a page of this program: what has it may be written over.
  private static let generator = "<meta name=\"generator\" content=\"\(PageDrawing.program) "

  /// Whether a file's beginning is that of such a page.
  public static func isReport(_ content: [UInt8]) -> Bool {
    String(decoding: content.prefix(2048), as: UTF8.self).contains(generator)
  }

  /// `safe`, `safe so far` where a copy still waits for its first proof, or how many things are wrong.
  public var answer: String {
    if overview.isSafe, overview.sets.allSatisfy({ $0.retired != nil }) {
      return "nothing is asked for: every set is retired"
    }
    if overview.isSafe { return overview.waitingCopies == 0 ? "safe" : "safe so far" }
    let count = overview.concerns.count { $0.severity > .notice }
    if count == 0 { return "not safe: no backup is known" }
    return "not safe: \(Words.count(count, "thing")) \(count == 1 ? "needs" : "need") you"
  }
}

/// Draws a page, part by part.
struct PageDrawing {
  static let program = "redoubt-verify"

  let page: ReportPage
  let sets: [SetReport]
  /// Each set's number on the page, from 1.
  private let numbers: [SetRecords.Place: Int]
  /// The worst that there is to say of each set that needs somebody.
  private let worst: [SetRecords.Place: Concern]

  init(_ page: ReportPage) {
    self.page = page
    sets = page.sets
    var numbers: [SetRecords.Place: Int] = [:]
    for (index, set) in sets.enumerated() { numbers[SetRecords.Place(set.overview)] = index + 1 }
    var worst: [SetRecords.Place: Concern] = [:]
    for concern in page.overview.concerns where concern.severity > .notice {
      if let place = SetRecords.Place(concern), worst[place] == nil { worst[place] = concern }
    }
    self.numbers = numbers
    self.worst = worst
  }

  var overview: KeeperOverview { page.overview }
  var classes: [ClassReport] { page.classes }
  var made: Timestamp { overview.time }

  /// What a person must do something about, the worst first.
  var needs: [Concern] { overview.concerns.filter { $0.severity > .notice } }

  /// The set that a concern is about, with its number.
  func set(of concern: Concern) -> (set: SetReport, number: Int)? {
    SetRecords.Place(concern).flatMap { numbers[$0] }.map { (sets[$0 - 1], $0) }
  }

  /// The worst that there is to say of a set; nil where it needs nobody.
  func concern(of set: SetReport) -> Concern? { worst[SetRecords.Place(set.overview)] }

  /// The fragment of the set with this number; names of sets are no part of it.
  static func anchor(_ number: Int) -> String { "set-\(number)" }

  /// With so many sets, only those that need somebody are open.
  var isFleet: Bool { sets.count > 24 }

  func ago(_ time: Timestamp) -> String { "\(Words.span(made.seconds(since: time))) ago" }

  var html: [UInt8] {
    var markup = Markup()
    markup.element("html", [("lang", "en")]) { markup in
      markup.element("head") { drawHead(&$0) }
      markup.element("body", isFleet ? [("class", "fleet")] : []) { markup in
        drawAnswer(&markup)
        drawContents(&markup)
        markup.element("main", [("class", "wrap")]) { markup in
          drawConcerns(&markup)
          drawTiles(&markup)
          drawClasses(&markup)
          drawKeys(&markup)
          drawSelfTest(&markup)
          drawRecords(&markup)
        }
        drawFooter(&markup)
      }
    }
    markup.newline()
    return markup.bytes
  }
}

extension KeeperOverview {
  /// Copies that were never proven, and whose first proof is not overdue.
  var waitingCopies: Int { sets.flatMap(\.places).count { $0.standing == .notYet } }
}

extension SetRecords.Place {
  init(_ set: SetOverview) { self.init(host: set.host, set: set.set) }

  /// Nil where it is about no set.
  init?(_ concern: Concern) {
    guard let host = concern.host, let set = concern.set else { return nil }
    self.init(host: host, set: set)
  }
}
