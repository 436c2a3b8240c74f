/// Refuses what the generated code, or protobuf-c beneath it, cannot hold. Collects every fault, not only the first.
struct Validation {
  private let request: GenerationRequest
  private let catalog: Catalog
  private var faults: [PluginError] = []
  private var file = ""

  static func faults(in request: GenerationRequest) -> [PluginError] {
    var validation = Validation(request)
    validation.run()
    return validation.faults
  }

  private init(_ request: GenerationRequest) {
    self.request = request
    catalog = Catalog(request.files)
  }

  private mutating func run() {
    var topLevel: [String: String] = [:]
    for file in request.files where request.filesToGenerate.contains(file.name) {
      self.file = file.name
      if file.syntax != "proto3" {
        refuse("", "syntax \"\(file.syntax.isEmpty ? "proto2" : file.syntax)\"; only proto3 is generated")
        continue
      }
      if file.hasExtensions { refuse("", "extensions are not generated") }
      for name in file.messages.map(\.name) + file.enums.map(\.name) {
        claim(SwiftNames.type(name), by: name, of: "", in: &topLevel)
      }
      for message in file.messages { check(message) }
      for enumeration in file.enums { check(enumeration) }
      for service in file.services { check(service) }
    }
    checkServiceNames()
  }

  private mutating func refuse(_ name: String, _ message: String) {
    faults.append(PluginError(place: name.isEmpty ? file : "\(file): \(name)", message: message))
  }

  /// Records that `swiftName` is taken in one scope, or says that two proto names lead to it.
  private mutating func claim(_ swiftName: String, by name: String, of scope: String, in taken: inout [String: String])
  {
    if let other = taken.updateValue(name, forKey: swiftName) {
      refuse(
        scope.isEmpty ? name : "\(scope).\(name)", "would be named \(swiftName) in the generated code, as is \(other)")
    }
  }

  // MARK: - Messages

  private mutating func check(_ message: MessageModel) {
    if message.hasExtensions { refuse(message.fullName, "extensions are not generated") }
    if SwiftNames.reservedTypes.contains(SwiftNames.type(message.name)) {
      refuse(message.fullName, "the name \(message.name) is taken in the generated Swift")
    }
    if let cycle = cycle(from: message) {
      let path = cycle.joined(separator: " -> ")
      refuse(message.fullName, "contains itself (\(path)); recursive types are not generated")
    }
    checkMembers(of: message)
    checkCMembers(of: message)
    for field in message.fields { check(field, in: message) }
    for inner in message.messages where !inner.isMapEntry { check(inner) }
    for inner in message.enums { check(inner) }
  }

  private mutating func checkMembers(of message: MessageModel) {
    var members: [String: String] = [:]
    for field in message.fields where field.oneof == nil || field.isProto3Optional {
      claim(SwiftNames.member(field.name), by: field.name, of: message.fullName, in: &members)
    }
    for (index, oneof) in message.oneofs.enumerated() {
      let fields = message.fields.filter { $0.oneof == index }
      if fields.contains(where: \.isProto3Optional) { continue }
      claim(SwiftNames.member(oneof.name), by: oneof.name, of: message.fullName, in: &members)
      var cases: [String: String] = [:]
      for field in fields {
        claim(SwiftNames.member(field.name), by: field.name, of: message.fullName, in: &cases)
      }
    }
    for (member, name) in members.sorted(by: { $0.key < $1.key })
    where SwiftNames.reservedMembers.contains(member) {
      refuse("\(message.fullName).\(name)", "every message has a member \(member)")
    }
    var types: [String: String] = [:]
    for oneof in message.oneofs { types[SwiftNames.oneof(oneof.name)] = oneof.name }
    for name in message.messages.filter({ !$0.isMapEntry }).map(\.name) + message.enums.map(\.name) {
      claim(SwiftNames.type(name), by: name, of: message.fullName, in: &types)
    }
  }

  /// protoc-c lowercases names and adds members of its own without looking whether they are free.
  private mutating func checkCMembers(of message: MessageModel) {
    var members = ["base": "base (a member of every C struct)"]
    for oneof in message.oneofs { members[CNames.oneofCase(oneof.name)] = "the case of oneof \(oneof.name)" }
    for field in message.fields where field.isRepeated {
      members[CNames.count(field.name)] = "the count of \(field.name)"
    }
    for field in message.fields {
      claim(CNames.field(field.name), by: field.name, of: message.fullName, in: &members)
      if ["restrict", "typeof", "linux", "unix"].contains(field.name.lowercased()) {
        refuse("\(message.fullName).\(field.name)", "the name is reserved in C, and protoc-c does not escape it")
      }
    }
  }

  private mutating func check(_ field: FieldModel, in message: MessageModel) {
    let place = "\(message.fullName).\(field.name)"
    if field.isProto3Optional {
      refuse(place, "proto3 `optional` is not supported by protobuf-c; use a message field or a oneof for presence")
    }
    switch field.type {
    case .group: refuse(place, "groups are not generated")
    case .message(let name):
      if let entry = catalog.mapEntry(field) {
        check(entry.value, in: message)
      } else {
        checkReference(name, from: place)
      }
    case .enumeration(let name): checkReference(name, from: place)
    default: break
    }
  }

  private mutating func checkReference(_ name: String, from place: String) {
    if Catalog.wellKnown[name] != nil { return }
    if name.hasPrefix("google.protobuf.") {
      refuse(place, "\(name) is not generated; of google.protobuf there are Timestamp and Duration")
    } else if let entry = catalog.entries[name], !request.filesToGenerate.contains(entry.file) {
      refuse(place, "\(name) is in \(entry.file), which is not among the files to generate")
    }
  }

  /// The names from `message` back to itself, when its fields lead there.
  private func cycle(from message: MessageModel) -> [String]? {
    var seen: Set<String> = []
    func search(_ current: MessageModel, _ path: [String]) -> [String]? {
      for field in current.fields {
        guard case .message(let name) = field.type, let next = catalog.entries[name]?.message else { continue }
        if name == message.fullName { return path + [name] }
        if seen.insert(name).inserted, let found = search(next, path + [name]) { return found }
      }
      return nil
    }
    return search(message, [message.fullName])
  }

  // MARK: - Enums and services

  private mutating func check(_ enumeration: EnumModel) {
    if SwiftNames.reservedTypes.contains(SwiftNames.type(enumeration.name)) {
      refuse(enumeration.fullName, "the name \(enumeration.name) is taken in the generated Swift")
    }
    var cases: [String: String] = [:]
    var numbers: [Int32: String] = [:]
    for (value, name) in zip(enumeration.values, SwiftNames.cases(of: enumeration)) {
      let place = "\(enumeration.fullName).\(value.name)"
      claim(name, by: value.name, of: enumeration.fullName, in: &cases)
      if SwiftNames.reservedCases.contains(name) { refuse(place, "every enum has a member \(name)") }
      if let other = numbers.updateValue(value.name, forKey: value.number) {
        refuse(place, "has the number of \(other); aliases are not generated")
      }
    }
  }

  private mutating func check(_ service: ServiceModel) {
    var methods: [String: String] = [:]
    for method in service.methods {
      let place = "\(service.fullName).\(method.name)"
      claim(SwiftNames.member(method.name), by: method.name, of: service.fullName, in: &methods)
      if ["handle", "descriptors", "init"].contains(SwiftNames.member(method.name)) {
        refuse(place, "every service has a member \(SwiftNames.member(method.name))")
      }
      if method.isStreaming { refuse(place, "streaming methods are not generated; use a long poll or the event log") }
      checkReference(method.requestType, from: place)
      checkReference(method.responseType, from: place)
      for type in [method.requestType, method.responseType] where Catalog.wellKnown[type] != nil {
        refuse(place, "\(type) cannot be a request or response; wrap it in a message")
      }
    }
  }

  private mutating func checkServiceNames() {
    var taken: [String: String] = ["ServiceRegistry": "the registry", "RegisteredMethod": "the registry's entry"]
    for entry in catalog.entries.values where !entry.swift.contains(".") { taken[entry.swift] = "a message or enum" }
    for file in request.files where request.filesToGenerate.contains(file.name) {
      self.file = file.name
      for service in file.services {
        for suffix in ["", "Handler", "Server", "Client"] {
          claim(SwiftNames.type(service.name) + suffix, by: service.name, of: file.package, in: &taken)
        }
      }
    }
  }
}
