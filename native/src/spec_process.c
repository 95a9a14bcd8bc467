/* config.json: process. */
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#include "caps.h"
#include "spec_parts.h"

/* SCHED_* of the kernel; glibc's <sched.h> would define struct sched_param a second time. */
static const struct {
  const char *name;
  uint32_t policy;
} policies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},       {"SCHED_BATCH", 3},
    {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
};

static const struct {
  const char *name;
  uint64_t flag;
} sched_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

static const struct {
  const char *name;
  int resource;
} rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

static int parse_user(const struct cor_at *process_at, struct cor_process *process) {
  struct cor_at at, groups;
  int found = cor_get_object(process_at, "user", &at);
  if (found <= 0)
    return found;
  int64_t uid = 0, gid = 0, umask_value = 0, group = 0;
  if (cor_get_int(&at, "uid", 0, UINT32_MAX - 1, &uid) < 0 ||
      cor_get_int(&at, "gid", 0, UINT32_MAX - 1, &gid) < 0)
    return -1;
  found = cor_get_int(&at, "umask", 0, 0777, &umask_value);
  if (found < 0)
    return -1;
  process->uid = (uid_t)uid;
  process->gid = (gid_t)gid;
  process->has_umask = found > 0;
  process->umask = (mode_t)umask_value;
  size_t count;
  if (cor_get_array(&at, "additionalGids", &groups, &count) < 0)
    return -1;
  if (count && !(process->groups = cor_spec_alloc(at.spec, count * sizeof(*process->groups))))
    return cor_at_fail(&at, "additionalGids", "out of memory");
  for (; process->group_count < count; process->group_count++) {
    struct json_object *item = json_object_array_get_idx(groups.json, process->group_count);
    if (!json_object_is_type(item, json_type_int) || (group = json_object_get_int64(item)) < 0 ||
        group > UINT32_MAX - 1)
      return cor_at_fail(&at, "additionalGids", "element %zu must be a group id",
                         process->group_count);
    process->groups[process->group_count] = (gid_t)group;
  }
  return 1;
}

static int parse_capability_set(const struct cor_at *at, const char *key, uint64_t *set) {
  struct cor_at array;
  size_t count;
  if (cor_get_array(at, key, &array, &count) < 0)
    return -1;
  for (size_t i = 0; i < count; i++) {
    const char *name;
    if (cor_get_element_string(&array, i, &name) < 0)
      return -1;
    int number = cor_cap_number(name);
    /* The specification asks to warn about, not to fail on, a name that the kernel does not know; a
     * name that is no capability at all is an error. */
    if (number < 0)
      return cor_at_fail(at, key, "\"%s\" is not a capability", name);
    *set |= UINT64_C(1) << number;
  }
  return 1;
}

static int parse_capabilities(const struct cor_at *process_at, struct cor_caps *caps) {
  struct cor_at at;
  int found = cor_get_object(process_at, "capabilities", &at);
  if (found <= 0)
    return found;
  caps->present = true;
  if (parse_capability_set(&at, "bounding", &caps->bounding) < 0 ||
      parse_capability_set(&at, "effective", &caps->effective) < 0 ||
      parse_capability_set(&at, "inheritable", &caps->inheritable) < 0 ||
      parse_capability_set(&at, "permitted", &caps->permitted) < 0 ||
      parse_capability_set(&at, "ambient", &caps->ambient) < 0)
    return -1;
  return 1;
}

static int parse_rlimits(const struct cor_at *process_at, struct cor_process *process) {
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(process_at, "rlimits", &array, &count) < 0)
    return -1;
  if (count &&
      !(process->rlimits = cor_spec_alloc(process_at->spec, count * sizeof(*process->rlimits))))
    return cor_at_fail(process_at, "rlimits", "out of memory");
  for (; process->rlimit_count < count; process->rlimit_count++) {
    struct cor_rlimit *rlimit = &process->rlimits[process->rlimit_count];
    uint64_t soft = 0, hard = 0;
    if (cor_get_element(&array, process->rlimit_count, &at) < 0 ||
        cor_get_string(&at, "type", &rlimit->name) < 0)
      return -1;
    rlimit->resource = -1;
    for (size_t i = 0; rlimit->name && i < sizeof(rlimit_names) / sizeof(*rlimit_names); i++)
      if (strcmp(rlimit->name, rlimit_names[i].name) == 0)
        rlimit->resource = rlimit_names[i].resource;
    if (rlimit->resource < 0)
      return cor_at_fail(&at, "type", "\"%s\" is not a resource limit",
                         rlimit->name ? rlimit->name : "");
    for (size_t i = 0; i < process->rlimit_count; i++)
      if (process->rlimits[i].resource == rlimit->resource)
        return cor_at_fail(&at, "type", "\"%s\" stands here twice", rlimit->name);
    if (cor_get_uint(&at, "soft", &soft) < 0 || cor_get_uint(&at, "hard", &hard) < 0)
      return -1;
    if (soft > hard)
      return cor_at_fail(&at, "soft", "is above the hard limit");
    rlimit->limit = (struct rlimit){.rlim_cur = soft, .rlim_max = hard};
  }
  return 1;
}

static int parse_io_priority(const struct cor_at *process_at, struct cor_process *process) {
  struct cor_at at;
  const char *name = NULL;
  int64_t priority = 0;
  int found = cor_get_object(process_at, "ioPriority", &at);
  if (found <= 0)
    return found;
  if (cor_get_string(&at, "class", &name) < 0 || cor_get_int(&at, "priority", 0, 7, &priority) < 0)
    return -1;
  int class;
  if (name && strcmp(name, "IOPRIO_CLASS_RT") == 0)
    class = IOPRIO_CLASS_RT;
  else if (name && strcmp(name, "IOPRIO_CLASS_BE") == 0)
    class = IOPRIO_CLASS_BE;
  else if (name && strcmp(name, "IOPRIO_CLASS_IDLE") == 0)
    class = IOPRIO_CLASS_IDLE;
  else
    return cor_at_fail(&at, "class", "\"%s\" is not an I/O class", name ? name : "");
  process->has_io_priority = true;
  process->io_priority = IOPRIO_PRIO_VALUE(class, (int)priority);
  return 1;
}

static int parse_scheduler(const struct cor_at *process_at, struct cor_process *process) {
  struct cor_at at, array;
  const char *name = NULL;
  size_t count;
  int64_t nice = 0, priority = 0;
  int found = cor_get_object(process_at, "scheduler", &at);
  if (found <= 0)
    return found;
  if (cor_get_string(&at, "policy", &name) < 0 || cor_get_int(&at, "nice", -20, 19, &nice) < 0 ||
      cor_get_int(&at, "priority", 0, 99, &priority) < 0 ||
      cor_get_uint(&at, "runtime", &process->scheduler.runtime) < 0 ||
      cor_get_uint(&at, "deadline", &process->scheduler.deadline) < 0 ||
      cor_get_uint(&at, "period", &process->scheduler.period) < 0 ||
      cor_get_array(&at, "flags", &array, &count) < 0)
    return -1;
  bool known = false;
  for (size_t i = 0; name && i < sizeof(policies) / sizeof(*policies); i++)
    if (strcmp(name, policies[i].name) == 0) {
      process->scheduler.policy = policies[i].policy;
      known = true;
    }
  if (!known)
    return cor_at_fail(&at, "policy", "\"%s\" is not a scheduling policy", name ? name : "");
  for (size_t i = 0; i < count; i++) {
    uint64_t flag = 0;
    if (cor_get_element_string(&array, i, &name) < 0)
      return -1;
    for (size_t j = 0; j < sizeof(sched_flags) / sizeof(*sched_flags); j++)
      if (strcmp(name, sched_flags[j].name) == 0)
        flag = sched_flags[j].flag;
    if (!flag)
      return cor_at_fail(&at, "flags", "\"%s\" is not a scheduling flag", name);
    process->scheduler.flags |= flag;
  }
  process->has_scheduler = true;
  process->scheduler.nice = (int32_t)nice;
  process->scheduler.priority = (uint32_t)priority;
  return 1;
}

static int parse_console_size(const struct cor_at *process_at, struct cor_process *process) {
  struct cor_at at;
  int64_t rows = 0, columns = 0;
  int found = cor_get_object(process_at, "consoleSize", &at);
  if (found <= 0)
    return found;
  if (cor_get_int(&at, "height", 0, USHRT_MAX, &rows) < 0 ||
      cor_get_int(&at, "width", 0, USHRT_MAX, &columns) < 0)
    return -1;
  process->rows = (unsigned short)rows;
  process->columns = (unsigned short)columns;
  return 1;
}

int cor_parse_process(const struct cor_at *at, struct cor_process *process) {
  static const char *const none[] = {NULL};
  int64_t oom = 0;
  process->env = none;
  if (cor_get_bool(at, "terminal", &process->terminal) < 0 || parse_console_size(at, process) < 0 ||
      parse_user(at, process) < 0 || cor_get_strings(at, "args", &process->args) < 0 ||
      cor_get_strings(at, "env", &process->env) < 0 ||
      cor_get_string(at, "cwd", &process->cwd) < 0 || parse_capabilities(at, &process->caps) < 0 ||
      parse_rlimits(at, process) < 0 ||
      cor_get_bool(at, "noNewPrivileges", &process->no_new_privileges) < 0 ||
      cor_get_string(at, "apparmorProfile", &process->apparmor) < 0 ||
      cor_get_string(at, "selinuxLabel", &process->selinux) < 0 ||
      parse_io_priority(at, process) < 0 || parse_scheduler(at, process) < 0)
    return -1;
  int found = cor_get_int(at, "oomScoreAdj", -1000, 1000, &oom);
  if (found < 0)
    return -1;
  process->has_oom_score_adj = found > 0;
  process->oom_score_adj = (int)oom;
  if (process->apparmor && !*process->apparmor)
    process->apparmor = NULL;
  if (process->selinux && !*process->selinux)
    process->selinux = NULL;
  if (!process->cwd || process->cwd[0] != '/')
    return cor_at_fail(at, "cwd", "must be an absolute path");
  if (process->args && !process->args[0])
    return cor_at_fail(at, "args", "must not be empty");
  struct cor_at affinity;
  found = cor_get_object(at, "execCPUAffinity", &affinity);
  if (found != 0)
    return found < 0 ? -1 : cor_at_fail(at, "execCPUAffinity", "is not supported");
  return 1;
}
