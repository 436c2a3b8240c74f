import Core
import Postgres
import Telephony
import Wire

/// What decides where a lead can be reached, read off its bytes (campaign.proto, `Lead`): a million leads differ in their
/// names and last digits, but can be reached in a few hundred ways.
struct LeadOutline: Sendable, PostgresDecodable {
  /// The same for leads whose numbers are of the same places, lengths and consents.
  var key: [UInt8]
  var notAfter: Instant?

  static func decode(_ field: PostgresField) throws(PostgresError) -> LeadOutline { LeadOutline(field.bytes) }

  init(_ bytes: UnsafeRawBufferPointer) {
    key = []
    key.reserveCapacity(48)
    var fields = WireFields(bytes)
    while let field = fields.next() {
      switch (field.number, field.value) {
      case (3, .bytes(let phone)): add(phone: phone)
      case (8, .bytes(let text)), (22, .bytes(let text)): add(field.number, text)
      case (20, .number(let consent)): add(20, consent)
      case (21, .bytes(let number)): add(number: number)
      case (23, .bytes(let time)): notAfter = Self.instant(time)
      default: break
      }
    }
    // Whatever cannot be read this way is like nothing else.
    if fields.isBroken { key = [0] + Array(bytes) }
  }

  private mutating func add(_ number: Int, _ bytes: UnsafeRawBufferPointer) {
    key.append(UInt8(truncatingIfNeeded: number))
    key.append(UInt8(truncatingIfNeeded: bytes.count))
    key.append(contentsOf: bytes)
  }

  private mutating func add(_ number: Int, _ value: UInt64) {
    key.append(UInt8(truncatingIfNeeded: number))
    key.append(UInt8(truncatingIfNeeded: value))
  }

  private mutating func add(phone: UnsafeRawBufferPointer) {
    let digits = UnsafeRawBufferPointer(rebasing: phone.dropFirst())
    let deciding = PhoneNumber.decidingDigits(of: digits)
    key.append(3)
    key.append(UInt8(truncatingIfNeeded: phone.count))
    key.append(UInt8(truncatingIfNeeded: deciding))
    key.append(contentsOf: digits.prefix(deciding))
  }

  /// Of `LeadNumber`.
  private mutating func add(number bytes: UnsafeRawBufferPointer) {
    key.append(21)
    var fields = WireFields(bytes)
    while let field = fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let phone)): add(phone: phone)
      case (2, .bytes(let zone)): add(8, zone)
      case (3, .number(let consent)): add(20, consent)
      default: break
      }
    }
    if fields.isBroken { add(0, bytes) }
  }

  private static func instant(_ bytes: UnsafeRawBufferPointer) -> Instant? {
    var micros: Int64 = 0
    var fields = WireFields(bytes)
    while let field = fields.next() {
      switch (field.number, field.value) {
      case (1, .number(let seconds)): micros &+= Int64(bitPattern: seconds) &* 1_000_000
      case (2, .number(let nanos)): micros &+= Int64(bitPattern: nanos) / 1_000
      default: break
      }
    }
    return Instant(microsecondsSince1970: micros)
  }
}

/// Every phone of a lead, read off its bytes.
struct LeadPhones: Sendable, PostgresDecodable {
  var phones: [String] = []

  static func decode(_ field: PostgresField) throws(PostgresError) -> LeadPhones {
    var result = LeadPhones()
    var fields = WireFields(field.bytes)
    while let field = fields.next() {
      switch (field.number, field.value) {
      case (3, .bytes(let phone)): result.phones.append(String(decoding: phone, as: UTF8.self))
      case (21, .bytes(let number)):
        var inner = WireFields(number)
        while let field = inner.next() {
          if case (1, .bytes(let phone)) = (field.number, field.value) {
            result.phones.append(String(decoding: phone, as: UTF8.self))
          }
        }
      default: break
      }
    }
    return result
  }
}

/// The fields of a protobuf message, one after the other, without a copy. Valid as long as the bytes are.
private struct WireFields {
  enum Value {
    case number(UInt64)
    case bytes(UnsafeRawBufferPointer)
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  /// It ended in the middle of something.
  private(set) var isBroken = false

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func next() -> (number: Int, value: Value)? {
    guard position < bytes.count, !isBroken, let tag = varint() else { return nil }
    let number = Int(truncatingIfNeeded: tag >> 3)
    switch tag & 7 {
    case 0: return varint().map { (number, .number($0)) }
    case 1: return take(8).map { (number, .bytes($0)) }
    case 2:
      guard let length = varint() else { return nil }
      return take(Int(clamping: length)).map { (number, .bytes($0)) }
    case 5: return take(4).map { (number, .bytes($0)) }
    default:
      isBroken = true
      return nil
    }
  }

  private mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count <= bytes.count - position else {
      isBroken = true
      return nil
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    isBroken = true
    return nil
  }
}
