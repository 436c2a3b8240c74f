// ends CALLS SECONDS RELAY_PORT ENGINE_PORT RELAY_PID: both far ends of a media relay in one process, so that both
// one-way latencies are one clock's.
//
// Each call sends a 20 ms frame (160 mu-law bytes in ~350 bytes of JSON, masked) 50 times a second, all calls evenly
// spread; the engine's end answers each with a frame of the same size. The send time rides in the first 16 characters of
// the audio, which the relay passes on unchanged. Prints rates, latencies and the relay's CPU time.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "websocket.h"

enum { UP, DOWN, DIRECTIONS };

typedef struct {
  int descriptor, is_engine, is_open;
  unsigned sequence;
  char stream_id[40];
  size_t have;
  char in[65536];
} Socket;

static const size_t samples_at_most = 8000000;
static uint32_t *samples[DIRECTIONS];
static size_t sample_count[DIRECTIONS];
static int measuring, poller, engine_listener;
static char filler[201];

static uint64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t cpu_of(int process) {
  clockid_t clock;
  return clock_getcpuclockid(process, &clock) == 0 ? now(clock) : 0;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void record(int direction, const char *audio) {
  char hex[17];
  memcpy(hex, audio, 16);
  hex[16] = 0;
  if (measuring && sample_count[direction] < samples_at_most)
    samples[direction][sample_count[direction]++] =
        (uint32_t)((now(CLOCK_MONOTONIC) - strtoull(hex, NULL, 16)) / 1000);
}

static void write_all(Socket *socket, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(socket->descriptor, bytes, count);
    if (written < 0 && errno == EAGAIN) {
      usleep(50);
      continue;
    }
    if (written < 0) fail("write");
    bytes += written;
    count -= (size_t)written;
  }
}

static void send_text(Socket *socket, char *text, int count) {
  char *frame = websocket_frame(text, (size_t)count, socket->is_engine ? 0 : 0x5ac3917e);
  write_all(socket, frame, (size_t)(text + count - frame));
}

static void send_media(Socket *socket) {
  char buffer[1024], *text = buffer + 8;
  unsigned number = ++socket->sequence;
  int count = snprintf(
      text, sizeof buffer - 8,
      "{\"event\":\"media\",\"sequenceNumber\":\"%u\",\"media\":{\"track\":\"inbound\",\"chunk\":\"%u\","
      "\"timestamp\":\"%u\",\"payload\":\"%016lx%s\"},\"streamSid\":\"%s\"}",
      number + 1, number, number * 20, now(CLOCK_MONOTONIC), filler, socket->stream_id);
  send_text(socket, text, count);
}

static void start_call(Socket *socket) {
  char buffer[512], *text = buffer + 8;
  int count = snprintf(
      text, sizeof buffer - 8,
      "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{\"streamSid\":\"%s\",\"tracks\":[\"inbound\"]},"
      "\"streamSid\":\"%s\"}",
      socket->stream_id, socket->stream_id);
  send_text(socket, text, count);
}

static void take_text(Socket *socket, char *text, size_t length) {
  char end = text[length];
  text[length] = 0;
  if (socket->is_engine) {
    char *audio = strstr(text, "\"audio\":\"");
    if (audio) {
      record(UP, audio + 9);
      char buffer[1024], *out = buffer + 8;
      int count = snprintf(
          out, sizeof buffer - 8,
          "{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_%08u\",\"response_id\":\"resp_0001\","
          "\"item_id\":\"item_0001\",\"output_index\":0,\"content_index\":0,\"delta\":\"%016lx%s\"}",
          ++socket->sequence, now(CLOCK_MONOTONIC), filler);
      send_text(socket, out, count);
    }
  } else {
    char *audio = strstr(text, "\"payload\":\"");
    if (audio) record(DOWN, audio + 11);
  }
  text[length] = end;
}

static void take_bytes(Socket *socket) {
  ssize_t count = read(socket->descriptor, socket->in + socket->have, sizeof socket->in - socket->have - 1);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) fail("the relay closed a socket");
  socket->have += (size_t)count;
  size_t used = 0;
  if (!socket->is_open) {
    socket->in[socket->have] = 0;
    char *end = strstr(socket->in, "\r\n\r\n");
    if (!end) return;
    used = (size_t)(end + 4 - socket->in);
    socket->is_open = 1;
    if (socket->is_engine) {
      char answer[512];
      write_all(socket, answer, (size_t)websocket_accept(socket->in, answer, sizeof answer));
    } else {
      start_call(socket);
    }
  }
  int opcode;
  char *payload;
  size_t length, frame;
  while ((frame = websocket_next(socket->in + used, socket->have - used, &opcode, &payload, &length)) > 0) {
    if (opcode == 1) take_text(socket, payload, length);
    used += frame;
  }
  memmove(socket->in, socket->in + used, socket->have - used);
  socket->have -= used;
}

static void watch(Socket *socket) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket};
  int one = 1;
  setsockopt(socket->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(socket->descriptor, F_SETFL, O_NONBLOCK);
  epoll_ctl(poller, EPOLL_CTL_ADD, socket->descriptor, &event);
}

static void poll_once(int milliseconds) {
  struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, milliseconds);
  for (int i = 0; i < count; i++) {
    Socket *socket = events[i].data.ptr;
    if (socket) {
      take_bytes(socket);
      continue;
    }
    socket = calloc(1, sizeof *socket);
    socket->is_engine = 1;
    socket->descriptor = accept(engine_listener, NULL, NULL);
    if (socket->descriptor < 0) fail("accept");
    watch(socket);
  }
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(descriptor, (void *)&address, sizeof address)) fail("connect");
  return descriptor;
}

static Socket *call(int number, int port) {
  Socket *socket = calloc(1, sizeof *socket);
  socket->descriptor = connect_to(port);
  snprintf(socket->stream_id, sizeof socket->stream_id, "MZ%032x", number);
  watch(socket);
  const char *request =
      "GET /media HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  write_all(socket, request, strlen(request));
  for (int i = 0; i < 500 && !socket->is_open; i++) poll_once(10);
  if (!socket->is_open) fail("a call did not start");
  return socket;
}

static int ascending(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

static double percentile(int direction, double share) {
  size_t count = sample_count[direction];
  return count ? samples[direction][(size_t)((double)count * share)] / 1000.0 : -1;
}

int main(int count, char **arguments) {
  if (count != 6) return 64;
  int calls = atoi(arguments[1]), relay = atoi(arguments[5]), one = 1;
  double seconds = atof(arguments[2]);
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  memset(filler, 'b', 200);
  for (int i = 0; i < DIRECTIONS; i++) samples[i] = malloc(samples_at_most * sizeof(uint32_t));
  poller = epoll_create1(0);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[4]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  engine_listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(engine_listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(engine_listener, (void *)&address, sizeof address) || listen(engine_listener, 1024)) fail("bind");
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(poller, EPOLL_CTL_ADD, engine_listener, &event);

  Socket **sockets = calloc((size_t)calls, sizeof *sockets);
  for (int i = 0; i < calls; i++) sockets[i] = call(i + 1, atoi(arguments[3]));

  // One second to warm up, then `seconds` that count.
  uint64_t start = now(CLOCK_MONOTONIC), sent = 0, measured_from = 0, cpu = 0;
  uint64_t end = start + (uint64_t)((seconds + 1) * 1e9);
  double interval = 20e6 / calls;
  for (;;) {
    uint64_t time = now(CLOCK_MONOTONIC);
    if (!measuring && time - start > 1000000000u) {
      measuring = 1;
      measured_from = time;
      cpu = cpu_of(relay);
    }
    if (time > end) break;
    uint64_t due = (uint64_t)((double)(time - start) / interval);
    for (int burst = 0; sent < due && burst < 64; burst++) send_media(sockets[sent++ % (uint64_t)calls]);
    int64_t wait = (int64_t)(start + (uint64_t)((double)(sent + 1) * interval)) - (int64_t)now(CLOCK_MONOTONIC);
    poll_once(wait > 1000000 ? 1 : 0);
    if (wait > 60000 && wait <= 1000000) {
      struct timespec pause = {0, wait > 200000 ? 150000 : 50000};
      nanosleep(&pause, NULL);
    }
  }
  double elapsed = (double)(now(CLOCK_MONOTONIC) - measured_from) / 1e9;
  double used = (double)(cpu_of(relay) - cpu) / 1e6;
  for (int i = 0; i < DIRECTIONS; i++) qsort(samples[i], sample_count[i], sizeof(uint32_t), ascending);
  printf("calls %d  frames/s up %.0f down %.0f of %d  relay CPU %.2f ms per call-second  up p50 %.2f p99 %.2f ms  "
         "down p50 %.2f p99 %.2f ms\n",
         calls, (double)sample_count[UP] / elapsed, (double)sample_count[DOWN] / elapsed, calls * 50,
         used / elapsed / calls, percentile(UP, 0.5), percentile(UP, 0.99), percentile(DOWN, 0.5),
         percentile(DOWN, 0.99));
  return 0;
}
