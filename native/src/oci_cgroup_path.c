/* Where a container of the OCI command line has its cgroup. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "oci.h"

#define PATH_SIZE 1024

/* A slice's name tells its place: "a-b.slice" lies in "a.slice" (systemd.slice(5)); "-.slice" is
 * the root. Returns 0, or -1 where the name is none. */
static int expand_slice(const char *slice, char *out, size_t size) {
  static const char suffix[] = ".slice";
  size_t length = strlen(slice), used = 0;
  out[0] = '\0';
  if (strcmp(slice, "-.slice") == 0)
    return 0;
  if (length <= sizeof(suffix) - 1 || strcmp(slice + length - (sizeof(suffix) - 1), suffix) != 0 ||
      strchr(slice, '/') || slice[0] == '-' || strstr(slice, "--"))
    return -1;
  length -= sizeof(suffix) - 1;
  for (size_t i = 1; i <= length; i++) {
    if (i < length && slice[i] != '-')
      continue;
    int n = snprintf(out + used, size - used, "/%.*s%s", (int)i, slice, suffix);
    if (n < 0 || (size_t)n >= size - used)
      return -1;
    used += (size_t)n;
  }
  return 0;
}

/* "slice:prefix:name" is how engines name a scope of systemd's: the cgroup is made where systemd
 * would have it, in the file system. An empty slice is system.slice, as with the other runtimes. */
static int systemd_path(const char *text, char *out, size_t size) {
  char slice[256], folder[PATH_SIZE / 2];
  const char *prefix = strchr(text, ':'), *name = prefix ? strchr(prefix + 1, ':') : NULL;
  if (!name || strchr(name + 1, ':') || strchr(prefix, '/') || !name[1] ||
      (size_t)(prefix - text) >= sizeof(slice))
    return -1;
  snprintf(slice, sizeof(slice), "%.*s", (int)(prefix - text), text);
  if (expand_slice(*slice ? slice : "system.slice", folder, sizeof(folder)) < 0)
    return -1;
  int length = (int)(name - prefix - 1);
  bool is_slice = strlen(name + 1) > 6 && strcmp(name + strlen(name) - 6, ".slice") == 0;
  int n = snprintf(out, size, "%s/%.*s%s%s%s", folder, length, prefix + 1, length ? "-" : "",
                   name + 1, is_slice ? "" : ".scope");
  return n < 0 || (size_t)n >= size ? -1 : 0;
}

int cor_oci_cgroup_path(struct cor_spec *spec, const char *id, struct cor_err *err) {
  bool named = spec->cgroups_path != NULL;
  if (named && (!cor_oci.systemd_cgroup || strchr(spec->cgroups_path, '/')))
    return 0;
  char *path = cor_spec_alloc(spec, PATH_SIZE);
  if (!path)
    return cor_fail(err, ENOMEM, "malloc", id, "out of memory");
  if (!named)
    snprintf(path, PATH_SIZE, "/coracle-oci/%s", id);
  else if (systemd_path(spec->cgroups_path, path, PATH_SIZE) < 0)
    return cor_fail(err, 0, "cgroup", spec->cgroups_path,
                    "linux.cgroupsPath must be slice:prefix:name with --systemd-cgroup");
  spec->cgroups_path = path;
  /* Later commands read the copy and need not be told which manager it was. */
  struct json_object *linux_part;
  if (named && json_object_object_get_ex(spec->json, "linux", &linux_part))
    json_object_object_add(linux_part, "cgroupsPath", json_object_new_string(path));
  return 0;
}
