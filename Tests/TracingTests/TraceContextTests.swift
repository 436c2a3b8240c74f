import Core
import Testing
import Tracing

@Suite struct TraceContextTests {
  let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func headersReadBack() throws {
    let context = try #require(TraceContext(traceparent: text, tracestate: "vendor=1"))
    #expect(context.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(context.spanIDText == "00f067aa0ba902b7")
    #expect(context.sampled && context.state == "vendor=1")
    #expect(context.traceparent == text)
    #expect(Hex.encode(context.traceID) == context.traceIDText)
  }

  @Test(arguments: [
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
  ])
  func laterVersionsAreRead(text: String) {
    #expect(TraceContext(traceparent: text) != nil)
  }

  @Test(arguments: [
    "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
    "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.later",
  ])
  func invalidHeadersStartNothing(text: String) {
    #expect(TraceContext(traceparent: text) == nil)
  }

  @Test func childrenShareTheTraceOnly() {
    let parent = TraceContext.random()
    let child = parent.child()
    #expect(child.traceIDText == parent.traceIDText && child.spanID != parent.spanID)
    #expect(TraceContext(traceparent: child.traceparent) == child)
  }
}
