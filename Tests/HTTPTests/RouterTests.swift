import Testing

@testable import HTTP

@Suite struct RouterTests {
  private func router(_ routes: [(HTTPMethod, String)]) -> Router {
    var router = Router()
    for (method, pattern) in routes {
      router.on(method, pattern) { _ in .text(pattern) }
    }
    return router
  }

  /// The pattern found and its parameters, or the methods allowed.
  private func find(_ router: Router, _ method: HTTPMethod, _ path: String) -> (String, [String: String])? {
    guard case .found(let index, let parameters) = router.match(method, rawPath: path[...]) else { return nil }
    return (router.routes[index].pattern, parameters)
  }

  private func allowed(_ router: Router, _ method: HTTPMethod, _ path: String) -> [HTTPMethod]? {
    guard case .methodNotAllowed(let methods) = router.match(method, rawPath: path[...]) else { return nil }
    return methods
  }

  @Test func literalsBeatParametersBeatTheRest() {
    let router = router([
      (.get, "/{rest...}"), (.get, "/calls/{id}"), (.get, "/calls/export"), (.get, "/calls/{id}/events"), (.get, "/"),
    ])
    #expect(find(router, .get, "/calls/export")?.0 == "/calls/export")
    #expect(find(router, .get, "/calls/7")?.1 == ["id": "7"])
    #expect(find(router, .get, "/calls/export/events")?.1 == ["id": "export"])
    #expect(find(router, .get, "/calls/7/other")?.1 == ["rest": "calls/7/other"])
    #expect(find(router, .get, "/")?.0 == "/")
    #expect(find(router, .get, "/calls/")?.1 == ["rest": "calls/"])
  }

  @Test func methodsAreToldApartAndListed() {
    let router = router([(.get, "/a/{x}"), (.post, "/a/{y}"), (.delete, "/a/b")])
    #expect(find(router, .post, "/a/1")?.1 == ["y": "1"])
    #expect(find(router, .get, "/a/b")?.0 == "/a/{x}")
    #expect(allowed(router, .put, "/a/b") == [.delete, .get, .head, .post])
    #expect(allowed(router, .put, "/a/1") == [.get, .head, .post])
    #expect(find(router, .get, "/nothing") == nil)
    #expect(allowed(router, .get, "/nothing") == nil)
  }

  @Test func headIsAnsweredByGet() {
    #expect(find(router([(.get, "/a")]), .head, "/a")?.0 == "/a")
  }

  @Test func segmentsAreDecodedAfterSplitting() {
    let router = router([(.get, "/a b/{x}")])
    #expect(find(router, .get, "/a%20b/c%2Fd")?.1 == ["x": "c/d"])
  }

  @Test func anEmptySegmentIsNoParameter() {
    #expect(find(router([(.get, "/a/{x}")]), .get, "/a/") == nil)
  }
}
