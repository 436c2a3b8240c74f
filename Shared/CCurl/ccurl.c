#define _GNU_SOURCE
#include "ccurl.h"

#include <pthread.h>

CURLcode ccurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_write(CURL *handle, ccurl_data_callback callback, void *context) {
  CURLcode result = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
  return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

CURLcode ccurl_set_header(CURL *handle, ccurl_data_callback callback, void *context) {
  CURLcode result = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
  return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

CURLcode ccurl_set_prerequest(CURL *handle, ccurl_prerequest_callback callback, void *context) {
  CURLcode result = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
  return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_PREREQDATA, context);
}

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

size_t ccurl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }

void ccurl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
