#pragma once
#include <protobuf-c/protobuf-c.h>

// What unset strings point at. Swift does not import arrays of unknown length.
static inline const char *_Nonnull cprotobuf_empty_string(void) { return protobuf_c_empty_string; }
