import Core
import Telephony
import Testing

@Suite struct PhoneNumberTests {
  @Test(
    arguments: [
      ("+61 491 570 156", nil, "+61491570156", "AU", PhoneNumberType.mobile),
      ("0491 570 156", "AU", "+61491570156", "AU", .mobile),
      ("0491570156", "au", "+61491570156", "AU", .mobile),
      ("(212) 736-5000", "US", "+12127365000", "US", .fixedLineOrMobile),
      ("＋1 212 736 5000", nil, "+12127365000", "US", .fixedLineOrMobile),
      ("+1 800 555 0199", nil, "+18005550199", "US", .tollFree),
      ("1-900-234-5678", "US", "+19002345678", "US", .premiumRate),
      ("+44 20 7946 0018", "US", "+442079460018", "GB", .fixedLine),
      ("011 44 20 7946 0018", "US", "+442079460018", "GB", .fixedLine),
      ("+64 21 123 4567", nil, "+64211234567", "NZ", .mobile),
      ("+800 1234 5678", nil, "+80012345678", "001", .tollFree),
      ("+1 242 502 1234", nil, "+12425021234", "BS", .fixedLine),
    ] as [(String, String?, String, String, PhoneNumberType)])
  func readsNumbersAsPeopleWriteThem(
    raw: String, region: String?, e164: String, home: String, type: PhoneNumberType
  ) throws {
    let number = try PhoneNumber.parse(raw, defaultRegion: region)
    #expect(number.e164 == e164)
    #expect(number.region == home)
    #expect(number.type == type)
    #expect(PhoneNumber(record: number.record) == number)
  }

  @Test(
    arguments: [
      "", "/", "+12125550123", "+12125550123/US/1/mobile/", "+12125550123/US/1/phone", "12125550123/US/1/mobile",
      "+12125550123/US/one/mobile", "+12125550123/US/1/mobile/geographical/more",
    ])
  func aRecordThatIsNoneIsNotRead(text: String) { #expect(PhoneNumber(record: text) == nil) }

  @Test(
    arguments: [
      ("", "US", .empty, "no phone number"),
      (" \t\n", nil, .empty, "no phone number"),
      ("hello", "US", .notANumber, "not a phone number"),
      ("1", "US", .notANumber, "not a phone number"),
      ("0491570156", nil, .countryMissing, "no country code and no default region"),
      ("0491570156", "XX", .unknownRegion, "the default region \"XX\" does not exist"),
      ("0491570156", "", .unknownRegion, "the default region \"\" does not exist"),
      ("0491570156", "Australia", .unknownRegion, "the default region \"AUSTRALIA\" does not exist"),
      ("+999 1234 5678", "US", .countryUnknown, "no country has this calling code"),
      ("12345", "US", .tooShort, "too short for US"),
      ("+65 222 222 222", "US", .wrongLength, "wrong number of digits for SG"),
      ("+61 49", nil, .tooShort, "too short for AU"),
      ("736-5000", "US", .areaMissing, "no area code, which US needs"),
      ("212 736 5000 12", "US", .tooLong, "too long for US"),
      ("+1 212 736 5000 1234567", nil, .tooLong, "too long for US"),
      ("(111) 736-5000", "US", .notInUse, "not a valid number in US"),
      ("0091 570 156", "AU", .notInUse, "not a valid number in AU"),
      ("(212) 736-5000 ext. 12", "US", .hasExtension, "has an extension, which cannot be dialled"),
    ] as [(String, String?, PhoneNumberError.Code, String)])
  func tellsWhatIsWrong(raw: String, region: String?, code: PhoneNumberError.Code, message: String) {
    let error = #expect(throws: PhoneNumberError.self) { try PhoneNumber.parse(raw, defaultRegion: region) }
    #expect(error?.code == code)
    #expect(error?.message == message)
  }

  @Test func aLongOrStrangeTextIsRefusedNotCrashedOn() {
    for text in [
      String(repeating: "9", count: 100_000), "+" + String(repeating: "1", count: 300), "\0", "+1\0212", "+", "++",
      "(((",
      "\u{1F4DE}", "+\u{0661}\u{0662}", String(repeating: "\u{0301}", count: 1000), "%n%s", "+1 212 736 5000\0",
    ] {
      _ = try? PhoneNumber.parse(text, defaultRegion: nil)
      _ = try? PhoneNumber.parse(text, defaultRegion: "US")
      _ = try? PhoneNumber.parse("2127365000", defaultRegion: text)
    }
  }

  /// 10,000 texts in all, made of what numbers are made of and of what they are not, read on many threads at once.
  @Test(arguments: UInt64(1)...20) func damageNeverCrashes(seed: UInt64) async {
    await withDiscardingTaskGroup { group in
      for part in UInt64(0)..<5 {
        group.addTask {
          var generator = SeededGenerator(seed: seed * 5 + part)
          let alphabet = Array("0123456789+-(). xext;=#*/,:A\u{0660}\u{FF0B}\u{0}\u{1F600}")
          for _ in 0..<100 {
            let text = String(
              (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? "0"
              })
            let region = ["US", "AU", "GB", nil].randomElement(using: &generator) ?? nil
            guard let number = try? PhoneNumber.parse(text, defaultRegion: region) else { continue }
            #expect((try? PhoneNumber.parse(number.e164, defaultRegion: nil)) == number)
          }
        }
      }
    }
  }

  @Test func aNumberReadBackFromE164IsTheSame() throws {
    let number = try PhoneNumber.parse("0491 570 156", defaultRegion: "AU")
    #expect(try PhoneNumber.parse(number.e164, defaultRegion: nil) == number)
  }

  @Test func unusualLinesCarryACaution() {
    let cautious = PhoneNumberType.allCases.filter { $0.caution != nil }
    #expect(cautious == [.tollFree, .premiumRate, .sharedCost, .pager, .voicemailAccess, .unknown])
    #expect(!PhoneNumberType.tollFree.isOrdinaryLine)
    #expect(PhoneNumberType.mobile.isOrdinaryLine)
  }
}
