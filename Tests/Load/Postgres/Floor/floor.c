// What libpq gives a program in C: the floor that the Swift module is measured against.
//
//   floor ADDRESS select|update SECONDS              one prepared statement after the other
//   floor ADDRESS pipeline-select|pipeline-update DEPTH SECONDS   DEPTH statements, then a sync
//   floor ADDRESS copy ROWS                          binary COPY into an unlogged table
//
// Prints one line: name,per second,p50 µs,p99 µs,client CPU µs of one. For a pipeline the times are of the whole batch.
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(PGconn *c, const char *what) {
  fprintf(stderr, "%s: %s", what, PQerrorMessage(c));
  exit(1);
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static float latencies[4000000];
static size_t latencyCount;

static void note(double since) {
  if (latencyCount < sizeof latencies / sizeof *latencies) latencies[latencyCount++] = seconds(CLOCK_MONOTONIC) - since;
}

static void report(const char *name, double count, double start, double cpu) {
  double elapsed = seconds(CLOCK_MONOTONIC) - start;
  double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  qsort(latencies, latencyCount, sizeof *latencies, ascending);
  double p50 = latencyCount ? latencies[latencyCount / 2] * 1e6 : 0;
  double p99 = latencyCount ? latencies[(size_t)(latencyCount * .99)] * 1e6 : 0;
  printf("%s,%.0f,%.0f,%.0f,%.2f\n", name, count / elapsed, p50, p99, used * 1e6 / count);
}

static uint64_t randomState = 88172645463325252ull;
static uint64_t nextID(void) {
  randomState ^= randomState << 13;
  randomState ^= randomState >> 7;
  randomState ^= randomState << 17;
  return randomState % 100000 + 1;
}

// Reads the columns of a row as a program would, so that the work is the same as in Swift.
static uint64_t sink;
static void take(PGresult *r, int update) {
  if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1) {
    fprintf(stderr, "%s", PQresultErrorMessage(r));
    exit(1);
  }
  int64_t number;
  memcpy(&number, PQgetvalue(r, 0, 0), 8);
  sink += be64toh(number);
  if (!update)
    for (int column = 1; column < 4; column++) {
      char text[256];
      int length = PQgetlength(r, 0, column);
      memcpy(text, PQgetvalue(r, 0, column), length);
      sink += text[0] + length;
    }
  PQclear(r);
}

// Made beforehand: making text is not what is measured.
static struct { char phone[16], name[24], mail[40], company[24]; int a1, a2, a3, a4; } leads[10000];

static void copy(PGconn *c, long rows) {
  for (long i = 0; i < 10000; i++) {
    leads[i].a1 = sprintf(leads[i].phone, "+1%ld", 2000000000 + i);
    leads[i].a2 = sprintf(leads[i].name, "Lead %ld", i);
    leads[i].a3 = sprintf(leads[i].mail, "lead%ld@example.com", i);
    leads[i].a4 = sprintf(leads[i].company, "Company %ld", i % 5000);
  }
  PGresult *r = PQexec(c, "copy benchmark.staged from stdin (format binary)");
  if (PQresultStatus(r) != PGRES_COPY_IN) die(c, "copy");
  PQclear(r);
  double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  static char b[1 << 16];
  size_t n = 19;
  memcpy(b, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  for (long i = 0; i < rows; i++) {
    if (n > sizeof b - 1024) {
      if (PQputCopyData(c, b, n) != 1) die(c, "put");
      n = 0;
    }
    typeof(leads[0]) *l = leads + i % 10000;
    char *o = b + n;
    uint16_t fields = htons(10);
    memcpy(o, &fields, 2);
    o += 2;
#define PUT(p, n) do { uint32_t k = htonl(n); memcpy(o, &k, 4); memcpy(o + 4, p, n); o += 4 + (n); } while (0)
    uint64_t id = htobe64((uint64_t)i + 1), at = htobe64(822387600000000ull);
    uint32_t campaign = htonl((uint32_t)(i % 20));
    uint16_t priority = htons((uint16_t)(i % 10));
    PUT(&id, 8); PUT(&campaign, 4); PUT(l->phone, l->a1); PUT(l->name, l->a2);
    PUT(l->mail, l->a3); PUT(l->company, l->a4);
    PUT("America/New_York", 16); PUT(&priority, 2); PUT("csv-upload", 10); PUT(&at, 8);
    n = o - b;
  }
  memcpy(b + n, "\377\377", 2);
  if (PQputCopyData(c, b, n + 2) != 1 || PQputCopyEnd(c, NULL) != 1) die(c, "end");
  r = PQgetResult(c);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, "copy");
  PQclear(r);
  while ((r = PQgetResult(c))) PQclear(r);
  report("copy", rows, start, cpu);
}

int main(int count, char **words) {
  if (count < 4) return 64;
  PGconn *c = PQconnectdb(words[1]);
  if (PQstatus(c) != CONNECTION_OK) die(c, "connect");
  if (!strcmp(words[2], "copy")) {
    copy(c, atol(words[3]));
    return 0;
  }
  int update = strstr(words[2], "update") != NULL, piped = !strncmp(words[2], "pipeline", 8);
  int depth = piped ? atoi(words[3]) : 1;
  double limit = atof(words[piped ? 4 : 3]);
  Oid type = 20;
  PGresult *r = PQprepare(
      c, "s", update ? "update benchmark.counter set n = n + 1 where id = $1 returning n"
                     : "select id, phone, name, zone from benchmark.lead where id = $1", 1, &type);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) die(c, "prepare");
  PQclear(r);
  uint64_t id;
  const char *values[1] = {(char *)&id};
  int lengths[1] = {8}, formats[1] = {1};
  if (piped && !PQenterPipelineMode(c)) die(c, "pipeline");
  double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), begin = start;
  uint64_t done = 0;
  for (; (begin = seconds(CLOCK_MONOTONIC)) - start < limit; note(begin), done += depth) {
    if (!piped) {
      id = htobe64(nextID());
      take(PQexecPrepared(c, "s", 1, values, lengths, formats, 1), update);
      continue;
    }
    for (int i = 0; i < depth; i++) {
      id = htobe64(nextID());
      if (!PQsendQueryPrepared(c, "s", 1, values, lengths, formats, 1)) die(c, "send");
    }
    PQpipelineSync(c);
    for (int i = 0; i < depth; i++) {
      take(PQgetResult(c), update);
      PQgetResult(c);
    }
    PQclear(PQgetResult(c));
  }
  char name[64];
  snprintf(name, sizeof name, piped ? "%s-%d" : "%s", words[2], depth);
  report(name, done, start, cpu);
  return sink == 1;
}
