// The floor of the RPC benchmark: request and reply over nng's req0/rep0 contexts, one context for each call in flight,
// protobuf-c on both ends, no deadlines, statuses, metrics or cancellation.
//
//   floor serve URL
//   floor call URL IN_FLIGHT SECONDS SERVER_PID    prints requests/s, p50 µs, p99 µs, CPU µs per request of both ends
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ringmaster/v1/media.pb-c.h"

enum { CONTEXTS = 160, SAMPLES = 8000000 };

static void check(int result, const char *what) {
  if (result != 0) {
    fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
    exit(1);
  }
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// One call in flight, or one that the server is at.
struct lane {
  nng_ctx context;
  nng_aio *aio;
  bool sending;
  uint64_t began;
};

static nng_socket peer;
static atomic_bool measuring, stopping;
static atomic_size_t count;
static uint32_t *samples;

static nng_msg *pack(const ProtobufCMessage *message) {
  nng_msg *packed;
  size_t size = protobuf_c_message_get_packed_size(message);
  check(nng_msg_alloc(&packed, size), "allocate");
  protobuf_c_message_pack(message, nng_msg_body(packed));
  return packed;
}

static nng_msg *make_request(void) {
  Google__Protobuf__Timestamp granted, expires;
  google__protobuf__timestamp__init(&granted);
  google__protobuf__timestamp__init(&expires);
  granted.seconds = 1790000000;
  expires.seconds = 1790000060;
  char *evidence[] = {"in hours"};
  Ringmaster__V1__DialPermit permit;
  ringmaster__v1__dial_permit__init(&permit);
  permit.call_id = "7f2c1f0e-9a51-4c0e-8f0e-2b9d3c1a5e77";
  permit.campaign_id = "0b6f0a3e-1d55-4f0c-9a7e-8f3c2d1b0a99";
  permit.lead_id = "c1a2b3c4-d5e6-4f70-8123-456789abcdef";
  permit.attempt_number = 2;
  permit.to = "+61491570006";
  permit.from = "+61491570156";
  permit.granted_at = &granted;
  permit.expires_at = &expires;
  permit.policy_version = 7;
  permit.n_evidence = 1;
  permit.evidence = evidence;
  Ringmaster__V1__PlaceCallRequest request;
  ringmaster__v1__place_call_request__init(&request);
  request.permit = &permit;
  request.provider = "twilio";
  request.voice = "alloy-en-au";
  request.leave_voicemail = true;
  return pack(&request.base);
}

static nng_msg *answer(nng_msg *message) {
  Ringmaster__V1__PlaceCallRequest *request =
      ringmaster__v1__place_call_request__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
  if (request == NULL || request->permit == NULL) {
    exit(3);
  }
  Ringmaster__V1__MediaCall call;
  ringmaster__v1__media_call__init(&call);
  call.call_id = request->permit->call_id;
  call.state = RINGMASTER__V1__CALL_STATE__CALL_STATE_RINGING;
  call.provider_call_id = "CA0123456789abcdef0123456789abcdef";
  call.requested_at = request->permit->granted_at;
  call.failure_reason = "none.";
  nng_msg *packed = pack(&call.base);
  ringmaster__v1__place_call_request__free_unpacked(request, NULL);
  nng_msg_free(message);
  return packed;
}

static void served(void *argument) {
  struct lane *lane = argument;
  int result = nng_aio_result(lane->aio);
  if (lane->sending || result != 0) {
    lane->sending = false;
    nng_ctx_recv(lane->context, lane->aio);
    return;
  }
  nng_aio_set_msg(lane->aio, answer(nng_aio_get_msg(lane->aio)));
  lane->sending = true;
  nng_ctx_send(lane->context, lane->aio);
}

static void begin(struct lane *lane) {
  lane->began = nanoseconds(CLOCK_MONOTONIC);
  lane->sending = true;
  nng_aio_set_msg(lane->aio, make_request());
  nng_ctx_send(lane->context, lane->aio);
}

static void called(void *argument) {
  struct lane *lane = argument;
  check(nng_aio_result(lane->aio), "call");
  if (lane->sending) {
    lane->sending = false;
    nng_ctx_recv(lane->context, lane->aio);
    return;
  }
  nng_msg *message = nng_aio_get_msg(lane->aio);
  Ringmaster__V1__MediaCall *call =
      ringmaster__v1__media_call__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
  if (call == NULL || call->state != RINGMASTER__V1__CALL_STATE__CALL_STATE_RINGING) {
    exit(3);
  }
  ringmaster__v1__media_call__free_unpacked(call, NULL);
  nng_msg_free(message);
  if (atomic_load(&measuring)) {
    size_t index = atomic_fetch_add(&count, 1);
    if (index < SAMPLES) {
      samples[index] = (uint32_t)(nanoseconds(CLOCK_MONOTONIC) - lane->began);
    }
  }
  if (!atomic_load(&stopping)) {
    begin(lane);
  }
}

static struct lane *lanes(int number, void (*callback)(void *)) {
  struct lane *made = calloc((size_t)number, sizeof *made);
  for (int index = 0; index < number; index++) {
    check(nng_ctx_open(&made[index].context, peer), "open a context");
    check(nng_aio_alloc(&made[index].aio, callback, &made[index]), "allocate an aio");
  }
  return made;
}

static int ascending(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "serve") == 0) {
    check(nng_rep0_open(&peer), "open");
    struct lane *all = lanes(CONTEXTS, served);
    check(nng_listen(peer, argv[2], NULL, 0), "listen");
    for (int index = 0; index < CONTEXTS; index++) {
      nng_ctx_recv(all[index].context, all[index].aio);
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
      pause();
    }
  }
  if (argc != 6) {
    fprintf(stderr, "usage: floor serve URL | floor call URL IN_FLIGHT SECONDS SERVER_PID\n");
    return 64;
  }
  int in_flight = atoi(argv[3]);
  clockid_t server;
  if (clock_getcpuclockid(atoi(argv[5]), &server) != 0) {
    return 1;
  }
  samples = malloc(sizeof *samples * SAMPLES);
  check(nng_req0_open(&peer), "open");
  check(nng_dial(peer, argv[2], NULL, 0), "dial");
  struct lane *all = lanes(in_flight, called);
  for (int index = 0; index < in_flight; index++) {
    begin(&all[index]);
  }
  usleep(500000);
  uint64_t client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), server_cpu = nanoseconds(server);
  uint64_t start = nanoseconds(CLOCK_MONOTONIC);
  atomic_store(&measuring, true);
  usleep((useconds_t)(atof(argv[4]) * 1e6));
  atomic_store(&measuring, false);
  double seconds = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
  client_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - client_cpu;
  server_cpu = nanoseconds(server) - server_cpu;
  atomic_store(&stopping, true);
  usleep(100000);
  size_t calls = atomic_load(&count), kept = calls < SAMPLES ? calls : SAMPLES;
  if (calls == 0) {
    return 1;
  }
  qsort(samples, kept, sizeof *samples, ascending);
  printf("%.0f,%.1f,%.1f,%.2f,%.2f\n", (double)calls / seconds, samples[kept / 2] / 1e3, samples[kept * 99 / 100] / 1e3,
         (double)client_cpu / 1e3 / (double)calls, (double)server_cpu / 1e3 / (double)calls);
  return 0;
}
