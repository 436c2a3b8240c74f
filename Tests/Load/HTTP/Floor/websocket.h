// The few pieces of RFC 6455 that both the relay floor and the two ends need.
#pragma once

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Writes the answer to an upgrade request; returns its length.
static inline int websocket_accept(const char *request, char *answer, size_t room) {
  char key[128] = "", text[64];
  const char *field = strcasestr(request, "Sec-WebSocket-Key:");
  if (field) sscanf(field + 18, " %40s", key);
  strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length;
  EVP_Digest(key, strlen(key), digest, &length, EVP_sha1(), NULL);
  EVP_EncodeBlock((unsigned char *)text, digest, (int)length);
  return snprintf(answer, room,
                  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: %s\r\n\r\n", text);
}

static inline void websocket_mask(char *bytes, size_t count, uint32_t key) {
  uint64_t wide = (uint64_t)key << 32 | key;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t value;
    memcpy(&value, bytes + i, 8);
    value ^= wide;
    memcpy(bytes + i, &value, 8);
  }
  for (; i < count; i++) bytes[i] ^= ((char *)&key)[i & 3];
}

// Puts a text frame's header before `payload`, which has 8 bytes of room there, and masks it unless `key` is zero.
// Returns where the frame starts.
static inline char *websocket_frame(char *payload, size_t count, uint32_t key) {
  size_t header = (count < 126 ? 2 : 4) + (key ? 4 : 0);
  char *frame = payload - header;
  frame[0] = (char)0x81;
  if (count < 126) {
    frame[1] = (char)count;
  } else {
    frame[1] = 126;
    frame[2] = (char)(count >> 8);
    frame[3] = (char)count;
  }
  if (key) {
    frame[1] |= (char)0x80;
    memcpy(payload - 4, &key, 4);
    websocket_mask(payload, count, key);
  }
  return frame;
}

// The first whole frame in `bytes`, unmasked in place. Returns its length, or 0 when more must come.
static inline size_t websocket_next(char *bytes, size_t count, int *opcode, char **payload, size_t *length) {
  unsigned char *frame = (unsigned char *)bytes;
  if (count < 2) return 0;
  size_t size = frame[1] & 127, header = 2;
  int masked = frame[1] >> 7;
  if (size == 126) {
    if (count < 4) return 0;
    size = (size_t)frame[2] << 8 | frame[3];
    header = 4;
  }
  if (count < header + size + 4 * masked) return 0;
  if (masked) {
    uint32_t key;
    memcpy(&key, frame + header, 4);
    header += 4;
    websocket_mask(bytes + header, size, key);
  }
  *opcode = frame[0] & 15;
  *payload = bytes + header;
  *length = size;
  return header + size;
}
