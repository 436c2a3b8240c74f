import Core
import Crypto
import JSON

/// Follows the chain of hashes through a proof: each line ends with the SHA-256, in hexadecimal, of the hash before it and
/// the line without its own.
struct ProofChain {
  /// Of the line before; empty at the beginning.
  private(set) var hash = ""

  private static let marker = Array(",\"hash\":\"".utf8)
  private static let tail = Array("\"}".utf8)
  private static let digits = 64

  /// The line without its hash, read.
  ///
  /// - Throws: `RowFault` when the line is none of the chain.
  mutating func next(_ line: ArraySlice<UInt8>) throws(RowFault) -> JSONValue {
    let suffix = Self.marker.count + Self.digits + Self.tail.count
    guard line.count > suffix, line.suffix(Self.tail.count).elementsEqual(Self.tail),
      line.suffix(suffix).prefix(Self.marker.count).elementsEqual(Self.marker)
    else { throw RowFault(message: "the line does not end with its hash") }
    let stated = String(decoding: line.dropLast(Self.tail.count).suffix(Self.digits), as: UTF8.self)
    let row = Array(line.dropLast(suffix)) + [UInt8(ascii: "}")]
    let computed = SHA256.hexadecimal(Array(hash.utf8) + row)
    guard stated == computed else {
      throw RowFault(message: "the hash does not follow from the lines so far: this line or the one before was changed")
    }
    hash = computed
    do {
      return try JSONValue.parse(row)
    } catch {
      throw RowFault(message: "the line is no JSON: \(error)")
    }
  }
}
