/* config.json: linux, but for resources and seccomp. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "spec_parts.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

const struct cor_ns_name cor_ns_names[COR_NS_COUNT] = {
    [COR_NS_USER] = {"user", "user", CLONE_NEWUSER},
    [COR_NS_IPC] = {"ipc", "ipc", CLONE_NEWIPC},
    [COR_NS_UTS] = {"uts", "uts", CLONE_NEWUTS},
    [COR_NS_NET] = {"network", "net", CLONE_NEWNET},
    [COR_NS_PID] = {"pid", "pid", CLONE_NEWPID},
    [COR_NS_CGROUP] = {"cgroup", "cgroup", CLONE_NEWCGROUP},
    [COR_NS_TIME] = {"time", "time", CLONE_NEWTIME},
    [COR_NS_MOUNT] = {"mount", "mnt", CLONE_NEWNS},
};

int cor_parse_idmaps(const struct cor_at *at, const char *key, struct cor_idmaps *maps) {
  struct cor_at array, item;
  size_t count;
  if (cor_get_array(at, key, &array, &count) < 0)
    return -1;
  if (count && !(maps->items = cor_spec_alloc(at->spec, count * sizeof(*maps->items))))
    return cor_at_fail(at, key, "out of memory");
  for (; maps->count < count; maps->count++) {
    int64_t inside = 0, outside = 0, size = 0;
    if (cor_get_element(&array, maps->count, &item) < 0 ||
        cor_get_int(&item, "containerID", 0, UINT32_MAX, &inside) < 0 ||
        cor_get_int(&item, "hostID", 0, UINT32_MAX, &outside) < 0 ||
        cor_get_int(&item, "size", 0, UINT32_MAX, &size) < 0)
      return -1;
    maps->items[maps->count] =
        (struct cor_idmap){(uint32_t)inside, (uint32_t)outside, (uint32_t)size};
  }
  return 1;
}

static int parse_namespaces(const struct cor_at *linux_at) {
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(linux_at, "namespaces", &array, &count) < 0)
    return -1;
  for (size_t i = 0; i < count; i++) {
    const char *type = NULL, *path = NULL;
    if (cor_get_element(&array, i, &at) < 0 || cor_get_string(&at, "type", &type) < 0 ||
        cor_get_string(&at, "path", &path) < 0)
      return -1;
    int kind = 0;
    while (kind < COR_NS_COUNT && (!type || strcmp(cor_ns_names[kind].oci, type) != 0))
      kind++;
    if (kind == COR_NS_COUNT)
      return cor_at_fail(&at, "type", "\"%s\" is not a namespace", type ? type : "");
    struct cor_namespace *ns = &at.spec->namespaces[kind];
    if (ns->present)
      return cor_at_fail(&at, "type", "\"%s\" stands here twice", type);
    if (path && *path && *path != '/')
      return cor_at_fail(&at, "path", "must be absolute");
    ns->present = true;
    ns->path = path && *path ? path : NULL;
  }
  return 1;
}

static int parse_devices(const struct cor_at *linux_at) {
  struct cor_spec *spec = linux_at->spec;
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(linux_at, "devices", &array, &count) < 0)
    return -1;
  if (count && !(spec->devices = cor_spec_alloc(spec, count * sizeof(*spec->devices))))
    return cor_at_fail(linux_at, "devices", "out of memory");
  for (; spec->device_count < count; spec->device_count++) {
    struct cor_device *device = &spec->devices[spec->device_count];
    const char *type = NULL;
    int64_t mode = 0666, uid = 0, gid = 0;
    if (cor_get_element(&array, spec->device_count, &at) < 0 ||
        cor_get_string(&at, "path", &device->path) < 0 || cor_get_string(&at, "type", &type) < 0 ||
        cor_get_int(&at, "major", 0, UINT32_MAX, &device->major) < 0 ||
        cor_get_int(&at, "minor", 0, UINT32_MAX, &device->minor) < 0 ||
        cor_get_int(&at, "fileMode", 0, 0177777, &mode) < 0 ||
        cor_get_int(&at, "uid", 0, UINT32_MAX - 1, &uid) < 0 ||
        cor_get_int(&at, "gid", 0, UINT32_MAX - 1, &gid) < 0)
      return -1;
    if (!device->path || device->path[0] != '/')
      return cor_at_fail(&at, "path", "must be an absolute path");
    if (!type || strlen(type) != 1 || !strchr("cubp", *type))
      return cor_at_fail(&at, "type", "must be c, u, b or p");
    device->type = *type == 'u' ? 'c' : *type;
    device->mode = (mode_t)mode & 07777;
    device->uid = (uid_t)uid;
    device->gid = (gid_t)gid;
  }
  return 1;
}

static int parse_propagation(const struct cor_at *at) {
  static const struct {
    const char *name;
    unsigned long flags;
  } kinds[] = {
      {"shared", MS_SHARED | MS_REC},         {"rshared", MS_SHARED | MS_REC},
      {"slave", MS_SLAVE | MS_REC},           {"rslave", MS_SLAVE | MS_REC},
      {"private", MS_PRIVATE | MS_REC},       {"rprivate", MS_PRIVATE | MS_REC},
      {"unbindable", MS_UNBINDABLE | MS_REC}, {"runbindable", MS_UNBINDABLE | MS_REC},
  };
  const char *name = NULL;
  if (cor_get_string(at, "rootfsPropagation", &name) < 0)
    return -1;
  if (!name || !*name)
    return 0;
  for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
    if (strcmp(name, kinds[i].name) == 0) {
      at->spec->rootfs_propagation = kinds[i].flags;
      return 1;
    }
  return cor_at_fail(at, "rootfsPropagation", "\"%s\" is not a kind of propagation", name);
}

static int parse_personality(const struct cor_at *linux_at) {
  struct cor_at at, flags;
  const char *domain = NULL;
  size_t count;
  int found = cor_get_object(linux_at, "personality", &at);
  if (found <= 0)
    return found;
  if (cor_get_string(&at, "domain", &domain) < 0 || cor_get_array(&at, "flags", &flags, &count) < 0)
    return -1;
  if (count)
    return cor_at_fail(&at, "flags", "no flag is defined");
  if (domain && strcmp(domain, "LINUX") == 0)
    linux_at->spec->personality = PER_LINUX;
  else if (domain && strcmp(domain, "LINUX32") == 0)
    linux_at->spec->personality = PER_LINUX32;
  else
    return cor_at_fail(&at, "domain", "\"%s\" is not LINUX or LINUX32", domain ? domain : "");
  linux_at->spec->has_personality = true;
  return 1;
}

static int parse_time_offsets(const struct cor_at *linux_at) {
  struct cor_spec *spec = linux_at->spec;
  struct cor_at at, clock;
  int found = cor_get_object(linux_at, "timeOffsets", &at);
  if (found <= 0)
    return found;
  spec->time_offsets.items = cor_spec_alloc(spec, 2 * sizeof(*spec->time_offsets.items));
  if (!spec->time_offsets.items)
    return cor_at_fail(linux_at, "timeOffsets", "out of memory");
  json_object_object_foreach(at.json, name, value) {
    (void)value;
    int64_t seconds = 0, nanoseconds = 0;
    if (strcmp(name, "monotonic") != 0 && strcmp(name, "boottime") != 0)
      return cor_at_fail(&at, name, "is not monotonic or boottime");
    if (cor_get_object(&at, name, &clock) < 0 ||
        cor_get_int(&clock, "secs", INT64_MIN, INT64_MAX, &seconds) < 0 ||
        cor_get_int(&clock, "nanosecs", 0, 999999999, &nanoseconds) < 0)
      return -1;
    char *text = cor_spec_alloc(spec, 48);
    if (!text)
      return cor_at_fail(&at, name, "out of memory");
    snprintf(text, 48, "%lld %lld", (long long)seconds, (long long)nanoseconds);
    spec->time_offsets.items[spec->time_offsets.count++] = (struct cor_pair){name, text};
  }
  return 1;
}

/* What this runtime knows of and does not do is refused, not dropped. */
static int refuse_unsupported(const struct cor_at *at) {
  static const char *const keys[] = {"intelRdt"};
  struct cor_at inner;
  for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
    int found = cor_get_object(at, keys[i], &inner);
    if (found != 0)
      return found < 0 ? -1 : cor_at_fail(at, keys[i], "is not supported");
  }
  return 0;
}

int cor_parse_linux(const struct cor_at *at) {
  static const char *const none[] = {NULL};
  struct cor_spec *spec = at->spec;
  struct cor_at inner;
  spec->masked_paths = spec->readonly_paths = none;
  if (parse_namespaces(at) < 0 || cor_parse_idmaps(at, "uidMappings", &spec->uid_maps) < 0 ||
      cor_parse_idmaps(at, "gidMappings", &spec->gid_maps) < 0 || parse_devices(at) < 0 ||
      cor_get_string(at, "cgroupsPath", &spec->cgroups_path) < 0 || parse_propagation(at) < 0 ||
      cor_get_strings(at, "maskedPaths", &spec->masked_paths) < 0 ||
      cor_get_strings(at, "readonlyPaths", &spec->readonly_paths) < 0 ||
      cor_get_string(at, "mountLabel", &spec->mount_label) < 0 ||
      cor_get_pairs(at, "sysctl", &spec->sysctl) < 0 || parse_personality(at) < 0 ||
      parse_time_offsets(at) < 0 || refuse_unsupported(at) < 0)
    return -1;
  if (spec->cgroups_path && !*spec->cgroups_path)
    spec->cgroups_path = NULL;
  if (spec->mount_label && *spec->mount_label)
    return cor_at_fail(at, "mountLabel", "is not supported");
  int found = cor_get_object(at, "resources", &inner);
  if (found < 0 || (found > 0 && cor_parse_resources(&inner, &spec->resources) < 0))
    return -1;
  found = cor_get_object(at, "seccomp", &inner);
  if (found < 0 || (found > 0 && cor_parse_seccomp(&inner, &spec->seccomp) < 0))
    return -1;
  return 0;
}
