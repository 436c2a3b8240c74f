// relay PORT ENGINE_PORT: passes audio between a telephony socket and a voice engine's, on nng's TCP streams with framing
// of its own. The floor for http-benchmark relay: all happens in the read callback, and a write is waited for there,
// which is only safe while the other end keeps reading. A floor, not a design.

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <stdlib.h>
#include <unistd.h>

#include "websocket.h"

typedef struct Socket {
  nng_stream *stream;
  nng_aio *reading, *writing;
  nng_mtx *lock;
  int is_engine, is_open;
  struct Socket *peer;
  char stream_id[40];
  size_t have;
  char in[16384];
} Socket;

typedef struct Dial {
  Socket *caller;
  nng_aio *aio;
} Dial;

static nng_stream_dialer *dialer;
static nng_stream_listener *listener;
static nng_aio *accepting;

static void check(int result, const char *what) {
  if (result != 0) {
    fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
    exit(1);
  }
}

static void write_all(Socket *socket, const char *bytes, size_t count) {
  nng_mtx_lock(socket->lock);
  while (count > 0) {
    nng_iov vector = {(void *)bytes, count};
    nng_aio_set_iov(socket->writing, 1, &vector);
    nng_stream_send(socket->stream, socket->writing);
    nng_aio_wait(socket->writing);
    if (nng_aio_result(socket->writing) != 0) break;
    bytes += nng_aio_count(socket->writing);
    count -= nng_aio_count(socket->writing);
  }
  nng_mtx_unlock(socket->lock);
}

static void read_more(Socket *socket) {
  nng_iov vector = {socket->in + socket->have, sizeof socket->in - socket->have};
  nng_aio_set_iov(socket->reading, 1, &vector);
  nng_stream_recv(socket->stream, socket->reading);
}

// The string that follows `key`, up to its closing quote.
static char *value(char *text, size_t count, const char *key, size_t *length) {
  char *found = memmem(text, count, key, strlen(key));
  if (!found) return NULL;
  found += strlen(key);
  char *end = memchr(found, '"', (size_t)(text + count - found));
  if (!end) return NULL;
  *length = (size_t)(end - found);
  return found;
}

static void relay(Socket *socket, char *text, size_t count) {
  char buffer[4096], *out = buffer + 8;
  size_t length;
  Socket *peer = socket->peer;
  if (!peer) return;
  if (socket->is_engine) {
    char *audio = value(text, count, "\"delta\":\"", &length);
    if (!audio) return;
    int n = snprintf(out, sizeof buffer - 8, "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"%.*s\"}}",
                     peer->stream_id, (int)length, audio);
    char *frame = websocket_frame(out, (size_t)n, 0);
    write_all(peer, frame, (size_t)(out + n - frame));
    return;
  }
  char *audio = value(text, count, "\"payload\":\"", &length);
  if (audio) {
    if (!peer->is_open) return;
    int n = snprintf(out, sizeof buffer - 8, "{\"type\":\"input_audio_buffer.append\",\"audio\":\"%.*s\"}",
                     (int)length, audio);
    char *frame = websocket_frame(out, (size_t)n, nng_random() | 1);
    write_all(peer, frame, (size_t)(out + n - frame));
    return;
  }
  char *id = value(text, count, "\"streamSid\":\"", &length);
  if (id && length < sizeof socket->stream_id) {
    memcpy(socket->stream_id, id, length);
    socket->stream_id[length] = 0;
  }
}

static void did_read(void *context) {
  Socket *socket = context;
  if (nng_aio_result(socket->reading) != 0) {
    if (socket->peer) nng_stream_close(socket->peer->stream);
    return;
  }
  socket->have += nng_aio_count(socket->reading);
  size_t used = 0;
  if (!socket->is_open) {
    char *end = memmem(socket->in, socket->have, "\r\n\r\n", 4);
    if (!end) return read_more(socket);
    used = (size_t)(end + 4 - socket->in);
    socket->is_open = 1;
    if (!socket->is_engine) {
      char answer[512];
      *end = 0;
      write_all(socket, answer, (size_t)websocket_accept(socket->in, answer, sizeof answer));
    }
  }
  int opcode;
  char *payload;
  size_t length, frame;
  while ((frame = websocket_next(socket->in + used, socket->have - used, &opcode, &payload, &length)) > 0) {
    if (opcode == 1) relay(socket, payload, length);
    used += frame;
  }
  memmove(socket->in, socket->in + used, socket->have - used);
  socket->have -= used;
  read_more(socket);
}

static Socket *adopt(nng_stream *stream, int is_engine) {
  Socket *socket = calloc(1, sizeof *socket);
  socket->stream = stream;
  socket->is_engine = is_engine;
  check(nng_mtx_alloc(&socket->lock), "lock");
  check(nng_aio_alloc(&socket->reading, did_read, socket), "aio");
  check(nng_aio_alloc(&socket->writing, NULL, NULL), "aio");
  nng_stream_set_bool(stream, NNG_OPT_TCP_NODELAY, true);
  return socket;
}

static void did_dial(void *context) {
  Dial *dial = context;
  check(nng_aio_result(dial->aio), "dial");
  Socket *engine = adopt(nng_aio_get_output(dial->aio, 0), 1);
  engine->peer = dial->caller;
  dial->caller->peer = engine;
  const char *request =
      "GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  write_all(engine, request, strlen(request));
  read_more(engine);
  read_more(dial->caller);
}

static void did_accept(void *context) {
  (void)context;
  check(nng_aio_result(accepting), "accept");
  Dial *dial = calloc(1, sizeof *dial);
  dial->caller = adopt(nng_aio_get_output(accepting, 0), 0);
  check(nng_aio_alloc(&dial->aio, did_dial, dial), "aio");
  nng_stream_dialer_dial(dialer, dial->aio);
  nng_stream_listener_accept(listener, accepting);
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  char url[64];
  snprintf(url, sizeof url, "tcp://127.0.0.1:%s", arguments[2]);
  check(nng_stream_dialer_alloc(&dialer, url), url);
  snprintf(url, sizeof url, "tcp://127.0.0.1:%s", arguments[1]);
  check(nng_stream_listener_alloc(&listener, url), url);
  check(nng_aio_alloc(&accepting, did_accept, NULL), "aio");
  check(nng_stream_listener_listen(listener), url);
  nng_stream_listener_accept(listener, accepting);
  for (;;) pause();
}
