/* config.json, parsed: every field of the OCI runtime specification 1.2 for Linux that this runtime
 * honours.
 *
 * Fields it does not know are ignored, as the specification demands; fields that it knows and
 * cannot honour are errors that name their JSON path. Everything hangs on the cor_spec and is freed
 * with it.
 */
#ifndef COR_SPEC_H
#define COR_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "err.h"

/* Kinds of namespaces in the order in which they are joined: the user namespace first, as it gives
 * the rights over the others; the mount namespace last, as the paths of the others are looked up
 * outside. */
enum cor_ns_kind {
  COR_NS_USER,
  COR_NS_IPC,
  COR_NS_UTS,
  COR_NS_NET,
  COR_NS_PID,
  COR_NS_CGROUP,
  COR_NS_TIME,
  COR_NS_MOUNT,
  COR_NS_COUNT
};

struct cor_namespace {
  bool present;
  const char *path; /* NULL: a new one */
};

struct cor_idmap {
  uint32_t container_id, host_id, size;
};

struct cor_idmaps {
  struct cor_idmap *items;
  size_t count;
};

struct cor_mount {
  const char *destination, *type, *source; /* type and source may be NULL */
  const char *const *options;              /* NULL-terminated, never NULL */
  struct cor_idmaps uid_maps, gid_maps;    /* id-mapped mount where present */
};

struct cor_device {
  const char *path;
  char type; /* 'c', 'b', 'p' */
  int64_t major, minor;
  mode_t mode;
  uid_t uid;
  gid_t gid;
};

struct cor_hook {
  const char *path;
  const char *const *args; /* NULL: path alone */
  const char *const *env;  /* never NULL */
  int timeout_s;           /* 0: none */
};

struct cor_hooks {
  struct cor_hook *items;
  size_t count;
};

struct cor_pair {
  const char *key, *value;
};

struct cor_pairs {
  struct cor_pair *items;
  size_t count;
};

struct cor_rlimit {
  const char *name; /* "RLIMIT_NOFILE" */
  int resource;
  struct rlimit limit;
};

struct cor_caps {
  bool present;
  uint64_t bounding, effective, inheritable, permitted, ambient; /* bit n: capability number n */
};

struct cor_process {
  bool terminal;
  unsigned short rows, columns; /* 0: the kernel's */
  uid_t uid;
  gid_t gid;
  bool has_umask;
  mode_t umask;
  gid_t *groups;
  size_t group_count;
  const char *const *args; /* NULL where the spec has none (state and delete need none) */
  const char *const *env;
  const char *cwd;
  struct cor_caps caps;
  struct cor_rlimit *rlimits;
  size_t rlimit_count;
  bool no_new_privileges;
  bool has_oom_score_adj;
  int oom_score_adj;
  const char *apparmor, *selinux; /* NULL or non-empty */
  bool has_io_priority;
  int io_priority; /* as ioprio_set takes it */
  bool has_scheduler;
  struct {
    uint32_t policy, priority;
    int32_t nice;
    uint64_t flags, runtime, deadline, period;
  } scheduler;
};

struct cor_seccomp_arg {
  unsigned index;
  uint64_t value, value_two;
  int op; /* enum scmp_compare */
};

struct cor_seccomp_rule {
  const char *const *names;
  uint32_t action; /* SCMP_ACT_… */
  struct cor_seccomp_arg *args;
  size_t arg_count;
};

struct cor_seccomp {
  bool present;
  uint32_t default_action;
  uint32_t *archs; /* SCMP_ARCH_… */
  size_t arch_count;
  uint32_t flags; /* SECCOMP_FILTER_FLAG_… */
  const char *listener_path, *listener_metadata;
  struct cor_seccomp_rule *rules;
  size_t rule_count;
  uint64_t hash; /* of the section's text: the key of the compiled filter */
};

struct cor_device_rule {
  bool allow;
  char type;            /* 'a', 'b', 'c' */
  int64_t major, minor; /* -1: any */
  bool read, write, mknod;
};

struct cor_io_limit {
  int64_t major, minor;
  uint64_t value;
};

struct cor_io_limits {
  struct cor_io_limit *items;
  size_t count;
};

struct cor_hugepage_limit {
  const char *page_size;
  uint64_t limit;
};

/* A number that may be absent. */
struct cor_num {
  bool set;
  int64_t value;
};

struct cor_resources {
  struct cor_device_rule *devices;
  size_t device_count;
  struct {
    struct cor_num limit, reservation, swap, kernel, kernel_tcp, swappiness, disable_oom_killer,
        use_hierarchy;
  } memory;
  struct {
    struct cor_num shares, quota, burst, period, realtime_runtime, realtime_period, idle;
    const char *cpus, *mems;
  } cpu;
  struct cor_num pids_limit;
  struct {
    struct cor_num weight, leaf_weight;
    struct cor_io_limits weight_device, leaf_weight_device;
    struct cor_io_limits read_bps, write_bps, read_iops, write_iops;
  } block_io;
  struct cor_hugepage_limit *hugepages;
  size_t hugepage_count;
  struct cor_num class_id;
  struct cor_pairs priorities; /* interface → number */
  struct cor_pairs unified;    /* cgroup v2 file → value */
};

struct cor_spec {
  const char *oci_version;
  struct cor_process process;
  const char *root_path; /* NULL: none */
  bool root_readonly;
  const char *hostname, *domainname; /* NULL: not set */
  struct cor_mount *mounts;
  size_t mount_count;
  struct {
    struct cor_hooks prestart, create_runtime, create_container, start_container, poststart,
        poststop;
  } hooks;
  struct cor_pairs annotations;

  struct cor_namespace namespaces[COR_NS_COUNT];
  struct cor_idmaps uid_maps, gid_maps;
  struct cor_device *devices;
  size_t device_count;
  const char *cgroups_path; /* NULL: chosen by the caller */
  struct cor_resources resources;
  unsigned long rootfs_propagation; /* MS_SHARED, MS_SLAVE, … ; 0: not set */
  const char *const *masked_paths;
  const char *const *readonly_paths;
  const char *mount_label;
  struct cor_pairs sysctl;
  struct cor_seccomp seccomp;
  bool has_personality;
  unsigned long personality;
  struct cor_pairs time_offsets; /* clock → "seconds nanoseconds" */

  struct json_object *json; /* the strings above live in here */
  struct cor_block *blocks; /* and everything else in these */
};

/* Name in config.json ("network"), in /proc/PID/ns ("net"), and clone flag of each kind. */
struct cor_ns_name {
  const char *oci, *proc;
  int flag;
};
extern const struct cor_ns_name cor_ns_names[COR_NS_COUNT];

struct json_object;

/* Reads and parses `path`; NULL on failure. The caller frees with cor_spec_free. */
struct cor_spec *cor_spec_load(const char *path, struct cor_err *err);
/* Same from text. `name` is what messages call it. */
struct cor_spec *cor_spec_parse(const char *text, size_t size, const char *name,
                                struct cor_err *err);
/* Parses an OCI process object alone, for `exec --process`; it lives as long as `spec`. */
int cor_spec_parse_process(struct cor_spec *spec, const char *text, size_t size,
                           struct cor_process *process, struct cor_err *err);
/* Parses an OCI linux.resources object; its strings live as long as `json` and `spec`. */
int cor_spec_parse_resources(struct cor_spec *spec, struct json_object *json,
                             struct cor_resources *resources, struct cor_err *err);
void cor_spec_free(struct cor_spec *spec);

/* Zeroed memory that is freed with the spec; NULL when there is none left. */
void *cor_spec_alloc(struct cor_spec *spec, size_t size);

#endif
