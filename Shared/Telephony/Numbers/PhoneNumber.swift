internal import CPhoneNumber

/// A telephone number that exists in its country's numbering plan.
///
/// Only `parse` makes one, and `init(record:)` from what `parse` made, so a value of this type has been validated by
/// libphonenumber (8.12, the numbering plans of October 2022). Valid means "in a range that is in use", not "assigned to
/// somebody".
public struct PhoneNumber: Hashable, Sendable {
  /// "+" and up to 15 digits (ITU-T E.164).
  public let e164: String
  /// Where the number is at home, ISO 3166-1 alpha-2; "001" for numbers of no country (+800, +883 …).
  public let region: String
  /// The country calling code, 1 to 999.
  public let countryCode: Int
  /// What kind of line answers it.
  public let type: PhoneNumberType
  /// Every IANA time zone the number can be in, sorted by name. Empty when nothing is known: do not call then.
  ///
  /// Where the digits tell the place (landlines; all lines in North America, Argentina, Brazil, China, Indonesia and
  /// Mexico), these are the zones of the area code, else all zones of the country calling code.
  public var possibleTimeZones: [String] { PrefixTable.timeZones[valuesOfTimeZones] }
  /// Whether its digits tell where it is.
  private let isGeographical: Bool

  /// Reads a number as people write it, in the national format of `defaultRegion` where it does not begin with "+".
  ///
  /// - Parameter defaultRegion: ISO 3166-1 alpha-2, any case. Without one, only international format is understood.
  /// - Throws: `PhoneNumberError`, with a message to show to whoever entered the number.
  public static func parse(_ raw: String, defaultRegion: String?) throws(PhoneNumberError) -> PhoneNumber {
    guard raw.utf8.count <= longestText else { throw PhoneNumberError(.notANumber, region: nil) }
    guard raw.contains(where: { !$0.isWhitespace }) else { throw PhoneNumberError(.empty, region: nil) }
    var text = raw
    var number = cphonenumber_number()
    let region = defaultRegion.map { $0.uppercased() }
    if let region, region.utf8.count != 2 { throw PhoneNumberError(.unknownRegion, region: String(region.prefix(20))) }
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        guard let region else {
          return cphonenumber_parse(characters.baseAddress, characters.count, nil, &number)
        }
        return region.withCString { cphonenumber_parse(characters.baseAddress, characters.count, $0, &number) }
      }
    }
    let readIn = string(from: number.region)
    guard let code = PhoneNumberError.Code(status) else {
      return PhoneNumber(number, region: readIn)
    }
    throw PhoneNumberError(code, region: readIn.isEmpty ? region : readIn)
  }

  /// Bytes. Nobody writes a number at such length, and libphonenumber's time grows with the square of the
  /// length (1.2 s for 10,000 digits, measured).
  private static let longestText = 100

  private init(_ number: cphonenumber_number, region: String) {
    self.init(
      e164: string(from: number.e164), region: region, countryCode: Int(number.country_code),
      type: PhoneNumberType(number.type), isGeographical: number.is_geographical == 1)
  }

  private init(e164: String, region: String, countryCode: Int, type: PhoneNumberType, isGeographical: Bool) {
    self.e164 = e164
    self.region = region
    self.countryCode = countryCode
    self.type = type
    self.isGeographical = isGeographical
  }

  var valuesOfTimeZones: PrefixTable.Values? {
    guard type != .unknown else { return nil }
    return isGeographical
      ? PrefixTable.timeZones.values(of: e164.utf8.dropFirst())
      : PrefixTable.timeZones.values(of: "\(countryCode)".utf8)
  }

  /// What libphonenumber said of the number, in one word of text to be kept: reading it back costs a fiftieth of parsing
  /// the number again. Time zones are not in it, they are looked up anew.
  public var record: String {
    "\(e164)/\(region)/\(countryCode)/\(type.rawValue)\(isGeographical ? "/geographical" : "")"
  }

  /// A number from its `record`; nil when the text is none.
  public init?(record: String) {
    self.init(record: Array(record.utf8)[...])
  }

  /// The numbers of several records with spaces between; what is none is left out.
  public static func records(_ text: String) -> [PhoneNumber] {
    Array(text.utf8).split(separator: UInt8(ascii: " ")).compactMap { PhoneNumber(record: $0) }
  }

  /// Bytes, because this is on the way of every lead, and text costs several times as much to take apart.
  private init?(record: ArraySlice<UInt8>) {
    let parts = record.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 4 || parts.count == 5 && parts[4].elementsEqual("geographical".utf8),
      parts[0].first == UInt8(ascii: "+"), let countryCode = Int(String(decoding: parts[2], as: UTF8.self)),
      let type = PhoneNumberType(rawValue: String(decoding: parts[3], as: UTF8.self))
    else { return nil }
    self.init(
      e164: String(decoding: parts[0], as: UTF8.self), region: String(decoding: parts[1], as: UTF8.self),
      countryCode: countryCode, type: type, isGeographical: parts.count == 5)
  }
}

/// Copies the text out of a C array that ends with NUL.
private func string<Characters>(from characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

extension PhoneNumberError.Code {
  /// Nil when the parse succeeded.
  fileprivate init?(_ status: cphonenumber_status) {
    switch status {
    case CPHONENUMBER_OK: return nil
    case CPHONENUMBER_NOT_A_NUMBER: self = .notANumber
    case CPHONENUMBER_NO_COUNTRY_CODE: self = .countryMissing
    case CPHONENUMBER_UNKNOWN_REGION: self = .unknownRegion
    case CPHONENUMBER_UNKNOWN_COUNTRY_CODE: self = .countryUnknown
    case CPHONENUMBER_TOO_SHORT: self = .tooShort
    case CPHONENUMBER_TOO_LONG: self = .tooLong
    case CPHONENUMBER_INVALID_LENGTH: self = .wrongLength
    case CPHONENUMBER_LOCAL_ONLY: self = .areaMissing
    case CPHONENUMBER_NOT_VALID: self = .notInUse
    case CPHONENUMBER_HAS_EXTENSION: self = .hasExtension
    case CPHONENUMBER_INTERNAL: self = .libraryFailed
    default: self = .libraryFailed
    }
  }
}

extension PhoneNumberType {
  fileprivate init(_ type: cphonenumber_type) {
    switch type {
    case CPHONENUMBER_FIXED_LINE: self = .fixedLine
    case CPHONENUMBER_MOBILE: self = .mobile
    case CPHONENUMBER_FIXED_LINE_OR_MOBILE: self = .fixedLineOrMobile
    case CPHONENUMBER_TOLL_FREE: self = .tollFree
    case CPHONENUMBER_PREMIUM_RATE: self = .premiumRate
    case CPHONENUMBER_SHARED_COST: self = .sharedCost
    case CPHONENUMBER_VOIP: self = .voip
    case CPHONENUMBER_PERSONAL_NUMBER: self = .personalNumber
    case CPHONENUMBER_PAGER: self = .pager
    case CPHONENUMBER_UAN: self = .companyWide
    case CPHONENUMBER_VOICEMAIL: self = .voicemailAccess
    case CPHONENUMBER_UNKNOWN: self = .unknown
    default: self = .unknown
    }
  }
}
