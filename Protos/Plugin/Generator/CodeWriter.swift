/// Collects lines of Swift, indented by two spaces a level.
struct CodeWriter {
  private(set) var text = ""
  private var level = 0

  mutating func line(_ content: String = "") {
    if !content.isEmpty { text += String(repeating: "  ", count: level) + content }
    text += "\n"
  }

  /// Writes `head {`, the body one level deeper, and `}`.
  mutating func block(_ head: String, _ body: (inout CodeWriter) -> Void) {
    line(head.isEmpty ? "{" : head + " {")
    indented(body)
    line("}")
  }

  mutating func indented(_ body: (inout CodeWriter) -> Void) {
    level += 1
    body(&self)
    level -= 1
  }

  /// Writes a .proto comment as a doc comment; nothing when there is none.
  mutating func doc(_ comment: String) {
    var lines = comment.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    while lines.first?.isEmpty == true { lines.removeFirst() }
    for line in lines { self.line("///" + (line.hasPrefix(" ") || line.isEmpty ? line : " " + line)) }
  }

  /// Writes `head`, the items separated by commas and broken before column 120, and `tail`.
  mutating func list(_ head: String, _ items: [String], _ tail: String) {
    let limit = 120 - 2 * level
    let whole = head + items.joined(separator: ", ") + tail
    if whole.count <= limit || items.isEmpty {
      line(whole)
      return
    }
    line(head)
    indented { writer in
      var current = ""
      for (index, item) in items.enumerated() {
        let piece = item + (index + 1 < items.count ? "," : "")
        if !current.isEmpty && current.count + 1 + piece.count > limit - 2 {
          writer.line(current)
          current = ""
        }
        current += (current.isEmpty ? "" : " ") + piece
      }
      writer.line(current)
    }
    line(tail)
  }
}
