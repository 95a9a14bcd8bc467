/* Limits in cgroup version 2 (Documentation/admin-guide/cgroup-v2.rst), translated from the spec's
 * words, which are version 1's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "fd.h"

/* -1 is "no limit". */
static int write_max(int dir, const char *file, int64_t value, struct cor_err *err) {
  return value < 0 ? cor_cgroup_write(dir, file, "max", err)
                   : cor_cgroup_write_num(dir, file, value, err);
}

/* The file of the sum is gone: the swap that is left is the sum less the memory. */
static int limit_memory(int dir, const struct cor_resources *r, struct cor_err *err) {
  bool limit = r->memory.limit.set && r->memory.limit.value != 0;
  if (r->memory.swap.set && r->memory.swap.value != 0) {
    int64_t swap = r->memory.swap.value;
    if (swap > 0) {
      if (!limit || r->memory.limit.value < 0)
        return cor_fail(err, EINVAL, "cgroup", "linux.resources.memory.swap",
                        "needs a memory limit beside it");
      if (swap < r->memory.limit.value)
        return cor_fail(err, EINVAL, "cgroup", "linux.resources.memory.swap",
                        "is below the memory limit");
      swap -= r->memory.limit.value;
    }
    if (write_max(dir, "memory.swap.max", swap, err) < 0)
      return -1;
  }
  if (limit && write_max(dir, "memory.max", r->memory.limit.value, err) < 0)
    return -1;
  if (r->memory.reservation.set && r->memory.reservation.value &&
      write_max(dir, "memory.low", r->memory.reservation.value, err) < 0)
    return -1;
  if (r->memory.kernel.set || r->memory.kernel_tcp.set || r->memory.swappiness.set ||
      (r->memory.disable_oom_killer.set && r->memory.disable_oom_killer.value))
    return cor_fail(
        err, 0, "cgroup", "linux.resources.memory",
        "kernel, kernelTCP, swappiness and disableOOMKiller do not exist in cgroup version 2");
  return 0;
}

static int limit_cpu(int dir, const struct cor_resources *r, struct cor_err *err) {
  char line[64];
  if (r->cpu.shares.set && r->cpu.shares.value) {
    /* 2…262144 onto 1…10000, as every runtime maps them. */
    int64_t shares = r->cpu.shares.value < 2        ? 2
                     : r->cpu.shares.value > 262144 ? 262144
                                                    : r->cpu.shares.value;
    if (cor_cgroup_write_num(dir, "cpu.weight", 1 + (shares - 2) * 9999 / 262142, err) < 0)
      return -1;
  }
  bool quota = r->cpu.quota.set && r->cpu.quota.value,
       period = r->cpu.period.set && r->cpu.period.value;
  if (quota || period) {
    int64_t period_us = period ? r->cpu.period.value : 100000;
    if (quota && r->cpu.quota.value > 0)
      snprintf(line, sizeof(line), "%lld %lld", (long long)r->cpu.quota.value,
               (long long)period_us);
    else
      snprintf(line, sizeof(line), "max %lld", (long long)period_us);
    if (cor_cgroup_write(dir, "cpu.max", line, err) < 0)
      return -1;
  }
  if (r->cpu.burst.set && cor_cgroup_write_num(dir, "cpu.max.burst", r->cpu.burst.value, err) < 0)
    return -1;
  if (r->cpu.idle.set && cor_cgroup_write_num(dir, "cpu.idle", r->cpu.idle.value, err) < 0)
    return -1;
  if ((r->cpu.realtime_runtime.set && r->cpu.realtime_runtime.value) ||
      (r->cpu.realtime_period.set && r->cpu.realtime_period.value))
    return cor_fail(err, 0, "cgroup", "linux.resources.cpu",
                    "realtime limits do not exist in cgroup version 2");
  if (r->cpu.cpus && *r->cpu.cpus && cor_cgroup_write(dir, "cpuset.cpus", r->cpu.cpus, err) < 0)
    return -1;
  return r->cpu.mems && *r->cpu.mems ? cor_cgroup_write(dir, "cpuset.mems", r->cpu.mems, err) : 0;
}

static int limit_io_max(int dir, const char *key, const struct cor_io_limits *limits,
                        struct cor_err *err) {
  char line[96];
  for (size_t i = 0; i < limits->count; i++) {
    snprintf(line, sizeof(line), "%lld:%lld %s=%llu", (long long)limits->items[i].major,
             (long long)limits->items[i].minor, key, (unsigned long long)limits->items[i].value);
    if (cor_cgroup_write(dir, "io.max", line, err) < 0)
      return -1;
  }
  return 0;
}

static int limit_io(int dir, const struct cor_resources *r, struct cor_err *err) {
  bool bfq = faccessat(dir, "io.bfq.weight", F_OK, 0) == 0;
  if (r->block_io.leaf_weight.set && r->block_io.leaf_weight.value)
    return cor_fail(err, 0, "cgroup", "linux.resources.blockIO.leafWeight",
                    "does not exist in cgroup version 2");
  if (r->block_io.weight.set && r->block_io.weight.value) {
    /* 10…1000 onto io.weight's 1…10000; BFQ takes the number as it is. */
    int64_t weight = r->block_io.weight.value;
    if (bfq ? cor_cgroup_write_num(dir, "io.bfq.weight", weight, err) < 0
            : cor_cgroup_write_num(dir, "io.weight", 1 + (weight - 10) * 9999 / 990, err) < 0)
      return -1;
  }
  for (size_t i = 0; i < r->block_io.weight_device.count; i++) {
    const struct cor_io_limit *limit = &r->block_io.weight_device.items[i];
    char line[96];
    snprintf(line, sizeof(line), "%lld:%lld %lld", (long long)limit->major, (long long)limit->minor,
             bfq ? (long long)limit->value : 1 + ((long long)limit->value - 10) * 9999 / 990);
    if (cor_cgroup_write(dir, bfq ? "io.bfq.weight" : "io.weight", line, err) < 0)
      return -1;
  }
  if (limit_io_max(dir, "rbps", &r->block_io.read_bps, err) < 0 ||
      limit_io_max(dir, "wbps", &r->block_io.write_bps, err) < 0 ||
      limit_io_max(dir, "riops", &r->block_io.read_iops, err) < 0)
    return -1;
  return limit_io_max(dir, "wiops", &r->block_io.write_iops, err);
}

static int limit_hugepages(int dir, const struct cor_resources *r, struct cor_err *err) {
  char file[64], value[32];
  for (size_t i = 0; i < r->hugepage_count; i++) {
    snprintf(file, sizeof(file), "hugetlb.%.20s.max", r->hugepages[i].page_size);
    snprintf(value, sizeof(value), "%llu", (unsigned long long)r->hugepages[i].limit);
    if (cor_cgroup_write(dir, file, value, err) < 0)
      return -1;
  }
  return 0;
}

int cor_cgroup_v2_limit(const struct cor_cgroup *cgroup, const struct cor_resources *r,
                        struct cor_err *err) {
  int dir = cor_cgroup_dir(cgroup, "");
  if (limit_memory(dir, r, err) < 0 || limit_cpu(dir, r, err) < 0 || limit_io(dir, r, err) < 0 ||
      limit_hugepages(dir, r, err) < 0)
    return -1;
  if (r->pids_limit.set && r->pids_limit.value &&
      write_max(dir, "pids.max", r->pids_limit.value, err) < 0)
    return -1;
  if (r->class_id.set || r->priorities.count)
    return cor_fail(err, 0, "cgroup", "linux.resources.network",
                    "does not exist in cgroup version 2");
  /* Last, as these are the user's own words in version 2's language and win over the translated
   * ones. */
  for (size_t i = 0; i < r->unified.count; i++)
    if (cor_cgroup_write(dir, r->unified.items[i].key, r->unified.items[i].value, err) < 0)
      return -1;
  return cor_cgroup_v2_devices(dir, r, err);
}
