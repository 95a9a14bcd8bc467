/* shim.json (docs/on-disk-layout.md), parsed and checked. */
#ifndef COR_SHIMSPEC_H
#define COR_SHIMSPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"
#include "err.h"
#include "net.h"

enum cor_net_mode { COR_NET_BRIDGE, COR_NET_HOST, COR_NET_NONE, COR_NET_JOIN };
enum cor_restart_policy {
  COR_RESTART_NO,
  COR_RESTART_ALWAYS,
  COR_RESTART_UNLESS_STOPPED,
  COR_RESTART_ON_FAILURE
};

/* An endpoint with its names in the network's zone. */
struct cor_shim_endpoint {
  struct cor_endpoint net;
  const char *zone;         /* folder */
  bool has_rules;           /* the network is a bridge of ours: */
  struct cor_network rules; /* what nf_tables has of it */
  const char *const *names; /* NULL-terminated */
};

struct cor_shim_spec {
  const char *id, *name;
  const char *runtime; /* absolute path of another OCI runtime; NULL: this one */
  bool has_overlay;
  struct cor_overlay overlay;
  bool tty, stdin_open, stdin_once;
  bool dies_with_client; /* a step of a build: nobody else would ever end it */

  enum cor_net_mode mode;
  const char *join_container;
  const char *table; /* of nf_tables */
  struct cor_shim_endpoint *endpoints;
  size_t endpoint_count;
  struct cor_port *ports;
  size_t port_count;
  bool has_resolver;
  const char *const *upstreams;
  const char *const *hosts; /* address, name, …: names of the host itself */
  const char *project;      /* of compose, or NULL: names of its own come first */

  bool has_log;
  const char *log_path;
  int64_t log_max_size; /* 0: no rotation */
  int log_max_files;
  bool log_compress;

  enum cor_restart_policy restart;
  int restart_max;           /* 0: no limit */
  int64_t restart_delay_ms;  /* -1: a pause that grows */
  int64_t restart_window_ms; /* a run of this length was none that failed; -1: not asked for */

  bool has_health;
  const char *const *health_test; /* argv, CMD-SHELL already turned into sh -c */
  int64_t health_interval_ms, health_timeout_ms, health_start_period_ms, health_start_interval_ms;
  int health_retries;

  int stop_signal;
  int64_t stop_timeout_ms;

  const char *events; /* path or NULL */
  char *labels_json;  /* the members of the labels object as JSON text, "" where there are none */

  struct json_object *json; /* owns the strings */
  void **blocks;            /* and everything else is in these */
  int block_count;
};

/* Reads <dir>/shim.json. The caller frees. */
struct cor_shim_spec *cor_shim_spec_load(const char *dir, struct cor_err *err);
void cor_shim_spec_free(struct cor_shim_spec *spec);

/* Folder of compiled system call filters, shared by all containers: <data>/containers/<id> →
 * <data>/seccomp. */
void cor_seccomp_cache(const char *dir, char *out, size_t size);

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3" → number; -1 where it is none. */
int cor_signal_number(const char *text);

#endif
