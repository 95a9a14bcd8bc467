#include "live_root.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "fd.h"
#include "pid.h"
#include "spec.h"
#include "spec_user.h"

/* The process that state.json names; 0 where there is none, or its number is another one's by
 * now. */
static int running_pid(const char *run, char start[24]) {
  char path[4096], found[24];
  struct cor_err ignored;
  snprintf(path, sizeof(path), "%s/state.json", run);
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 1 << 20, NULL, &ignored);
  struct json_object *state = text ? json_tokener_parse(text) : NULL, *pid = NULL;
  if (!state)
    return 0;
  json_object_object_get_ex(state, "pid", &pid);
  int number = json_object_get_int(pid);
  const char *expected = cor_client_string(state, "pidStart");
  snprintf(start, 24, "%s", expected ? expected : "");
  json_object_put(state);
  if (number < 2 || *start == '\0')
    return 0;
  cor_process_start(number, found);
  return strcmp(found, start) == 0 ? number : 0;
}

static char *read_map(int pid, const char *name) {
  char path[64];
  struct cor_err ignored;
  snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
  return cor_read_file(AT_FDCWD, path, 65536, NULL, &ignored);
}

/* What `id` of the container is on the host, by the text of a uid_map or gid_map. */
static int map_id(const char *map, unsigned id, unsigned *host, struct cor_err *err) {
  unsigned inside, outside, count;
  int used;
  for (const char *at = map; at && sscanf(at, "%u %u %u%n", &inside, &outside, &count, &used) == 3;
       at += used)
    if (id >= inside && id - inside < count) {
      *host = id - inside + outside;
      return 0;
    }
  return cor_fail(err, EINVAL, "user", "", "%u has no place in the container's user namespace", id);
}

int cor_live_root_enter(const char *dir, const char *run, struct cor_live_root *root,
                        struct cor_err *err) {
  char path[4096], start[24], again[24];
  snprintf(path, sizeof(path), "%s/config.json", dir);
  struct cor_spec *spec = cor_spec_load(path, err);
  if (!spec)
    return -1;
  int pid = running_pid(run, start);
  snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
  _cleanup_close_ int ns = pid == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  /* Through the host's /proc, which is out of sight afterwards. */
  _cleanup_free_ char *uids = pid == 0 ? NULL : read_map(pid, "uid_map");
  _cleanup_free_ char *gids = pid == 0 ? NULL : read_map(pid, "gid_map");
  /* The number may have passed to another process between the first look and the opening. */
  if (pid != 0)
    cor_process_start(pid, again);
  if (ns < 0 || strcmp(start, again) != 0)
    return cor_fail(err, ESRCH, "connect", run, "the container does not run");
  /* The namespace's own root is what counts: /proc/PID/root is whatever that process has made its
   * root since, which is for the container to choose. */
  if (setns(ns, CLONE_NEWNS) < 0)
    return cor_fail(err, errno, "setns", path, "cannot enter the container's mount namespace");
  root->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root->fd < 0)
    return cor_fail(err, errno, "open", "/", "cannot open the container's root");
  struct cor_process process = spec->process;
  if (cor_spec_user(root->fd, spec, &process, err) < 0 ||
      map_id(uids, process.uid, &root->uid, err) < 0 ||
      map_id(gids, process.gid, &root->gid, err) < 0)
    return -1;
  return 0;
}
