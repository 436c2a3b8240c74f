/// Amounts of money as people say them.
enum SpokenNumber {
  /// How an amount is put: "fifteen thousand dollars", "15k", "$15,000", "15 grand".
  enum Form: Int, CaseIterable, Sendable {
    case words
    case wordsAndDollars
    case shortK
    case dollarSign
    case digitsAndDollars
    case grandInWords
    case grandInDigits
  }

  static let hedges = ["", "", "about ", "around ", "roughly ", "something like ", "maybe "]

  /// - Parameter dollars: Whole thousands, 1,000 to 999,000.
  static func phrase(_ dollars: Int, form: Form) -> String {
    let thousands = dollars / 1_000
    switch form {
    case .words: return "\(words(thousands)) thousand"
    case .wordsAndDollars: return "\(words(thousands)) thousand dollars"
    case .shortK: return "\(thousands)k"
    case .dollarSign: return "$\(grouped(dollars))"
    case .digitsAndDollars: return "\(grouped(dollars)) dollars"
    case .grandInWords: return "\(words(thousands)) grand"
    case .grandInDigits: return "\(thousands) grand"
    }
  }

  /// 0...999 in English words: "one hundred and twenty".
  static func words(_ number: Int) -> String {
    let small = [
      "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
      "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    let tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    switch number {
    case ..<20: return small[max(0, number)]
    case ..<100: return tens[number / 10] + (number % 10 == 0 ? "" : "-" + small[number % 10])
    default:
      let rest = number % 100
      return small[min(number / 100, 9)] + " hundred" + (rest == 0 ? "" : " and " + words(rest))
    }
  }

  /// 15000 as "15,000".
  static func grouped(_ number: Int) -> String {
    number < 1_000 ? String(number) : "\(number / 1_000),\(String(number % 1_000 + 1_000).dropFirst())"
  }
}
