// The peer of the RPC benchmark: gRPC C++, asynchronous on completion queues, one thread at each end.
//
//   peer serve ADDRESS
//   peer call ADDRESS IN_FLIGHT SECONDS SERVER_PID    prints the same line as Floor/floor.c
//
// ADDRESS is gRPC's: unix:/path or 127.0.0.1:port.
#include <grpcpp/grpcpp.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
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

int main(int argc, char **argv) {
  if (argc == 3 && std::string(argv[1]) == "serve") return serve(argv[2]);
  if (argc != 6) {
    std::fprintf(stderr, "usage: peer serve ADDRESS | peer call ADDRESS IN_FLIGHT SECONDS SERVER_PID\n");
    return 64;
  }
  clockid_t server;
  if (clock_getcpuclockid(std::atoi(argv[5]), &server) != 0) return 1;
  auto stub = MediaService::NewStub(grpc::CreateChannel(argv[2], grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  for (int index = 0; index < std::atoi(argv[3]); index++) begin(*stub, queue);
  std::vector<uint32_t> samples;
  samples.reserve(8000000);
  const uint64_t warm = nanoseconds(CLOCK_MONOTONIC) + 500000000u;
  const uint64_t length = uint64_t(std::atof(argv[4]) * 1e9);
  uint64_t start = 0, client_cpu = 0, server_cpu = 0, now = 0;
  void *tag;
  bool ok;
  while (queue.Next(&tag, &ok)) {
    std::unique_ptr<Calling> call(static_cast<Calling *>(tag));
    if (!call->status.ok() || call->reply.state() != ringmaster::v1::CALL_STATE_RINGING) {
      std::fprintf(stderr, "%s\n", call->status.error_message().c_str());
      return 3;
    }
    now = nanoseconds(CLOCK_MONOTONIC);
    if (start != 0) {
      samples.push_back(uint32_t(now - call->began));
      if (now - start >= length) break;
    } else if (now >= warm) {
      start = now;
      client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
      server_cpu = nanoseconds(server);
    }
    begin(*stub, queue);
  }
  client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - client_cpu;
  server_cpu = nanoseconds(server) - server_cpu;
  std::sort(samples.begin(), samples.end());
  const double calls = double(samples.size());
  std::printf("%.0f,%.1f,%.1f,%.2f,%.2f\n", calls / (double(now - start) / 1e9), samples[samples.size() / 2] / 1e3,
              samples[samples.size() * 99 / 100] / 1e3, double(client_cpu) / 1e3 / calls,
              double(server_cpu) / 1e3 / calls);
  std::fflush(stdout);
  _exit(0);  // Calls are still in flight.
}
