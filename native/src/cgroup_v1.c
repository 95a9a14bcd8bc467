/* Limits in cgroup version 1 (Documentation/admin-guide/cgroup-v1). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "fd.h"

static int write_if(int dirfd, const char *file, const struct cor_num *num, struct cor_err *err) {
  return num->set ? cor_cgroup_write_num(dirfd, file, num->value, err) : 0;
}

static int need(const struct cor_cgroup *cgroup, const char *controller, bool wanted, int *dirfd,
                struct cor_err *err) {
  *dirfd = cor_cgroup_dir(cgroup, controller);
  if (*dirfd < 0 && wanted)
    return cor_fail(err, ENOENT, "cgroup", controller,
                    "the limit needs this controller, which is not mounted");
  return 0;
}

static int limit_memory(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                        struct cor_err *err) {
  int dir;
  bool limit = r->memory.limit.set && r->memory.limit.value != 0;
  bool swap = r->memory.swap.set && r->memory.swap.value != 0;
  bool wanted = limit || swap || r->memory.reservation.set || r->memory.kernel.set ||
                r->memory.kernel_tcp.set || r->memory.swappiness.set ||
                (r->memory.disable_oom_killer.set && r->memory.disable_oom_killer.value);
  if (!wanted)
    return 0;
  if (need(cgroup, "memory", wanted, &dir, err) < 0)
    return -1;
  /* The sum of memory and swap must never be below the memory limit, at no moment: it is raised
   * first and lowered last. A new cgroup has no limits, so the plain order holds; where it is
   * refused the limits are being raised. */
  if (limit && cor_cgroup_write_num(dir, "memory.limit_in_bytes", r->memory.limit.value, err) < 0) {
    if (!swap ||
        cor_cgroup_write_num(dir, "memory.memsw.limit_in_bytes", r->memory.swap.value, NULL) < 0 ||
        cor_cgroup_write_num(dir, "memory.limit_in_bytes", r->memory.limit.value, err) < 0)
      return -1;
  } else if (swap && cor_cgroup_write_num(dir, "memory.memsw.limit_in_bytes", r->memory.swap.value,
                                          err) < 0) {
    return -1;
  }
  if (write_if(dir, "memory.soft_limit_in_bytes", &r->memory.reservation, err) < 0 ||
      write_if(dir, "memory.kmem.limit_in_bytes", &r->memory.kernel, err) < 0 ||
      write_if(dir, "memory.kmem.tcp.limit_in_bytes", &r->memory.kernel_tcp, err) < 0 ||
      write_if(dir, "memory.swappiness", &r->memory.swappiness, err) < 0)
    return -1;
  if (r->memory.disable_oom_killer.set && r->memory.disable_oom_killer.value)
    return cor_cgroup_write(dir, "memory.oom_control", "1", err);
  return 0;
}

static int limit_cpu(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                     struct cor_err *err) {
  int dir;
  bool wanted = r->cpu.shares.set || r->cpu.quota.set || r->cpu.period.set || r->cpu.burst.set ||
                r->cpu.idle.set || r->cpu.realtime_period.set || r->cpu.realtime_runtime.set;
  if (need(cgroup, "cpu", wanted, &dir, err) < 0)
    return -1;
  if (r->cpu.shares.set && r->cpu.shares.value &&
      cor_cgroup_write_num(dir, "cpu.shares", r->cpu.shares.value, err) < 0)
    return -1;
  /* 0 stands for "not set" in these, as other runtimes read it. */
  if (r->cpu.period.set && r->cpu.period.value &&
      cor_cgroup_write_num(dir, "cpu.cfs_period_us", r->cpu.period.value, err) < 0)
    return -1;
  if (r->cpu.quota.set && r->cpu.quota.value &&
      cor_cgroup_write_num(dir, "cpu.cfs_quota_us", r->cpu.quota.value, err) < 0)
    return -1;
  if (write_if(dir, "cpu.cfs_burst_us", &r->cpu.burst, err) < 0 ||
      write_if(dir, "cpu.idle", &r->cpu.idle, err) < 0)
    return -1;
  if (r->cpu.realtime_period.set && r->cpu.realtime_period.value &&
      cor_cgroup_write_num(dir, "cpu.rt_period_us", r->cpu.realtime_period.value, err) < 0)
    return -1;
  if (r->cpu.realtime_runtime.set && r->cpu.realtime_runtime.value &&
      cor_cgroup_write_num(dir, "cpu.rt_runtime_us", r->cpu.realtime_runtime.value, err) < 0)
    return -1;
  return 0;
}

static int limit_cpuset(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                        struct cor_err *err) {
  int dir;
  bool cpus = r->cpu.cpus && *r->cpu.cpus, mems = r->cpu.mems && *r->cpu.mems;
  if (need(cgroup, "cpuset", cpus || mems, &dir, err) < 0)
    return -1;
  if (cpus && cor_cgroup_write(dir, "cpuset.cpus", r->cpu.cpus, err) < 0)
    return -1;
  return mems ? cor_cgroup_write(dir, "cpuset.mems", r->cpu.mems, err) : 0;
}

static int limit_pids(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                      struct cor_err *err) {
  int dir;
  if (!r->pids_limit.set || r->pids_limit.value == 0)
    return 0;
  if (need(cgroup, "pids", true, &dir, err) < 0)
    return -1;
  if (r->pids_limit.value < 0)
    return cor_cgroup_write(dir, "pids.max", "max", err);
  return cor_cgroup_write_num(dir, "pids.max", r->pids_limit.value, err);
}

static int throttle(int dir, const char *file, const struct cor_io_limits *limits,
                    struct cor_err *err) {
  char line[80];
  for (size_t i = 0; i < limits->count; i++) {
    snprintf(line, sizeof(line), "%lld:%lld %llu", (long long)limits->items[i].major,
             (long long)limits->items[i].minor, (unsigned long long)limits->items[i].value);
    if (cor_cgroup_write(dir, file, line, err) < 0)
      return -1;
  }
  return 0;
}

/* Weights are of the BFQ scheduler since CFQ is gone (Linux 5.0). */
static const char *weight_file(int dir, const char *plain, const char *bfq) {
  return faccessat(dir, plain, F_OK, 0) == 0 ? plain : bfq;
}

static int limit_block_io(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                          struct cor_err *err) {
  int dir;
  bool weight = r->block_io.weight.set && r->block_io.weight.value;
  bool leaf = r->block_io.leaf_weight.set && r->block_io.leaf_weight.value;
  bool wanted = weight || leaf || r->block_io.weight_device.count || r->block_io.read_bps.count ||
                r->block_io.write_bps.count || r->block_io.read_iops.count ||
                r->block_io.write_iops.count;
  if (!wanted)
    return 0;
  if (need(cgroup, "blkio", true, &dir, err) < 0)
    return -1;
  if (weight && cor_cgroup_write_num(dir, weight_file(dir, "blkio.weight", "blkio.bfq.weight"),
                                     r->block_io.weight.value, err) < 0)
    return -1;
  if (leaf &&
      cor_cgroup_write_num(dir, "blkio.leaf_weight", r->block_io.leaf_weight.value, err) < 0)
    return -1;
  if (throttle(dir, weight_file(dir, "blkio.weight_device", "blkio.bfq.weight_device"),
               &r->block_io.weight_device, err) < 0 ||
      throttle(dir, "blkio.throttle.read_bps_device", &r->block_io.read_bps, err) < 0 ||
      throttle(dir, "blkio.throttle.write_bps_device", &r->block_io.write_bps, err) < 0 ||
      throttle(dir, "blkio.throttle.read_iops_device", &r->block_io.read_iops, err) < 0 ||
      throttle(dir, "blkio.throttle.write_iops_device", &r->block_io.write_iops, err) < 0)
    return -1;
  for (size_t i = 0; i < r->block_io.leaf_weight_device.count; i++)
    if (r->block_io.leaf_weight_device.items[i].value)
      return throttle(dir, "blkio.leaf_weight_device", &r->block_io.leaf_weight_device, err);
  return 0;
}

static int limit_hugepages(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                           struct cor_err *err) {
  int dir;
  char file[64], value[32];
  if (need(cgroup, "hugetlb", r->hugepage_count > 0, &dir, err) < 0)
    return -1;
  for (size_t i = 0; i < r->hugepage_count; i++) {
    snprintf(file, sizeof(file), "hugetlb.%.20s.limit_in_bytes", r->hugepages[i].page_size);
    snprintf(value, sizeof(value), "%llu", (unsigned long long)r->hugepages[i].limit);
    if (cor_cgroup_write(dir, file, value, err) < 0)
      return -1;
  }
  return 0;
}

static int limit_network(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                         struct cor_err *err) {
  int dir;
  if (need(cgroup, "net_cls", r->class_id.set, &dir, err) < 0 ||
      write_if(dir, "net_cls.classid", &r->class_id, err) < 0 ||
      need(cgroup, "net_prio", r->priorities.count > 0, &dir, err) < 0)
    return -1;
  for (size_t i = 0; i < r->priorities.count; i++) {
    char line[128];
    snprintf(line, sizeof(line), "%.64s %s", r->priorities.items[i].key,
             r->priorities.items[i].value);
    if (cor_cgroup_write(dir, "net_prio.ifpriomap", line, err) < 0)
      return -1;
  }
  return 0;
}

static int write_rule(int dir, const struct cor_device_rule *rule, struct cor_err *err) {
  char line[64], major[24] = "*", minor[24] = "*";
  const char *file = rule->allow ? "devices.allow" : "devices.deny";
  if (rule->type == 'a')
    return cor_cgroup_write(dir, file, "a", err);
  if (rule->major >= 0)
    snprintf(major, sizeof(major), "%lld", (long long)rule->major);
  if (rule->minor >= 0)
    snprintf(minor, sizeof(minor), "%lld", (long long)rule->minor);
  snprintf(line, sizeof(line), "%c %s:%s %s%s%s", rule->type, major, minor, rule->read ? "r" : "",
           rule->write ? "w" : "", rule->mknod ? "m" : "");
  return cor_cgroup_write(dir, file, line, err);
}

static bool covers(int64_t wide, int64_t narrow) {
  return wide < 0 || wide == narrow;
}

/* The kernel's list holds exceptions from "all" or "none", and takes one back only by the very same
 * numbers: a part of an earlier rule cannot be taken out of it, and would silently stay. */
static bool is_part_of(const struct cor_device_rule *rule, const struct cor_device_rule *earlier) {
  bool same = rule->major == earlier->major && rule->minor == earlier->minor;
  return rule->allow != earlier->allow && rule->type == earlier->type && !same &&
         covers(earlier->major, rule->major) && covers(earlier->minor, rule->minor);
}

static int check_rule(const struct cor_resources *r, size_t at, bool mode_is_all,
                      struct cor_err *err) {
  char place[64];
  for (size_t i = at; r->devices[at].allow == mode_is_all && i-- > 0;) {
    if (r->devices[i].type == 'a')
      return 0;
    if (!is_part_of(&r->devices[at], &r->devices[i]))
      continue;
    snprintf(place, sizeof(place), "linux.resources.devices[%zu]", at);
    return cor_fail(err, EINVAL, "cgroup", place,
                    "cgroup version 1 cannot take a part out of an earlier rule (devices[%zu])", i);
  }
  return 0;
}

/* In order, as each rule changes what those before it left; the defaults come last, so that no spec
 * can take away what the set-up of /dev itself needs. */
static int limit_devices(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                         struct cor_err *err) {
  int dir;
  if (!r->device_count)
    return 0;
  if (need(cgroup, "devices", true, &dir, err) < 0)
    return -1;
  bool all_allowed = false, mode_is_all = false;
  for (size_t i = 0; i < r->device_count; i++) {
    all_allowed =
        r->devices[i].type == 'a' ? r->devices[i].allow : all_allowed && r->devices[i].allow;
    if (r->devices[i].type == 'a')
      mode_is_all = r->devices[i].allow;
    else if (check_rule(r, i, mode_is_all, err) < 0)
      return -1;
    if (write_rule(dir, &r->devices[i], err) < 0)
      return -1;
  }
  for (size_t i = 0; !all_allowed && i < cor_default_device_rule_count; i++)
    if (write_rule(dir, &cor_default_device_rules[i], err) < 0)
      return -1;
  return 0;
}

int cor_cgroup_v1_limit(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                        struct cor_err *err) {
  if (r->unified.count)
    return cor_fail(err, 0, "cgroup", "linux.resources.unified",
                    "needs cgroup version 2, and this machine has version 1");
  if (limit_memory(cgroup, r, err) < 0 || limit_cpu(cgroup, r, err) < 0 ||
      limit_cpuset(cgroup, r, err) < 0 || limit_pids(cgroup, r, err) < 0 ||
      limit_block_io(cgroup, r, err) < 0 || limit_hugepages(cgroup, r, err) < 0 ||
      limit_network(cgroup, r, err) < 0)
    return -1;
  return limit_devices(cgroup, r, err);
}
