// Bytes to values and back, through the C structs: protobuf-c unpacks into an arena and packs out of one.

extension MessageGenerator {
  func writeCoding(to writer: inout CodeWriter) {
    writer.block("extension \(swiftType)") { writer in
      writer.block(
        "public static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> \(swiftType)"
      ) { writer in
        writer.line("let arena = WireArena.enter(limitFor: bytes)")
        writer.line("defer { arena.leave() }")
        writer.line("let model = arena.new(\(cType).self)")
        writer.line("\(cFunctions)__init(model)")
        writer.line("let c = try arena.unpack(bytes, like: model, fullName)")
        writer.line("return try \(swiftType)(c: c.assumingMemoryBound(to: \(cType).self))")
      }
      writer.line()
      writer.block("public func encoded() -> [UInt8]") { writer in
        writer.line("let arena = WireArena.enter()")
        writer.line("defer { arena.leave() }")
        writer.line("let c = arena.new(\(cType).self)")
        writer.line("fillC(c, arena)")
        writer.line("return arena.packed(c)")
      }
      writer.line()
      writer.block("public func appendEncoded(to bytes: inout [UInt8])") { writer in
        writer.line("let arena = WireArena.enter()")
        writer.line("defer { arena.leave() }")
        writer.line("let c = arena.new(\(cType).self)")
        writer.line("fillC(c, arena)")
        writer.line("arena.append(c, to: &bytes)")
      }
      writer.line()
      writer.block("init(c: UnsafeMutablePointer<\(cType)>) throws(WireError)") { writer in
        writer.line("self.init()")
        for property in properties { writeRead(property, to: &writer) }
        writer.block("if c.pointee.base.n_unknown_fields > 0") {
          $0.line("self.unknownFields = try WireDecoding.unknownFields(c, Self.fullName)")
        }
      }
      writer.line()
      writer.block("func fillC(_ c: UnsafeMutablePointer<\(cType)>, _ arena: WireArena)") { writer in
        writer.line("\(cFunctions)__init(c)")
        for property in properties { writeFill(property, to: &writer) }
        writer.line("if !self.unknownFields.isEmpty { arena.attach(self.unknownFields, to: c) }")
      }
    }
  }

  // MARK: - C to Swift

  private func writeRead(_ property: Property, to writer: inout CodeWriter) {
    switch property {
    case .oneof(let oneof, let fields):
      writer.block("switch c.pointee.\(CNames.oneofCase(oneof.name)).rawValue") { writer in
        for field in fields {
          let target = "self.\(oneofName(oneof))"
          if field.isMessage {
            writer.line("case \(field.model.number):")
            writer.line(
              "  if let item = c.pointee.\(field.cName) { \(target) = .\(field.name)(\(read(field, "item"))) }")
          } else {
            writer.line(
              "case \(field.model.number): \(target) = .\(field.name)(\(read(field, "c.pointee.\(field.cName)")))")
          }
        }
        writer.line("default: break")
      }
    case .field(let field):
      switch field.kind {
      case .singular where field.isMessage:
        writer.line("if let item = c.pointee.\(field.cName) { self.\(field.name) = \(read(field, "item")) }")
      case .singular:
        writer.line("self.\(field.name) = \(read(field, "c.pointee.\(field.cName)"))")
      case .repeated: writeReadRepeated(field, to: &writer)
      case .map(let key, let value): writeReadMap(field, key, value, to: &writer)
      }
    }
  }

  private func writeReadRepeated(_ field: FieldShape, to writer: inout CodeWriter) {
    let count = "c.pointee.\(field.cCount)"
    if isCopied(field.model.type) {
      writer.block("if \(count) > 0, let items = c.pointee.\(field.cName)") {
        $0.line("self.\(field.name) = Array(UnsafeBufferPointer(start: items, count: \(count)))")
      }
      return
    }
    writer.block("if \(count) > 0, let items = c.pointee.\(field.cName)") { writer in
      writer.line("self.\(field.name).reserveCapacity(\(count))")
      writer.block("for index in 0..<\(count)") { writer in
        if field.isMessage {
          writer.line("if let item = items[index] { self.\(field.name).append(\(read(field, "item"))) }")
        } else {
          writer.line("self.\(field.name).append(\(read(field, "items[index]")))")
        }
      }
    }
  }

  private func writeReadMap(_ field: FieldShape, _ key: FieldModel, _ value: FieldModel, to writer: inout CodeWriter) {
    let count = "c.pointee.\(field.cCount)"
    let value = FieldShape(value, catalog: catalog)
    let path = field.model.name
    writer.block("if \(count) > 0, let items = c.pointee.\(field.cName)") { writer in
      writer.line("self.\(field.name).reserveCapacity(\(count))")
      writer.block("for index in 0..<\(count)") { writer in
        writer.line("guard let item = items[index] else { continue }")
        writer.line("let key = \(read(FieldShape(key, catalog: catalog), "item.pointee.key", as: path))")
        if value.isMessage {
          writer.line(
            "self.\(field.name)[key] = if let inner = item.pointee.value { \(read(value, "inner")) } else { .init() }")
        } else {
          writer.line("self.\(field.name)[key] = \(read(value, "item.pointee.value", as: path))")
        }
      }
    }
  }

  /// The Swift value of one element of the field, which `c` holds.
  private func read(_ field: FieldShape, _ c: String, as path: String? = nil) -> String {
    let place = SwiftNames.literal("\(model.fullName).\(path ?? field.model.name)")
    switch field.model.type {
    case .double, .float, .int32, .int64, .uint32, .uint64, .group: return c
    case .bool: return "\(c) != 0"
    case .string: return "try WireDecoding.string(\(c), \(place))"
    case .bytes: return "WireDecoding.bytes(\(c).data, \(c).len)"
    case .enumeration: return "\(field.element)(rawValue: Int32(truncatingIfNeeded: \(c).rawValue))"
    case .message(let name):
      if Catalog.wellKnown[name] == nil { return "try \(field.element)(c: \(c))" }
      return "\(field.element)(seconds: \(c).pointee.seconds, nanos: \(c).pointee.nanos)"
    }
  }

  /// Whether Swift and C lay out elements of the type alike.
  private func isCopied(_ type: FieldType) -> Bool {
    switch type {
    case .double, .float, .int32, .int64, .uint32, .uint64: true
    case .bool, .string, .bytes, .group, .message, .enumeration: false
    }
  }

  // MARK: - Swift to C

  private func writeFill(_ property: Property, to writer: inout CodeWriter) {
    switch property {
    case .oneof(let oneof, let fields):
      writer.block("switch self.\(oneofName(oneof))") { writer in
        for field in fields {
          writer.line("case .\(field.name)(let item):")
          writer.indented { writer in
            writer.line("c.pointee.\(CNames.oneofCase(oneof.name)).rawValue = \(field.model.number)")
            writeStore(field, "item", in: "c.pointee.\(field.cName)", to: &writer)
          }
        }
        writer.line("case nil: break")
      }
    case .field(let field):
      switch field.kind {
      case .singular where field.isMessage:
        writer.block("if let item = self.\(field.name)") {
          writeStore(field, "item", in: "c.pointee.\(field.cName)", to: &$0)
        }
      case .singular:
        switch field.model.type {
        case .string, .bytes:
          writer.block("if !self.\(field.name).isEmpty") {
            writeStore(field, "self.\(field.name)", in: "c.pointee.\(field.cName)", to: &$0)
          }
        default: writeStore(field, "self.\(field.name)", in: "c.pointee.\(field.cName)", to: &writer)
        }
      case .repeated: writeFillRepeated(field, to: &writer)
      case .map(let key, let value): writeFillMap(field, key, value, to: &writer)
      }
    }
  }

  private func writeFillRepeated(_ field: FieldShape, to writer: inout CodeWriter) {
    writer.block("if !self.\(field.name).isEmpty") { writer in
      writer.line("c.pointee.\(field.cCount) = self.\(field.name).count")
      if isCopied(field.model.type) {
        writer.line("c.pointee.\(field.cName) = arena.copy(self.\(field.name))")
        return
      }
      writer.line("let items = arena.new(\(cElement(field)).self, self.\(field.name).count)")
      writer.block("for index in self.\(field.name).indices") {
        writeStore(field, "self.\(field.name)[index]", in: "items[index]", to: &$0)
      }
      writer.line("c.pointee.\(field.cName) = items")
    }
  }

  private func writeFillMap(_ field: FieldShape, _ key: FieldModel, _ value: FieldModel, to writer: inout CodeWriter) {
    guard case .message(let entry) = field.model.type else { return }
    writer.block("if !self.\(field.name).isEmpty") { writer in
      writer.line("let keys = WireMap.sortedKeys(self.\(field.name))")
      writer.line("let entries = arena.new(\(CNames.type(entry)).self, keys.count)")
      writer.line("let pointers = arena.new(UnsafeMutablePointer<\(CNames.type(entry))>?.self, keys.count)")
      writer.block("for index in keys.indices") { writer in
        writer.line("let entry = entries + index")
        writer.line("\(CNames.functionPrefix(entry))__init(entry)")
        writeStore(FieldShape(key, catalog: catalog), "keys[index]", in: "entry.pointee.key", to: &writer)
        writer.block("if let item = self.\(field.name)[keys[index]]") {
          writeStore(FieldShape(value, catalog: catalog), "item", in: "entry.pointee.value", to: &$0)
        }
        writer.line("pointers[index] = entry")
      }
      writer.line("c.pointee.\(field.cCount) = keys.count")
      writer.line("c.pointee.\(field.cName) = pointers")
    }
  }

  /// Stores one element of the field in the C lvalue `c`.
  private func writeStore(_ field: FieldShape, _ value: String, in c: String, to writer: inout CodeWriter) {
    switch field.model.type {
    case .double, .float, .int32, .int64, .uint32, .uint64, .group: writer.line("\(c) = \(value)")
    case .bool: writer.line("\(c) = \(value) ? 1 : 0")
    case .string: writer.line("\(c) = arena.string(\(value))")
    case .bytes: writer.line("\(c) = ProtobufCBinaryData(len: \(value).count, data: arena.copy(\(value)))")
    case .enumeration(let name):
      writer.line("\(c) = \(CNames.type(name))(rawValue: .init(truncatingIfNeeded: \(value).rawValue))")
    case .message(let name):
      writer.line("let inner = arena.new(\(CNames.type(name)).self)")
      if Catalog.wellKnown[name] == nil {
        writer.line("\(value).fillC(inner, arena)")
      } else {
        writer.line("\(CNames.functionPrefix(name))__init(inner)")
        writer.line("inner.pointee.seconds = \(value).seconds")
        writer.line("inner.pointee.nanos = \(value).nanos")
      }
      writer.line("\(c) = inner")
    }
  }

  private func cElement(_ field: FieldShape) -> String {
    switch field.model.type {
    case .bool: "protobuf_c_boolean"
    case .string: "UnsafeMutablePointer<CChar>?"
    case .bytes: "ProtobufCBinaryData"
    case .enumeration(let name): CNames.type(name)
    case .message(let name): "UnsafeMutablePointer<\(CNames.type(name))>?"
    case .double, .float, .int32, .int64, .uint32, .uint64, .group: field.element
    }
  }
}
