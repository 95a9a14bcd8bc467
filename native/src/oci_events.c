/* events: what a container uses, in the shape of runc's events, from its cgroup's files. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "commands.h"
#include "fd.h"
#include "oci.h"
#include "options.h"

/* One number of a file: "usage_usec 123" by its word, or the file's only one (word NULL). 0 where
 * it is missing; "max" and anything beyond 64 bits is the largest there is. */
static uint64_t number(int dirfd, const char *file, const char *word) {
  _cleanup_free_ char *text = dirfd < 0 ? NULL : cor_read_file(dirfd, file, 65536, NULL, NULL);
  const char *at = text;
  size_t length = word ? strlen(word) : 0;
  while (at && word && (strncmp(at, word, length) != 0 || at[length] != ' '))
    at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
  if (!at)
    return 0;
  at += word ? length + 1 : 0;
  return strncmp(at, "max", 3) == 0 ? UINT64_MAX : strtoull(at, NULL, 10);
}

static void add(struct json_object *object, const char *key, uint64_t value) {
  json_object_object_add(object, key, json_object_new_uint64(value));
}

static struct json_object *cpu_stats(const struct cor_cgroup *cgroup) {
  struct json_object *cpu = json_object_new_object(), *usage = json_object_new_object(),
                     *throttling = json_object_new_object();
  int dir = cor_cgroup_dir(cgroup, "cpu"), account = cor_cgroup_dir(cgroup, "cpuacct");
  bool unified = cgroup->version == 2;
  if (unified) {
    add(usage, "total", number(dir, "cpu.stat", "usage_usec") * 1000);
    add(usage, "kernel", number(dir, "cpu.stat", "system_usec") * 1000);
    add(usage, "user", number(dir, "cpu.stat", "user_usec") * 1000);
  } else {
    add(usage, "total", number(account, "cpuacct.usage", NULL));
    add(usage, "kernel", number(account, "cpuacct.usage_sys", NULL));
    add(usage, "user", number(account, "cpuacct.usage_user", NULL));
  }
  add(throttling, "periods", number(dir, "cpu.stat", "nr_periods"));
  add(throttling, "throttledPeriods", number(dir, "cpu.stat", "nr_throttled"));
  add(throttling, "throttledTime",
      unified ? number(dir, "cpu.stat", "throttled_usec") * 1000
              : number(dir, "cpu.stat", "throttled_time"));
  json_object_object_add(cpu, "usage", usage);
  json_object_object_add(cpu, "throttling", throttling);
  return cpu;
}

static struct json_object *memory_stats(const struct cor_cgroup *cgroup) {
  struct json_object *memory = json_object_new_object(), *usage = json_object_new_object();
  int dir = cor_cgroup_dir(cgroup, "memory");
  bool unified = cgroup->version == 2;
  add(usage, "limit", number(dir, unified ? "memory.max" : "memory.limit_in_bytes", NULL));
  add(usage, "usage", number(dir, unified ? "memory.current" : "memory.usage_in_bytes", NULL));
  add(usage, "max", number(dir, unified ? "memory.peak" : "memory.max_usage_in_bytes", NULL));
  add(usage, "failcnt",
      unified ? number(dir, "memory.events", "max") : number(dir, "memory.failcnt", NULL));
  json_object_object_add(memory, "usage", usage);
  add(memory, "cache", number(dir, "memory.stat", unified ? "file" : "total_cache"));
  return memory;
}

static struct json_object *stats(const struct cor_cgroup *cgroup) {
  struct json_object *data = json_object_new_object(), *pids = json_object_new_object();
  int dir = cor_cgroup_dir(cgroup, "pids");
  uint64_t limit = number(dir, "pids.max", NULL);
  add(pids, "current", number(dir, "pids.current", NULL));
  add(pids, "limit", limit == UINT64_MAX ? 0 : limit);
  json_object_object_add(data, "cpu", cpu_stats(cgroup));
  json_object_object_add(data, "memory", memory_stats(cgroup));
  json_object_object_add(data, "pids", pids);
  return data;
}

static void print_event(const char *id, const char *type, struct json_object *data) {
  struct json_object *event = json_object_new_object();
  json_object_object_add(event, "type", json_object_new_string(type));
  json_object_object_add(event, "id", json_object_new_string(id));
  if (data)
    json_object_object_add(event, "data", data);
  puts(json_object_to_json_string_ext(event,
                                      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
  fflush(stdout);
  json_object_put(event);
}

/* "5s", "500ms", "1m"; a number alone is seconds. -1 where it is none of them. */
static int parse_interval_ms(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  long unit = strcmp(end, "ms") == 0           ? 1
              : !*end || strcmp(end, "s") == 0 ? 1000
              : strcmp(end, "m") == 0          ? 60000
                                               : 0;
  return end == text || !unit || value <= 0 || value > 86400000 / unit ? -1 : (int)(value * unit);
}

/* One line each interval until the container ends, and one for each kill for want of memory. */
static void follow(const struct cor_oci_state *state, const struct cor_cgroup *cgroup,
                   int interval_ms) {
  _cleanup_close_ int pidfd = cor_oci_pidfd(state);
  struct pollfd end = {.fd = pidfd, .events = POLLIN};
  bool unified = cgroup->version == 2;
  int dir = cor_cgroup_dir(cgroup, "memory");
  const char *file = unified ? "memory.events" : "memory.oom_control";
  uint64_t kills = number(dir, file, "oom_kill");
  while (pidfd >= 0 && poll(&end, 1, interval_ms) == 0) {
    uint64_t now = number(dir, file, "oom_kill");
    for (; kills < now; kills++)
      print_event(state->id, "oom", NULL);
    print_event(state->id, "stats", stats(cgroup));
  }
}

int cor_cmd_events(int argc, char **argv) {
  static struct cor_oci_state state;
  static struct cor_cgroup cgroup;
  const char *interval = "5s";
  bool once = false;
  struct cor_err err;
  const struct cor_option table[] = {{"interval", 0, COR_OPTION_TEXT, &interval},
                                     {"stats", 0, COR_OPTION_FLAG, &once}};
  int at = COR_OPTIONS(argc, argv, table);
  int interval_ms = parse_interval_ms(interval);
  if (at < 0 || at + 1 != argc || interval_ms < 0) {
    fprintf(stderr, "usage: coracle-runtime events [--stats] [--interval 5s] ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0 || cor_cgroup_find(&cgroup, state.spec, &err) < 0)
    return cor_oci_fail(&err, 1);
  if (strcmp(cor_oci_status(&state), "stopped") == 0) {
    cor_fail(&err, 0, "events", argv[at], "the container is stopped");
    return cor_oci_fail(&err, 1);
  }
  cor_cgroup_open(&cgroup);
  if (once)
    print_event(state.id, "stats", stats(&cgroup));
  else
    follow(&state, &cgroup, interval_ms);
  cor_cgroup_close(&cgroup);
  return 0;
}
