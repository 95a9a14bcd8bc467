/* config.json: linux.resources. */
#include <stdio.h>
#include <string.h>

#include "spec_parts.h"

static int parse_device_rules(const struct cor_at *at, struct cor_resources *resources) {
  struct cor_at array, item;
  size_t count;
  if (cor_get_array(at, "devices", &array, &count) < 0)
    return -1;
  if (count &&
      !(resources->devices = cor_spec_alloc(at->spec, count * sizeof(*resources->devices))))
    return cor_at_fail(at, "devices", "out of memory");
  for (; resources->device_count < count; resources->device_count++) {
    struct cor_device_rule *rule = &resources->devices[resources->device_count];
    const char *type = "a", *access = "rwm";
    rule->major = rule->minor = -1;
    if (cor_get_element(&array, resources->device_count, &item) < 0 ||
        cor_get_bool(&item, "allow", &rule->allow) < 0 ||
        cor_get_string(&item, "type", &type) < 0 || cor_get_string(&item, "access", &access) < 0 ||
        cor_get_int(&item, "major", -1, UINT32_MAX, &rule->major) < 0 ||
        cor_get_int(&item, "minor", -1, UINT32_MAX, &rule->minor) < 0)
      return -1;
    if (!*type)
      type = "a";
    if (strlen(type) != 1 || !strchr("abc", *type))
      return cor_at_fail(&item, "type", "must be a, b or c");
    if (strspn(access, "rwm") != strlen(access))
      return cor_at_fail(&item, "access", "must be made of r, w and m");
    rule->type = *type;
    rule->read = strchr(access, 'r') != NULL;
    rule->write = strchr(access, 'w') != NULL;
    rule->mknod = strchr(access, 'm') != NULL;
  }
  return 1;
}

static int get_flag(const struct cor_at *at, const char *key, struct cor_num *out) {
  bool value = false;
  int found = cor_get_bool(at, key, &value);
  if (found > 0)
    *out = (struct cor_num){true, value};
  return found;
}

/* Limits are int64 by the specification, yet some tools write -1 as 18446744073709551615. */
static int get_limit(const struct cor_at *at, const char *key, struct cor_num *out) {
  struct json_object *value;
  if (json_object_object_get_ex(at->json, key, &value) &&
      json_object_is_type(value, json_type_int) && json_object_get_int64(value) > 0 &&
      json_object_get_uint64(value) > (uint64_t)INT64_MAX) {
    *out = (struct cor_num){true, -1};
    return 1;
  }
  return cor_get_num(at, key, out);
}

static int parse_memory(const struct cor_at *resources_at, struct cor_resources *resources) {
  struct cor_at at;
  int found = cor_get_object(resources_at, "memory", &at);
  if (found <= 0)
    return found;
  if (get_limit(&at, "limit", &resources->memory.limit) < 0 ||
      get_limit(&at, "reservation", &resources->memory.reservation) < 0 ||
      get_limit(&at, "swap", &resources->memory.swap) < 0 ||
      get_limit(&at, "kernel", &resources->memory.kernel) < 0 ||
      get_limit(&at, "kernelTCP", &resources->memory.kernel_tcp) < 0 ||
      get_limit(&at, "swappiness", &resources->memory.swappiness) < 0 ||
      get_flag(&at, "disableOOMKiller", &resources->memory.disable_oom_killer) < 0 ||
      get_flag(&at, "useHierarchy", &resources->memory.use_hierarchy) < 0)
    return -1;
  return 1;
}

static int parse_cpu(const struct cor_at *resources_at, struct cor_resources *resources) {
  struct cor_at at;
  int found = cor_get_object(resources_at, "cpu", &at);
  if (found <= 0)
    return found;
  if (cor_get_num(&at, "shares", &resources->cpu.shares) < 0 ||
      cor_get_num(&at, "quota", &resources->cpu.quota) < 0 ||
      cor_get_num(&at, "burst", &resources->cpu.burst) < 0 ||
      cor_get_num(&at, "period", &resources->cpu.period) < 0 ||
      cor_get_num(&at, "realtimeRuntime", &resources->cpu.realtime_runtime) < 0 ||
      cor_get_num(&at, "realtimePeriod", &resources->cpu.realtime_period) < 0 ||
      cor_get_num(&at, "idle", &resources->cpu.idle) < 0 ||
      cor_get_string(&at, "cpus", &resources->cpu.cpus) < 0 ||
      cor_get_string(&at, "mems", &resources->cpu.mems) < 0)
    return -1;
  return 1;
}

static int parse_io_limits(const struct cor_at *at, const char *key, const char *value_key,
                           struct cor_io_limits *out) {
  struct cor_at array, item;
  size_t count;
  if (cor_get_array(at, key, &array, &count) < 0)
    return -1;
  if (count && !(out->items = cor_spec_alloc(at->spec, count * sizeof(*out->items))))
    return cor_at_fail(at, key, "out of memory");
  for (; out->count < count; out->count++) {
    struct cor_io_limit *limit = &out->items[out->count];
    if (cor_get_element(&array, out->count, &item) < 0 ||
        cor_get_int(&item, "major", 0, UINT32_MAX, &limit->major) < 0 ||
        cor_get_int(&item, "minor", 0, UINT32_MAX, &limit->minor) < 0 ||
        cor_get_uint(&item, value_key, &limit->value) < 0)
      return -1;
  }
  return 1;
}

static int parse_block_io(const struct cor_at *resources_at, struct cor_resources *resources) {
  struct cor_at at;
  int found = cor_get_object(resources_at, "blockIO", &at);
  if (found <= 0)
    return found;
  if (cor_get_num(&at, "weight", &resources->block_io.weight) < 0 ||
      cor_get_num(&at, "leafWeight", &resources->block_io.leaf_weight) < 0 ||
      parse_io_limits(&at, "weightDevice", "weight", &resources->block_io.weight_device) < 0 ||
      parse_io_limits(&at, "weightDevice", "leafWeight", &resources->block_io.leaf_weight_device) <
          0 ||
      parse_io_limits(&at, "throttleReadBpsDevice", "rate", &resources->block_io.read_bps) < 0 ||
      parse_io_limits(&at, "throttleWriteBpsDevice", "rate", &resources->block_io.write_bps) < 0 ||
      parse_io_limits(&at, "throttleReadIOPSDevice", "rate", &resources->block_io.read_iops) < 0 ||
      parse_io_limits(&at, "throttleWriteIOPSDevice", "rate", &resources->block_io.write_iops) < 0)
    return -1;
  return 1;
}

static int parse_hugepages(const struct cor_at *at, struct cor_resources *resources) {
  struct cor_at array, item;
  size_t count;
  if (cor_get_array(at, "hugepageLimits", &array, &count) < 0)
    return -1;
  if (count &&
      !(resources->hugepages = cor_spec_alloc(at->spec, count * sizeof(*resources->hugepages))))
    return cor_at_fail(at, "hugepageLimits", "out of memory");
  for (; resources->hugepage_count < count; resources->hugepage_count++) {
    struct cor_hugepage_limit *limit = &resources->hugepages[resources->hugepage_count];
    if (cor_get_element(&array, resources->hugepage_count, &item) < 0 ||
        cor_get_string(&item, "pageSize", &limit->page_size) < 0 ||
        cor_get_uint(&item, "limit", &limit->limit) < 0)
      return -1;
    /* Becomes part of a file name. */
    if (!limit->page_size || !limit->page_size[0] ||
        strspn(limit->page_size, "0123456789KMGB") != strlen(limit->page_size))
      return cor_at_fail(&item, "pageSize", "must be like 2MB");
  }
  return 1;
}

static int parse_network(const struct cor_at *resources_at, struct cor_resources *resources) {
  struct cor_at at, array, item;
  size_t count;
  int found = cor_get_object(resources_at, "network", &at);
  if (found <= 0)
    return found;
  if (cor_get_num(&at, "classID", &resources->class_id) < 0 ||
      cor_get_array(&at, "priorities", &array, &count) < 0)
    return -1;
  struct cor_pairs *pairs = &resources->priorities;
  if (count && !(pairs->items = cor_spec_alloc(at.spec, count * sizeof(*pairs->items))))
    return cor_at_fail(&at, "priorities", "out of memory");
  for (; pairs->count < count; pairs->count++) {
    int64_t priority = 0;
    const char *name = NULL;
    char *text = cor_spec_alloc(at.spec, 16);
    if (!text || cor_get_element(&array, pairs->count, &item) < 0 ||
        cor_get_string(&item, "name", &name) < 0 ||
        cor_get_int(&item, "priority", 0, UINT32_MAX, &priority) < 0)
      return -1;
    if (!name || !*name || strpbrk(name, " \n/"))
      return cor_at_fail(&item, "name", "must be an interface name");
    snprintf(text, 16, "%u", (unsigned)priority);
    pairs->items[pairs->count] = (struct cor_pair){name, text};
  }
  return 1;
}

int cor_parse_resources(const struct cor_at *at, struct cor_resources *resources) {
  struct cor_at inner;
  if (parse_device_rules(at, resources) < 0 || parse_memory(at, resources) < 0 ||
      parse_cpu(at, resources) < 0 || parse_block_io(at, resources) < 0 ||
      parse_hugepages(at, resources) < 0 || parse_network(at, resources) < 0 ||
      cor_get_pairs(at, "unified", &resources->unified) < 0)
    return -1;
  int found = cor_get_object(at, "pids", &inner);
  if (found < 0 || (found > 0 && cor_get_num(&inner, "limit", &resources->pids_limit) < 0))
    return -1;
  for (size_t i = 0; i < resources->unified.count; i++)
    if (strchr(resources->unified.items[i].key, '/') || !*resources->unified.items[i].key)
      return cor_at_fail(at, "unified", "\"%s\" is not a file name",
                         resources->unified.items[i].key);
  found = cor_get_object(at, "rdma", &inner);
  if (found < 0 || (found > 0 && json_object_object_length(inner.json) > 0))
    return found < 0 ? -1 : cor_at_fail(at, "rdma", "is not supported");
  return 0;
}
