/// Why a text is not a phone number that can be called.
public struct PhoneNumberError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Stable names for programs; people read `message`.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value: String {
      case empty = "empty"
      case notANumber = "not_a_number"
      case countryMissing = "no_country_code"
      case unknownRegion = "unknown_region"
      case countryUnknown = "unknown_country_code"
      case tooShort = "too_short"
      case tooLong = "too_long"
      case wrongLength = "wrong_length"
      case areaMissing = "no_area_code"
      case notInUse = "not_in_use"
      case hasExtension = "has_extension"
      case libraryFailed = "library_failed"
    }
    private let value: Value
    /// Nothing but white space.
    public static let empty = Code(value: .empty)
    /// Text that no phone number looks like.
    public static let notANumber = Code(value: .notANumber)
    /// National format, and no default region to read it in.
    public static let countryMissing = Code(value: .countryMissing)
    /// The default region does not exist: a fault in the campaign or the request, not in the number.
    public static let unknownRegion = Code(value: .unknownRegion)
    /// No country has the calling code after the "+".
    public static let countryUnknown = Code(value: .countryUnknown)
    public static let tooShort = Code(value: .tooShort)
    public static let tooLong = Code(value: .tooLong)
    /// Between the shortest and the longest, but no number there is as long as this one.
    public static let wrongLength = Code(value: .wrongLength)
    /// A local number, which only a neighbour can dial.
    public static let areaMissing = Code(value: .areaMissing)
    /// The right length, in a range that the country has not given out.
    public static let notInUse = Code(value: .notInUse)
    /// An extension follows the number. It would be lost on the way to the provider, and somebody else would answer.
    public static let hasExtension = Code(value: .hasExtension)
    /// libphonenumber itself failed. The number may be good: try again.
    public static let libraryFailed = Code(value: .libraryFailed)
    public var description: String { value.rawValue }
  }

  /// What kind of fault it is.
  public let code: Code
  /// The region in whose terms the number was read, where known.
  public let region: String?
  /// What is wrong, for the person who entered the number, such as "too short for US". Does not repeat the number.
  public let message: String

  public var description: String { message }

  init(_ code: Code, region: String?) {
    self.code = code
    self.region = region
    message = Self.message(code, region: region)
  }

  private static func message(_ code: Code, region: String?) -> String {
    let place = region.map { $0 == "001" ? "an international service" : $0 }
    return switch code {
    case .empty: "no phone number"
    case .notANumber: "not a phone number"
    case .countryMissing: "no country code and no default region"
    case .unknownRegion: "the default region \(region.map { "\"\($0)\" " } ?? "")does not exist"
    case .countryUnknown: "no country has this calling code"
    case .tooShort: place.map { "too short for \($0)" } ?? "too short"
    case .tooLong: place.map { "too long for \($0)" } ?? "too long"
    case .wrongLength: place.map { "wrong number of digits for \($0)" } ?? "wrong number of digits"
    case .areaMissing: place.map { "no area code, which \($0) needs" } ?? "no area code"
    case .notInUse: place.map { "not a valid number in \($0)" } ?? "not a valid number"
    case .hasExtension: "has an extension, which cannot be dialled"
    default: "could not be checked, try again"
    }
  }
}
