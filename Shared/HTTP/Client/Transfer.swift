internal import CCurl
import Core

/// One request on its way, as libcurl sees it. Belongs to the client's thread from the moment it is submitted.
final class Transfer: @unchecked Sendable {
  private let request: HTTPClientRequest
  private let options: HTTPClient.Options
  private let isStreaming: Bool
  let receiver: any TransferReceiver

  // All that follows is touched by the client's thread only.

  private(set) var handle: UnsafeMutableRawPointer?
  private var fieldList: UnsafeMutablePointer<curl_slist>?
  /// libcurl reads the body and writes its error text here while the transfer runs.
  private let body: UnsafeMutableRawBufferPointer
  private let errorText: UnsafeMutablePointer<CChar>
  private var status: HTTPStatus?
  private var headers = HTTPHeaders()
  private var hasHead = false
  private var isTooLarge = false
  /// Set by libcurl's call just before the first byte of the request goes out.
  private(set) var mayHaveBeenSent = false

  init(
    _ request: HTTPClientRequest, _ options: HTTPClient.Options, _ receiver: any TransferReceiver, isStreaming: Bool
  ) {
    self.request = request
    self.options = options
    self.receiver = receiver
    self.isStreaming = isStreaming
    body = .allocate(byteCount: request.body.count, alignment: 1)
    body.copyBytes(from: request.body)
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    body.deallocate()
    errorText.deallocate()
  }

  // MARK: Preparing

  /// Sets `handle`, fresh or reset, up for this request. It is in use until `release`.
  func prepare(_ handle: UnsafeMutableRawPointer) -> HTTPClientError? {
    self.handle = handle
    guard isSendable else {
      return HTTPClientError(.invalidRequest, "not an http or https URL", requestMayHaveBeenSent: false)
    }
    let context = Unmanaged.passUnretained(self).toOpaque()
    let results = [
      ccurl_set_string(handle, CURLOPT_URL, request.url),
      ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
      ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
      ccurl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
      ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connectTimeout)),
      ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText),
      ccurl_set_write(handle, transferDidReceive, context),
      ccurl_set_header(handle, transferDidReceiveHeader, context),
      ccurl_set_prerequest(handle, transferWillSend, context),
    ]
    guard results.allSatisfy({ $0 == CURLE_OK }), setTimeout(handle), setMethodAndBody(handle), setFields(handle),
      setAuthority(handle)
    else {
      return HTTPClientError(.invalidRequest, "libcurl refused the request", requestMayHaveBeenSent: false)
    }
    return nil
  }

  private var isSendable: Bool {
    let scheme = request.url.prefix { $0 != ":" }.lowercased()
    return (scheme == "http" || scheme == "https") && request.url.utf8.allSatisfy { $0 > 32 && $0 < 127 }
      && request.method.rawValue.utf8.allSatisfy(isTokenByte) && !request.method.rawValue.isEmpty
  }

  private func setTimeout(_ handle: UnsafeMutableRawPointer) -> Bool {
    guard isStreaming else {
      return ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(request.timeout)) == CURLE_OK
    }
    let seconds = max(1, Int(request.timeout.inSeconds.rounded(.up)))
    return ccurl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1) == CURLE_OK
      && ccurl_set_long(handle, CURLOPT_LOW_SPEED_TIME, seconds) == CURLE_OK
  }

  private func setMethodAndBody(_ handle: UnsafeMutableRawPointer) -> Bool {
    switch request.method {
    case .get where body.isEmpty:
      return ccurl_set_long(handle, CURLOPT_HTTPGET, 1) == CURLE_OK
    case .head:
      return ccurl_set_long(handle, CURLOPT_NOBODY, 1) == CURLE_OK
    default:
      var results = [ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)]
      if !body.isEmpty || request.method == .post || request.method == .put || request.method == .patch {
        results += [
          ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)),
          ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress),
        ]
        if body.isEmpty {
          results += [
            ccurl_set_long(handle, CURLOPT_POST, 1), ccurl_set_string(handle, CURLOPT_POSTFIELDS, ""),
          ]
        }
      }
      return results.allSatisfy { $0 == CURLE_OK }
    }
  }

  private func setFields(_ handle: UnsafeMutableRawPointer) -> Bool {
    // Without these two, libcurl calls every body a form, and waits a second for leave to send a large one.
    var lines = ["Expect:"]
    if !request.headers.contains("content-type") {
      lines.append("Content-Type:")
    }
    if !request.headers.contains("user-agent") {
      lines.append("User-Agent: \(options.userAgent)")
    }
    for (name, value) in request.headers {
      lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
    }
    for line in lines {
      guard let longer = curl_slist_append(fieldList, line) else { return false }
      fieldList = longer
    }
    return ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, fieldList) == CURLE_OK
  }

  private func setAuthority(_ handle: UnsafeMutableRawPointer) -> Bool {
    var results: [CURLcode] = []
    if let file = options.authorityFile {
      results.append(ccurl_set_string(handle, CURLOPT_CAINFO, file))
    }
    if let basic = request.basicAuthentication {
      results += [
        ccurl_set_long(handle, CURLOPT_HTTPAUTH, 1 << 0),  // CURLAUTH_BASIC
        ccurl_set_string(handle, CURLOPT_USERNAME, basic.user),
        ccurl_set_string(handle, CURLOPT_PASSWORD, basic.password),
      ]
    }
    return results.allSatisfy { $0 == CURLE_OK }
  }

  private func milliseconds(_ duration: Duration) -> Int {
    max(1, Int((duration.microseconds + 999) / 1000))
  }

  // MARK: Receiving

  fileprivate func didReceiveHeader(_ line: UnsafeRawBufferPointer) {
    guard !hasHead else { return }  // A trailer.
    let line = UnsafeRawBufferPointer(rebasing: line.prefix { $0 != 13 && $0 != 10 })
    if line.starts(with: "HTTP/".utf8) {
      let code = line.split(separator: 32).dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
      status = code.flatMap { (100..<600).contains($0) ? HTTPStatus($0) : nil }
      headers = HTTPHeaders()
    } else if line.isEmpty {
      guard let status, status.code >= 200 else { return }
      hasHead = true
      receiver.didReceiveHead(ResponseHead(status: status, headers: headers))
    } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
      headers.appendChecked(
        name: UnsafeRawBufferPointer(rebasing: line[..<colon]),
        value: UnsafeRawBufferPointer(rebasing: trimmed(line[(colon + 1)...])))
    }
  }

  fileprivate func didReceive(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch receiver.didReceive(bytes) {
    case .taken:
      return bytes.count
    case .pause:
      return ccurl_write_pause()
    case .tooLarge:
      isTooLarge = true
      return 0  // Anything but the count makes libcurl give up.
    }
  }

  fileprivate func willSend() {
    mayHaveBeenSent = true
  }

  // MARK: Ending

  /// Gives the handle back, which runs no more, and frees what belongs to the request.
  func release() {
    handle = nil
    curl_slist_free_all(fieldList)
    fieldList = nil
  }

  func error(_ code: HTTPClientError.Code, _ message: String) -> HTTPClientError {
    HTTPClientError(code, message, requestMayHaveBeenSent: mayHaveBeenSent)
  }

  /// What libcurl's result means; nil when the response is whole.
  func outcome(_ result: CURLcode) -> HTTPClientError? {
    if result == CURLE_OK {
      return nil
    }
    if isTooLarge {
      return error(.tooLarge, "the response is larger than \(options.responseBytes) bytes")
    }
    let detail = String(cString: errorText)
    let message = detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
    return error(Self.code(result), message)
  }

  private static func code(_ result: CURLcode) -> HTTPClientError.Code {
    switch result {
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
    case CURLE_COULDNT_CONNECT: .connect
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
      .tls
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM,
      CURLE_WEIRD_SERVER_REPLY:
      .disconnected
    default: .other
    }
  }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func transferDidReceive(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context)?.didReceive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func transferDidReceiveHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context)?.didReceiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
  return size * count
}

private func transferWillSend(
  _ context: UnsafeMutableRawPointer?, _ remoteAddress: UnsafeMutablePointer<CChar>?,
  _ localAddress: UnsafeMutablePointer<CChar>?, _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
  transfer(context)?.willSend()
  return Int32(CURL_PREREQFUNC_OK)
}
