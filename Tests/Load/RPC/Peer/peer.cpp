// The peer of the RPC benchmark: gRPC C++, asynchronous on completion queues, one thread at each end.
//
//   peer serve ADDRESS
//   peer call ADDRESS IN_FLIGHT SECONDS SERVER_PID    prints the same line as Floor/floor.c
//   peer call-from-pool ...                           calls from a pool of threads, one a core, which the thread that
//                                                     takes the answers hands them to
//
// ADDRESS is gRPC's: unix:/path or 127.0.0.1:port.
#include <grpcpp/grpcpp.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ringmaster/v1/media.grpc.pb.h"

using ringmaster::v1::MediaCall;
using ringmaster::v1::MediaService;
using ringmaster::v1::PlaceCallRequest;

static uint64_t nanoseconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return uint64_t(time.tv_sec) * 1000000000u + uint64_t(time.tv_nsec);
}

// One call of the server: accepted, then answered, then gone.
class Answering {
 public:
  Answering(MediaService::AsyncService &service, grpc::ServerCompletionQueue &queue)
      : service(service), queue(queue), writer(&context) {
    service.RequestPlaceCall(&context, &request, &writer, &queue, &queue, this);
  }

  void proceed(bool ok) {
    if (answered || !ok) {
      delete this;
      return;
    }
    new Answering(service, queue);
    reply.set_call_id(request.permit().call_id());
    reply.set_state(ringmaster::v1::CALL_STATE_RINGING);
    reply.set_provider_call_id("CA0123456789abcdef0123456789abcdef");
    *reply.mutable_requested_at() = request.permit().granted_at();
    reply.set_failure_reason("none.");
    answered = true;
    writer.Finish(reply, grpc::Status::OK, this);
  }

 private:
  MediaService::AsyncService &service;
  grpc::ServerCompletionQueue &queue;
  grpc::ServerContext context;
  PlaceCallRequest request;
  MediaCall reply;
  grpc::ServerAsyncResponseWriter<MediaCall> writer;
  bool answered = false;
};

static int serve(const std::string &address) {
  MediaService::AsyncService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  for (int index = 0; index < 256; index++) new Answering(service, *queue);
  std::puts("ready");
  std::fflush(stdout);
  void *tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Answering *>(tag)->proceed(ok);
  return 0;
}

// One call of the client in flight.
struct Calling {
  grpc::ClientContext context;
  PlaceCallRequest request;
  MediaCall reply;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<MediaCall>> reader;
  uint64_t began = 0;
};

static void begin(MediaService::Stub &stub, grpc::CompletionQueue &queue) {
  auto *call = new Calling;
  call->began = nanoseconds(CLOCK_MONOTONIC);
  auto &permit = *call->request.mutable_permit();
  permit.set_call_id("7f2c1f0e-9a51-4c0e-8f0e-2b9d3c1a5e77");
  permit.set_campaign_id("0b6f0a3e-1d55-4f0c-9a7e-8f3c2d1b0a99");
  permit.set_lead_id("c1a2b3c4-d5e6-4f70-8123-456789abcdef");
  permit.set_attempt_number(2);
  permit.set_to("+61491570006");
  permit.set_from("+61491570156");
  permit.mutable_granted_at()->set_seconds(1790000000);
  permit.mutable_expires_at()->set_seconds(1790000060);
  permit.set_policy_version(7);
  permit.add_evidence("in hours");
  call->request.set_provider("twilio");
  call->request.set_voice("alloy-en-au");
  call->request.set_leave_voicemail(true);
  call->reader = stub.AsyncPlaceCall(&call->context, call->request, &queue);
  call->reader->Finish(&call->reply, &call->status, call);
}

enum class Phase { warming, measuring, over };

static std::atomic<Phase> phase{Phase::warming};

// Takes a call that is over and begins another in its place. False when no more are wanted.
static bool go_on(std::unique_ptr<Calling> call, MediaService::Stub &stub, grpc::CompletionQueue &queue,
                  std::vector<uint32_t> &samples) {
  if (!call->status.ok() || call->reply.state() != ringmaster::v1::CALL_STATE_RINGING) {
    std::fprintf(stderr, "%s\n", call->status.error_message().c_str());
    std::_Exit(3);
  }
  const Phase now = phase.load(std::memory_order_relaxed);
  if (now == Phase::over) return false;
  if (now == Phase::measuring) samples.push_back(uint32_t(nanoseconds(CLOCK_MONOTONIC) - call->began));
  begin(stub, queue);
  return true;
}

// Calls that are over, for the threads of a pool.
class Over {
 public:
  void put(std::unique_ptr<Calling> call) {
    std::lock_guard<std::mutex> lock(mutex);
    calls.push_back(std::move(call));
    filled.notify_one();
  }

  std::unique_ptr<Calling> take() {
    std::unique_lock<std::mutex> lock(mutex);
    filled.wait(lock, [this] { return !calls.empty(); });
    auto call = std::move(calls.front());
    calls.pop_front();
    return call;
  }

 private:
  std::mutex mutex;
  std::condition_variable filled;
  std::deque<std::unique_ptr<Calling>> calls;
};

int main(int argc, char **argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc == 3 && mode == "serve") return serve(argv[2]);
  if (argc != 6 || (mode != "call" && mode != "call-from-pool")) {
    std::fprintf(stderr, "usage: peer serve ADDRESS | peer call|call-from-pool ADDRESS IN_FLIGHT SECONDS SERVER_PID\n");
    return 64;
  }
  clockid_t server;
  if (clock_getcpuclockid(std::atoi(argv[5]), &server) != 0) return 1;
  auto stub = MediaService::NewStub(grpc::CreateChannel(argv[2], grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  Over over;
  const size_t pool_size = mode == "call" ? 0 : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<uint32_t>> samples(std::max<size_t>(1, pool_size));
  for (auto &part : samples) part.reserve(4000000);
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    void *tag;
    bool ok;
    while (queue.Next(&tag, &ok)) {
      std::unique_ptr<Calling> call(static_cast<Calling *>(tag));
      if (pool_size > 0) {
        over.put(std::move(call));
      } else if (!go_on(std::move(call), *stub, queue, samples[0])) {
        return;
      }
    }
  });
  for (size_t index = 0; index < pool_size; index++) {
    threads.emplace_back([&, index] { while (go_on(over.take(), *stub, queue, samples[index])) {} });
  }
  for (int index = 0; index < std::atoi(argv[3]); index++) begin(*stub, queue);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  uint64_t client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), server_cpu = nanoseconds(server);
  const uint64_t start = nanoseconds(CLOCK_MONOTONIC);
  phase = Phase::measuring;
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[4])));
  phase = Phase::over;
  const double seconds = double(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
  client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - client_cpu;
  server_cpu = nanoseconds(server) - server_cpu;
  // The thread that takes answers stays: with a pool, what is still in flight is nobody's any more. Of one call in
  // flight only one thread of the pool hears that it is over.
  if (pool_size == 0) threads[0].join();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::vector<uint32_t> all;
  for (auto &part : samples) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  const double calls = double(all.size());
  std::printf("%.0f,%.1f,%.1f,%.2f,%.2f\n", calls / seconds, all[all.size() / 2] / 1e3,
              all[all.size() * 99 / 100] / 1e3, double(client_cpu) / 1e3 / calls, double(server_cpu) / 1e3 / calls);
  std::fflush(stdout);
  _exit(0);  // Calls are still in flight.
}
