// http PORT: nng's own HTTP server with the least that can be called an answer. The floor for http-benchmark serve.
// A posted form is received whole, but not looked at.

#include <nng/nng.h>
#include <nng/supplemental/http/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void check(int result, const char *what) {
  if (result != 0) {
    fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
    exit(1);
  }
}

static void hook(nng_aio *aio) {
  nng_http_res *response;
  check(nng_http_res_alloc(&response), "response");
  nng_http_res_set_header(response, "Content-Type", "text/plain");
  nng_http_res_copy_data(response, "ok", 2);
  nng_aio_set_output(aio, 0, response);
  nng_aio_finish(aio, 0);
}

int main(int count, char **arguments) {
  if (count != 2) return 64;
  char address[64];
  snprintf(address, sizeof address, "http://127.0.0.1:%s", arguments[1]);
  nng_url *url;
  nng_http_server *server;
  nng_http_handler *get, *post;
  check(nng_url_parse(&url, address), "url");
  check(nng_http_server_hold(&server, url), "server");
  check(nng_http_handler_alloc(&get, "/hook", hook), "handler");
  check(nng_http_server_add_handler(server, get), "handler");
  check(nng_http_handler_alloc(&post, "/hook", hook), "handler");
  check(nng_http_handler_set_method(post, "POST"), "handler");
  check(nng_http_handler_collect_body(post, true, 65536), "handler");
  check(nng_http_server_add_handler(server, post), "handler");
  check(nng_http_server_start(server), address);
  for (;;) pause();
}
