// What protobuf costs: nanoseconds of CPU for one message, best of nine rounds.
//
//   swift run -c release protobuf-benchmark
import Glibc
import RingmasterMessages
import Wire

func processorNanoseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func measure(_ name: String, repeats: Int, _ body: () -> Int) {
  var best = Double.infinity
  var total = 0
  for _ in 0..<9 {
    let start = processorNanoseconds()
    for _ in 0..<repeats { total &+= body() }
    best = min(best, (processorNanoseconds() - start) / Double(repeats))
  }
  precondition(total != 0, "the work was optimised away")
  print("\(name): \(Int(best)) ns")
}

// Ten fields, five of them strings that are longer than the 15 bytes which Swift keeps without an allocation.
let lead = Lead(
  leadId: "0195d3a2-6f1c-7a00-8000-1234567890ab", campaignId: "0195d3a2-6f1c-7a00-8000-ba0987654321",
  phone: "+61491570156", firstName: "Alexandra", lastName: "Papadopoulos",
  company: "Northern Freight & Cold Storage Pty", email: "alexandra.papadopoulos@example.com",
  timeZone: "Australia/Brisbane", attempts: 2, score: 77)
let leadBytes = lead.encoded()
print("lead: 10 fields, \(leadBytes.count) bytes")
measure("encode", repeats: 100_000) { lead.encoded().count }
measure("decode", repeats: 100_000) { (try? Lead.decode(leadBytes))?.leadId.utf8.count ?? 0 }
measure("encode and decode", repeats: 100_000) { (try? Lead.decode(lead.encoded()))?.leadId.utf8.count ?? 0 }
measure("to JSON text", repeats: 20_000) { lead.json.serializedBytes().count }
measure("from JSON value", repeats: 20_000) { [json = lead.json] in (try? Lead(json: json))?.leadId.utf8.count ?? 0 }

let batch = LeadsAdded(campaignId: lead.campaignId, leads: [Lead](repeating: lead, count: 500))
let batchBytes = batch.encoded()
print("500 leads: \(batchBytes.count) bytes")
measure("encode", repeats: 200) { batch.encoded().count }
measure("decode", repeats: 200) { (try? LeadsAdded.decode(batchBytes))?.leads.count ?? 0 }
