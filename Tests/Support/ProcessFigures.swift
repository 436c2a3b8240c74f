import Glibc

/// What the kernel says of a process; zero of one that is gone.
public enum ProcessFigures {
  /// Resident memory, in bytes (proc(5), field 2 of `statm`).
  public static func residentBytes(of process: Int = Int(getpid())) -> Int {
    guard let file = fopen("/proc/\(process)/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 256)
    let count = fread(&line, 1, line.count, file)
    let fields = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Processor time, in seconds.
  public static func processorTime(of process: Int = Int(getpid())) -> Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid_t(process), &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
