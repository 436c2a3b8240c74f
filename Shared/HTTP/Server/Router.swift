/// Which handler answers which method and path.
///
/// A pattern is literal segments, `{name}` for one segment and, last, `{name...}` for the rest of the path:
/// `/api/campaigns/{id}`, `/assets/{path...}`. A literal beats a parameter at each segment, a parameter beats the rest.
/// Segments are split before they are percent-decoded. A `GET` route answers `HEAD` too.
public struct Router: Sendable {
  public typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

  enum Action: Sendable {
    case respond(Handler)
    case webSocket(WebSocketRoute)
  }

  struct Route: Sendable {
    let method: HTTPMethod
    let pattern: String
    let parameterNames: [String]
    let bodyBytes: Int?
    let action: Action
  }

  struct WebSocketRoute: Sendable {
    /// A response refuses the upgrade; nil lets it happen.
    let accept: @Sendable (HTTPRequest) async throws -> HTTPResponse?
    let handler: @Sendable (WebSocket, HTTPRequest) async throws -> Void
    let subprotocols: [String]
  }

  enum Match {
    /// `route` is an index into `routes`.
    case found(route: Int, parameters: [String: String])
    case methodNotAllowed([HTTPMethod])
    case notFound
  }

  private struct Node: Sendable {
    var literals: [String: Node] = [:]
    /// None or one: an array because a struct cannot hold itself.
    var parameter: [Node] = []
    var routes: [HTTPMethod: Int] = [:]
    var restRoutes: [HTTPMethod: Int] = [:]
  }

  private(set) var routes: [Route] = []
  private var root = Node()
  /// Routes without parameters, by their whole path: what most requests ask for is found with one look.
  private var exact: [String: [HTTPMethod: Int]] = [:]

  public init() {}

  /// Answers `method` on `pattern` with `handler`.
  ///
  /// A second handler for the same method and pattern is a programming error.
  ///
  /// - Parameter bodyBytes: Largest body this route takes; nil means the server's limit.
  public mutating func on(
    _ method: HTTPMethod, _ pattern: String, bodyBytes: Int? = nil, _ handler: @escaping Handler
  ) {
    add(method, pattern, bodyBytes, .respond(handler))
  }

  /// Upgrades `GET` requests on `pattern` to a WebSocket (RFC 6455). Requests that do not ask for it get 426.
  ///
  /// - Parameters:
  ///   - subprotocols: Those spoken here, best first; the first that the client offers is chosen.
  ///   - accept: May refuse with a response before the upgrade; nil lets it happen.
  ///   - handler: The socket is closed when it returns: with 1000, or with 1011 if it throws. Its task is cancelled
  ///     when the server's drain runs out of time.
  public mutating func webSocket(
    _ pattern: String, subprotocols: [String] = [],
    accept: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse? = { _ in nil },
    handler: @escaping @Sendable (WebSocket, HTTPRequest) async throws -> Void
  ) {
    add(.get, pattern, 0, .webSocket(WebSocketRoute(accept: accept, handler: handler, subprotocols: subprotocols)))
  }

  private mutating func add(_ method: HTTPMethod, _ pattern: String, _ bodyBytes: Int?, _ action: Action) {
    precondition(pattern.hasPrefix("/"), "a route's pattern starts with a slash: \(pattern)")
    var names: [String] = []
    var isRest = false
    var path: [String?] = []
    for segment in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      precondition(!isRest, "{name...} comes last: \(pattern)")
      guard segment.hasPrefix("{"), segment.hasSuffix("}") else {
        path.append(String(segment))
        continue
      }
      isRest = segment.hasSuffix("...}")
      names.append(String(segment.dropFirst().dropLast(isRest ? 4 : 1)))
      if !isRest {
        path.append(nil)
      }
    }
    let route = routes.count
    routes.append(
      Route(method: method, pattern: pattern, parameterNames: names, bodyBytes: bodyBytes, action: action))
    let isNew = Self.insert(route, method, path[...], isRest, into: &root)
    precondition(isNew, "two handlers for \(method) \(pattern)")
    if names.isEmpty {
      exact[pattern, default: [:]][method] = route
    }
  }

  private static func insert(
    _ route: Int, _ method: HTTPMethod, _ path: ArraySlice<String?>, _ isRest: Bool, into node: inout Node
  ) -> Bool {
    guard let segment = path.first else {
      return isRest
        ? node.restRoutes.updateValue(route, forKey: method) == nil
        : node.routes.updateValue(route, forKey: method) == nil
    }
    if let segment {
      return insert(route, method, path.dropFirst(), isRest, into: &node.literals[segment, default: Node()])
    }
    if node.parameter.isEmpty {
      node.parameter.append(Node())
    }
    return insert(route, method, path.dropFirst(), isRest, into: &node.parameter[0])
  }

  /// The route for a request.
  ///
  /// - Parameter rawPath: The path as it travelled, still percent-encoded.
  func match(_ method: HTTPMethod, rawPath: Substring) -> Match {
    if let methods = exact[String(rawPath)], let route = Self.route(in: methods, for: method) {
      return .found(route: route, parameters: [:])
    }
    guard rawPath.utf8.first == UInt8(ascii: "/") else { return .notFound }
    let segments = rawPath.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      $0.contains(UInt8(ascii: "%"))
        ? String(decoding: percentDecoded($0, plusAsSpace: false), as: UTF8.self) : String(Substring($0))
    }
    var captured: [String] = []
    var allowed: Set<HTTPMethod> = []
    if let route = search(root, segments[...], method, &captured, &allowed) {
      let names = routes[route].parameterNames
      return .found(route: route, parameters: Dictionary(zip(names, captured)) { first, _ in first })
    }
    if allowed.isEmpty {
      return .notFound
    }
    if allowed.contains(.get) {
      allowed.insert(.head)
    }
    return .methodNotAllowed(allowed.sorted { $0.rawValue < $1.rawValue })
  }

  /// Depth-first, literals first. `captured` holds the parameters of the path to the route found; `allowed` collects
  /// the methods of every route that fits but for its method.
  private func search(
    _ node: Node, _ segments: ArraySlice<String>, _ method: HTTPMethod, _ captured: inout [String],
    _ allowed: inout Set<HTTPMethod>
  ) -> Int? {
    if let segment = segments.first {
      if let next = node.literals[segment],
        let route = search(next, segments.dropFirst(), method, &captured, &allowed)
      {
        return route
      }
      if let next = node.parameter.first, !segment.isEmpty {
        captured.append(segment)
        if let route = search(next, segments.dropFirst(), method, &captured, &allowed) {
          return route
        }
        captured.removeLast()
      }
    } else {
      if let route = Self.route(in: node.routes, for: method) {
        return route
      }
      allowed.formUnion(node.routes.keys)
    }
    if !node.restRoutes.isEmpty {
      if let route = Self.route(in: node.restRoutes, for: method) {
        captured.append(segments.joined(separator: "/"))
        return route
      }
      allowed.formUnion(node.restRoutes.keys)
    }
    return nil
  }

  private static func route(in methods: [HTTPMethod: Int], for method: HTTPMethod) -> Int? {
    methods[method] ?? (method == .head ? methods[.get] : nil)
  }
}
