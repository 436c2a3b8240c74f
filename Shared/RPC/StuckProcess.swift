import Glibc
import Logging

/// Ends the process because nng has stopped to end connections: nothing in it would ever connect again. Whoever
/// supervises it starts it anew.
func endStuckProcess(_ logger: Logger, _ endpoint: String) {
  logger.error("rpc connection does not end, the process must", [LogField("endpoint", endpoint)])
  _exit(70)  // EX_SOFTWARE. No handlers at exit: they might wait for nng.
}
