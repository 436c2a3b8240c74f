internal import Glibc
internal import Synchronization

extension TimeZoneRules {
  /// The rules of a zone by its IANA name, from the system's tz database. Nil when there is no such zone or its file
  /// is damaged: whoever asked must not call then, as the local time is not known.
  ///
  /// The first time it reads a file of at most a few kB (some 30 µs); later it takes a lock for a look into a table.
  public static func named(_ name: String) -> TimeZoneRules? { cache.rules(named: name) }

  /// The rules of several zones; nil when any is unknown, since a lead who may be in it could be called by none of the
  /// others' clocks alone.
  public static func all(named names: [String]) -> [TimeZoneRules]? {
    var rules: [TimeZoneRules] = []
    for name in names {
      guard let zone = named(name) else { return nil }
      rules.append(zone)
    }
    return rules
  }

  private static let cache = TimeZoneCache(directory: "/usr/share/zoneinfo")
}

/// Zones read so far. What could not be read is not remembered: the cause may pass, and looking again is cheap.
final class TimeZoneCache: Sendable {
  private let directory: String
  private let known = Mutex<[String: TimeZoneRules]>([:])

  init(directory: String) { self.directory = directory }

  func rules(named name: String) -> TimeZoneRules? {
    if let rules = known.withLock({ $0[name] }) { return rules }
    guard Self.isZoneName(name), let bytes = readFile("\(directory)/\(name)") else { return nil }
    do throws(TimeZoneFileError) {
      // Two threads may read the same file at the same time; they find the same.
      let rules = try TimeZoneRules(name: name, file: bytes)
      known.withLock { $0[name] = rules }
      return rules
    } catch {
      return nil
    }
  }

  /// Whether a text can be the name of a zone: nothing that leads out of the directory, and nothing that names the same
  /// file in another way. Names begin with a capital ("posixrules" and "localtime" are files beside the zones), and
  /// "Factory" means that nobody set a zone.
  static func isZoneName(_ name: String) -> Bool {
    guard let first = name.utf8.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return false }
    guard name.utf8.count <= 64, name != "Factory" else { return false }
    guard name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
    else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"): true
      default: false
      }
    }
  }

  /// The whole of a regular file, or nil when it is none, cannot be read or is too large.
  private func readFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    guard status.st_size <= TimeZoneFile.largestFile else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      filled += count
    }
    return bytes
  }
}
