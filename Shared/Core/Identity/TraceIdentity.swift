/// The ids of the trace that the current task works for, as logs print them.
///
/// Declared here so that Logging reads what Tracing and RPC set, without either knowing the other.
public enum TraceIdentity {
  /// Lower-case hex: 32 digits for the trace, 16 for the span.
  @TaskLocal public static var current: (traceID: String, spanID: String)?
}
