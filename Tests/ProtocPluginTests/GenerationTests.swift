import Testing

@testable import ProtocPlugin

/// What the plugin writes. That it compiles and works is for WireTests and the conformance test to show.
@Suite struct GenerationTests {
  @Test func namesFollowSwift() {
    #expect(SwiftNames.member("start_minute") == "startMinute")
    #expect(SwiftNames.member("StartMinute") == "startMinute")
    #expect(SwiftNames.member("f1_2") == "f12")
    #expect(SwiftNames.type("kb_item") == "KbItem")
    #expect(SwiftNames.oneof("My_kind") == "OneOf_MyKind")
    #expect(SwiftNames.escaped("operator") == "`operator`")
    #expect(SwiftNames.literal("a\"\\\nb") == #""a\"\\\nb""#)
  }

  private func cases(_ name: String, _ values: String...) -> [String] {
    SwiftNames.cases(
      of: EnumModel(
        name: name, fullName: name, comment: "", values: values.map { EnumValueModel(name: $0, number: 0, comment: "") }
      ))
  }

  @Test func casesLoseThePrefixOnlyWhenAllHaveIt() {
    #expect(cases("CallOutcome", "CALL_OUTCOME_NO_ANSWER", "CALL_OUTCOME_BUSY") == ["noAnswer", "busy"])
    #expect(cases("KBCallType", "KB_CALL_TYPE_A") == ["a"])
    #expect(cases("Weather", "SUNNY", "WEATHER_WET") == ["sunny", "weatherWet"])
    #expect(cases("Version", "VERSION_1", "VERSION_X") == ["version1", "versionX"])
  }

  @Test func cNamesAreThoseOfProtocC() {
    #expect(CNames.type("a_b.kBGenXML.KBGenerator.InnerXY3z") == "AB__KBGenXML__KBGenerator__InnerXY3z")
    #expect(CNames.functionPrefix("a_b.kBGenXML.KBGenerator.InnerXY3z") == "a_b__k_bgen_xml__kbgenerator__inner_xy3z")
    #expect(CNames.field("Operator") == "operator_")
    #expect(CNames.oneofCase("My_Kind") == "my__kind_case")
  }

  private static let sample = """
    syntax = "proto3";
    package p.v1;
    import "google/protobuf/timestamp.proto";
    // A lead,
    // in two lines.
    message Lead {
      // E.164.
      string phone = 1;
      map<string, int64> counts = 2; // Trailing.
      google.protobuf.Timestamp created_at = 3;
      repeated State states = 4;
      // How it was reached.
      oneof contact { string email = 5; Lead2 other = 6; }
    }
    message Lead2 {}
    enum State {
      STATE_UNSPECIFIED = 0;
      // Ready.
      STATE_OPEN = 1;
    }
    // Leads.
    service LeadService {
      // Finds one.
      rpc GetLead(Lead2) returns (Lead) { option idempotency_level = NO_SIDE_EFFECTS; }
      rpc AddLead(Lead) returns (Lead2);
    }
    """

  @Test func messagesCarryTypesAndComments() throws {
    let files = try ProtocRun.generate(["sub_file.proto": Self.sample], "messages,c_module=CX")
    #expect(files.keys.sorted() == ["MessageRegistry.swift", "SubFile.swift"])
    let text = try #require(files["SubFile.swift"])
    for expected in [
      "internal import CX\n", "/// A lead,\n/// in two lines.\npublic struct Lead: WireMessage {\n",
      "  public static let fullName = \"p.v1.Lead\"\n", "  /// E.164.\n  public var phone: String = \"\"\n",
      "  /// Trailing.\n  public var counts: [String: Int64] = [:]\n", "  public var createdAt: Timestamp? = nil\n",
      "  public var states: [State] = []\n", "  /// How it was reached.\n  public var contact: OneOf_Contact?\n",
      "    case email(String)\n    case other(Lead2)\n", "  /// Ready.\n  case open\n", "  case unrecognized(Int32)\n",
      "p__v1__lead__init(model)",
    ] {
      #expect(text.contains(expected), "\(expected)")
    }
    #expect(files["MessageRegistry.swift"]?.contains("    Lead.self,\n    Lead2.self,\n") == true)
  }

  @Test func servicesCarryMethodsAndComments() throws {
    let files = try ProtocRun.generate(["t.proto": Self.sample], "services,messages_module=MX")
    #expect(files.keys.sorted() == ["LeadService.swift", "ServiceCall.swift", "ServiceRegistry.swift"])
    let text = try #require(files["LeadService.swift"])
    for expected in [
      "public import MX\n", "public protocol LeadServiceHandler: Sendable {\n",
      "  /// Finds one.\n  func getLead(_ request: Lead2, context: CallContext) async throws -> Lead\n",
      "public struct LeadServiceServer: RPCService {\n", "public struct LeadServiceClient: Sendable {\n",
      "    isIdempotent: true, requestType: \"p.v1.Lead2\",", "    isIdempotent: false, requestType: \"p.v1.Lead\",",
    ] {
      #expect(text.contains(expected), "\(expected)")
    }
    let registry = try #require(files["ServiceRegistry.swift"])
    #expect(registry.contains("RegisteredMethod(LeadServiceMethods.getLead, Lead2.self, Lead.self, \"Finds one.\"),"))
  }

  @Test func outputIsTheSameEachTime() throws {
    let first = try ProtocRun.generate(["t.proto": Self.sample])
    #expect(try ProtocRun.generate(["t.proto": Self.sample]) == first)
  }

  @Test func listsBreakBeforeTheLimit() {
    var writer = CodeWriter()
    writer.list("call(", (0..<40).map { "argument\($0)" }, ")")
    #expect(writer.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    #expect(writer.text.hasPrefix("call(\n  argument0, argument1,"))
    #expect(writer.text.hasSuffix("argument39\n)\n"))
  }
}
