#pragma once

// libcurl without what Swift cannot call: its setters and getters are variadic, and its global set-up must happen once.

#include <curl/curl.h>

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_prerequest_callback)(
    void *context, char *remote_address, char *local_address, int remote_port, int local_port);

CURLcode ccurl_global_init(void);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_write(CURL *handle, ccurl_data_callback callback, void *context);
CURLcode ccurl_set_header(CURL *handle, ccurl_data_callback callback, void *context);
CURLcode ccurl_set_prerequest(CURL *handle, ccurl_prerequest_callback callback, void *context);

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);

// CURLMsg's union, which Swift imports without names that say which member holds.
CURLcode ccurl_message_result(const CURLMsg *message);

// Macros that Swift does not import.
size_t ccurl_write_pause(void);

/// Names the calling thread, for debuggers; at most 15 characters.
void ccurl_name_thread(const char *name);
