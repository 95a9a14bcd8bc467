/* config.json for another runtime: what ours finds out while it launches stands in it as numbers
 * and paths. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fd.h"
#include "foreign_bundle.h"
#include "mount.h"
#include "passwd.h"
#include "process.h"
#include "spec_user.h"

/* The oldest that any runtime in use still refuses newer ones than; nothing of the engine's needs
 * more. */
#define OCI_VERSION "1.0.2"

#define UNIFIED "/sys/fs/cgroup/unified"

int cor_foreign_view(struct cor_err *err) {
  if (unshare(CLONE_NEWNS) < 0)
    return cor_fail(err, errno, "unshare", "", "cannot make a mount namespace");
  /* Mounts of the host's still come in; none of this goes out. */
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot leave the host's peer groups");
  /* crun refuses a machine of cgroup version 1 where a controller is left to version 2 beside it.
   * Neither it nor the engine uses that one. */
  _cleanup_free_ char *controllers =
      cor_read_file(AT_FDCWD, UNIFIED "/cgroup.controllers", 4096, NULL, NULL);
  if (controllers && *controllers && *controllers != '\n')
    (void)umount2(UNIFIED, MNT_DETACH);
  return 0;
}

static int mount_root(const struct cor_launch *launch, struct cor_err *err) {
  const char *root = launch->spec->root_path;
  if (cor_foreign_view(err) < 0)
    return -1;
  if (launch->overlay) {
    _cleanup_close_ int place = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int overlay = place < 0 ? -1 : cor_overlay_mount(launch->overlay, root, err);
    if (place < 0)
      return cor_fail(err, errno, "open", root, "cannot open the container's root");
    if (overlay < 0 || cor_mount_attach(overlay, place, root, err) < 0)
      return -1;
  }
  int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? cor_fail(err, errno, "open", root, "cannot open the container's root") : fd;
}

static struct json_object *member(struct json_object *parent, const char *key) {
  struct json_object *object = NULL;
  json_object_object_get_ex(parent, key, &object);
  return object;
}

static void set_user(struct json_object *json, const struct cor_process *process) {
  struct json_object *user = json_object_new_object(), *groups = json_object_new_array();
  for (size_t i = 0; i < process->group_count; i++)
    json_object_array_add(groups, json_object_new_int64(process->groups[i]));
  json_object_object_add(user, "uid", json_object_new_int64(process->uid));
  json_object_object_add(user, "gid", json_object_new_int64(process->gid));
  json_object_object_add(user, "additionalGids", groups);
  json_object_object_add(json, "user", user);
  struct json_object *caps = member(json, "capabilities");
  if (process->uid != 0 && caps)
    for (size_t i = 0; i < 2; i++)
      json_object_object_add(caps, i ? "permitted" : "effective", json_object_new_array());
}

static void set_home(struct json_object *json, const char *home) {
  struct json_object *env = member(json, "env");
  char entry[300];
  for (size_t i = 0; env && i < json_object_array_length(env); i++)
    if (strncmp(json_object_get_string(json_object_array_get_idx(env, i)), "HOME=", 5) == 0)
      return;
  if (!env)
    json_object_object_add(json, "env", env = json_object_new_array());
  snprintf(entry, sizeof(entry), "HOME=%s", home);
  json_object_array_add(env, json_object_new_string(entry));
}

/* The namespace is the caller's to hold: it is named by the caller's descriptor. */
static void set_network(struct json_object *linux_json, int netns_fd, pid_t holder) {
  struct json_object *list = member(linux_json, "namespaces");
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)holder, netns_fd);
  for (size_t i = 0; netns_fd >= 0 && list && i < json_object_array_length(list); i++) {
    struct json_object *item = json_object_array_get_idx(list, i), *type = member(item, "type");
    if (type && strcmp(json_object_get_string(type), "network") == 0)
      json_object_object_add(item, "path", json_object_new_string(path));
  }
}

int cor_foreign_bundle(const struct cor_launch *launch, const char *bundle, pid_t holder,
                       struct cor_err *err) {
  struct cor_process process = launch->spec->process;
  struct json_object *json = launch->spec->json, *process_json = member(json, "process");
  char home[256], path[4200];
  _cleanup_close_ int root_fd = mount_root(launch, err);
  if (root_fd < 0 || cor_spec_user(root_fd, launch->spec, &process, err) < 0)
    return -1;
  cor_user_home(root_fd, process.uid, home, sizeof(home));
  json_object_object_add(json, "ociVersion", json_object_new_string(OCI_VERSION));
  set_user(process_json, &process);
  set_home(process_json, home);
  set_network(member(json, "linux"), launch->netns_fd, holder);
  const char *text =
      json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
  snprintf(path, sizeof(path), "%s/config.json", bundle);
  return cor_replace_file(AT_FDCWD, path, text, strlen(text), 0600, err);
}
