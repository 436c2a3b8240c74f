extension JSONValue {
  /// The deepest nesting of arrays and objects that is read.
  public static let depthLimit = 128

  /// Reads one JSON text in UTF-8 (RFC 8259). The caller limits its size.
  ///
  /// Of several members with one name the last counts. Errors: anything else than one value between optional white
  /// space, invalid UTF-8, numbers beyond `Double`, unpaired surrogates, nesting beyond `depthLimit`.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
    var parser = unsafe JSONParser(bytes)
    return try unsafe parser.parse()
  }

  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
      try unsafe parse(UnsafeRawBufferPointer(buffer))
    }
  }

  public static func parse(_ bytes: some Sequence<UInt8>) throws(JSONError) -> JSONValue {
    try parse(Array(bytes))
  }

  public static func parse(_ text: String) throws(JSONError) -> JSONValue {
    try parse(Array(text.utf8))
  }
}
