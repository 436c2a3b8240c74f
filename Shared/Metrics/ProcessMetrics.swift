import Core
import Glibc

/// What the kernel knows of this process, under the names that Prometheus' client libraries use.
struct ProcessMetrics: Sendable {
  private let startTime: Double

  init() {
    startTime = ProcessMetrics.readStartTime()
  }

  func append(to text: inout PrometheusText) {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    add("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", cpu, to: &text)
    let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    let pages = ProcessMetrics.read("/proc/self/statm").split(separator: " ").compactMap { Double($0) }
    if pages.count >= 2 {
      add("process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.", pages[0] * pageSize, to: &text)
      add("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", pages[1] * pageSize, to: &text)
    }
    add("process_start_time_seconds", "gauge", "When the process started, since 1970.", startTime, to: &text)
    add("process_open_fds", "gauge", "Open file descriptors.", Double(openDescriptors()), to: &text)
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      add("process_max_fds", "gauge", "Most file descriptors allowed.", Double(limit.rlim_cur), to: &text)
    }
  }

  private func add(_ name: String, _ type: String, _ help: String, _ value: Double, to text: inout PrometheusText) {
    text.header(name, type, help)
    text.sample(name, value)
  }

  private func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
  }

  private func openDescriptors() -> Int {
    guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
    defer { unsafe closedir(directory) }
    var entries = 0
    while unsafe readdir(directory) != nil { entries += 1 }
    return max(0, entries - 3)  // ".", ".." and the descriptor of this listing.
  }

  /// Wall clock minus age: field 22 of /proc/self/stat is the start in clock ticks since boot.
  private static func readStartTime() -> Double {
    let stat = read("/proc/self/stat")
    // The second field is the command's name in parentheses, which may hold anything.
    guard let end = stat.lastIndex(of: ")") else { return 0 }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]),
      let uptime = read("/proc/uptime").split(separator: " ").first.flatMap({ Double($0) })
    else { return 0 }
    let now = Double(Instant.wallClock().microsecondsSince1970) / 1_000_000
    return now - uptime + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// The start of a small file of /proc; empty when it cannot be read.
  private static func read(_ path: String) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
