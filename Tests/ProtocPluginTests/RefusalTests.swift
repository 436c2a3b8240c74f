import Testing

@testable import ProtocPlugin

/// What the plugin refuses, and that it says where and why.
@Suite struct RefusalTests {
  private func faults(_ body: String, syntax: String = "proto3", parameter: String = "messages") throws -> [String] {
    try ProtocRun.faults(["t.proto": "syntax = \"\(syntax)\";\npackage p.v1;\n\(body)"], parameter)
  }

  @Test func proto2IsRefused() throws {
    #expect(
      try faults("message M { optional group G = 1 {} extensions 5 to 6; }", syntax: "proto2")
        == ["t.proto: syntax \"proto2\"; only proto3 is generated"])
  }

  @Test func proto3OptionalIsRefused() throws {
    #expect(
      try faults("message M { optional string name = 1; }") == [
        "t.proto: p.v1.M.name: proto3 `optional` is not supported by protobuf-c; "
          + "use a message field or a oneof for presence"
      ])
  }

  @Test func recursionIsRefused() throws {
    #expect(
      try faults("message A { B b = 1; } message B { repeated C c = 1; } message C { map<string, A> a = 1; }") == [
        "t.proto: p.v1.A: contains itself (p.v1.A -> p.v1.B -> p.v1.C -> p.v1.C.AEntry -> p.v1.A); "
          + "recursive types are not generated",
        "t.proto: p.v1.B: contains itself (p.v1.B -> p.v1.C -> p.v1.C.AEntry -> p.v1.A -> p.v1.B); "
          + "recursive types are not generated",
        "t.proto: p.v1.C: contains itself (p.v1.C -> p.v1.C.AEntry -> p.v1.A -> p.v1.B -> p.v1.C); "
          + "recursive types are not generated",
      ])
  }

  @Test func extensionsAreRefused() throws {
    let body = """
      import "google/protobuf/descriptor.proto";
      extend google.protobuf.FieldOptions { string note = 50001; }
      message M {}
      """
    #expect(try faults(body) == ["t.proto: extensions are not generated"])
  }

  @Test func otherWellKnownTypesAreRefused() throws {
    #expect(
      try faults("import \"google/protobuf/any.proto\"; message M { google.protobuf.Any any = 1; }") == [
        "t.proto: p.v1.M.any: google.protobuf.Any is not generated; of google.protobuf there are Timestamp and Duration"
      ])
  }

  @Test func namesThatCollideAreRefused() throws {
    #expect(
      try faults("message M { oneof kind { int32 x = 1; } int32 Kind = 2; }")
        == ["t.proto: p.v1.M.kind: would be named kind in the generated code, as is Kind"])
    #expect(
      try faults("message M { repeated string x = 1; int32 n_x = 2; }")
        == ["t.proto: p.v1.M.n_x: would be named n_x in the generated code, as is the count of x"])
    #expect(try faults("message M { int32 base = 1; }").count == 1)
    #expect(try faults("message a_b {} message AB {}").count == 1)
    #expect(
      try faults("message M { string json = 1; }") == ["t.proto: p.v1.M.json: every message has a member json"])
    #expect(
      try faults("message String {}") == ["t.proto: p.v1.String: the name String is taken in the generated Swift"])
    #expect(
      try faults("enum E { E_X = 0; E_UNRECOGNIZED = 1; }")
        == ["t.proto: p.v1.E.E_UNRECOGNIZED: every enum has a member unrecognized"])
    #expect(
      try faults("enum E { option allow_alias = true; E_X = 0; E_Y = 0; }")
        == ["t.proto: p.v1.E.E_Y: has the number of E_X; aliases are not generated"])
    #expect(try faults("message M { int32 restrict = 1; }").count == 1)
  }

  @Test func namesThatCollideAcrossFilesAreRefused() throws {
    let found = try ProtocRun.faults([
      "a.proto": "syntax = \"proto3\"; package a; message Lead {}",
      "b.proto": "syntax = \"proto3\"; package b; enum Lead { X = 0; }",
    ])
    #expect(found == ["b.proto: Lead: would be named Lead in the generated code, as is Lead"])
  }

  @Test func streamingAndServiceNamesAreRefused() throws {
    #expect(
      try faults("message M {} service S { rpc Watch(M) returns (stream M); }") == [
        "t.proto: p.v1.S.Watch: streaming methods are not generated; use a long poll or the event log"
      ])
    #expect(
      try faults("message M {} service M2 { rpc Handle(M) returns (M); }")
        == ["t.proto: p.v1.M2.Handle: every service has a member handle"])
    #expect(try faults("message FooClient {} service Foo { rpc Get(FooClient) returns (FooClient); }").count == 1)
  }

  @Test func optionsAreChecked() throws {
    #expect(
      try faults("message M {}", parameter: "")
        == ["--ringmaster_opt: say what to write: messages or services"])
    #expect(try faults("message M {}", parameter: "messages,x=1") == ["--ringmaster_opt: unknown option x=1"])
  }

  @Test func bytesThatAreNoRequestAreRefused() {
    #expect(throws: PluginError.self) { try Plugin.run([0xFF]) }
  }

  @Test func protocIsToldTheFaults() throws {
    let request = try ProtocRun.request(
      [
        "t.proto":
          "syntax = \"proto3\"; message M { optional int32 x = 1; M2 y = 2; } message M2 { M3 z = 1; } message M3 { M2 z = 1; }"
      ],
      parameter: "messages")
    let response = String(decoding: try Plugin.run(request), as: UTF8.self)
    #expect(response.contains("t.proto: M.x: proto3 `optional`"))
    #expect(response.contains("t.proto: M2: contains itself"))
  }
}
