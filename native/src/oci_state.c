/* The folder of a container of the OCI command line. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>

#include "cgroup.h"
#include "fd.h"
#include "oci.h"
#include "pid.h"

struct cor_oci_globals cor_oci = {.root = "/run/coracle-oci", .log_format = "text"};

static int check_id(const char *id, struct cor_err *err) {
  size_t length = strlen(id);
  if (!length || length > 200 || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
    return cor_fail(err, 0, "id", id, "is not a container id");
  for (const char *c = id; *c; c++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.", *c))
      return cor_fail(err, 0, "id", id, "a container id is made of letters, digits and _ + - .");
  return 0;
}

static int set_dir(struct cor_oci_state *state, const char *id, struct cor_err *err) {
  memset(state, 0, sizeof(*state));
  state->dir_fd = -1;
  if (check_id(id, err) < 0)
    return -1;
  snprintf(state->id, sizeof(state->id), "%s", id);
  if (snprintf(state->dir, sizeof(state->dir), "%s/%s", cor_oci.root, id) >=
      (int)sizeof(state->dir))
    return cor_fail(err, ENAMETOOLONG, "open", cor_oci.root, "the root's path is too long");
  return 0;
}

static int make_root(struct cor_err *err) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof(path), "%s", cor_oci.root) >= (int)sizeof(path))
    return cor_fail(err, ENAMETOOLONG, "mkdir", cor_oci.root, "the root's path is too long");
  for (char *at = path + 1;; at++) {
    if (*at && *at != '/')
      continue;
    char end = *at;
    *at = '\0';
    if (mkdir(path, 0711) < 0 && errno != EEXIST)
      return cor_fail(err, errno, "mkdir", path, "cannot make the root folder");
    if (!end)
      return 0;
    *at = end;
  }
}

unsigned long long cor_pid_start(pid_t pid) {
  char start[24];
  cor_process_start(pid, start);
  return strtoull(start, NULL, 10);
}

/* The id is held by the folder's creation; whoever comes second fails. */
int cor_oci_new(struct cor_oci_state *state, const char *id, const char *bundle,
                struct cor_err *err) {
  char path[PATH_MAX + 16];
  if (set_dir(state, id, err) < 0)
    return -1;
  if (!realpath(bundle, state->bundle))
    return cor_fail(err, errno, "open", bundle, "cannot find the bundle");
  snprintf(path, sizeof(path), "%s/config.json", state->bundle);
  if (!(state->spec = cor_spec_load(path, err)) ||
      cor_oci_cgroup_path(state->spec, state->id, err) < 0)
    return -1;
  int made = mkdir(state->dir, 0711);
  if (made < 0 && errno == ENOENT)
    made = make_root(err) < 0 ? -2 : mkdir(state->dir, 0711);
  if (made < 0)
    return made == -2 ? -1
                      : cor_fail(err, errno, "mkdir", state->dir,
                                 errno == EEXIST ? "a container of this id exists"
                                                 : "cannot make the container's folder");
  state->dir_fd = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state->dir_fd < 0)
    return cor_fail(err, errno, "open", state->dir, "cannot open the container's folder");
  struct timespec now;
  struct tm tm;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &tm);
  size_t used = strftime(state->created, sizeof(state->created), "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(state->created + used, sizeof(state->created) - used, ".%09ldZ", now.tv_nsec);
  return 0;
}

int cor_oci_save_spec(const struct cor_oci_state *state, struct cor_err *err) {
  const char *text = json_object_to_json_string_ext(
      state->spec->json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
  return cor_replace_file(state->dir_fd, "config.json", text, strlen(text), 0600, err);
}

int cor_oci_save(const struct cor_oci_state *state, struct cor_err *err) {
  struct json_object *json = json_object_new_object();
  json_object_object_add(json, "id", json_object_new_string(state->id));
  json_object_object_add(json, "pid", json_object_new_int(state->pid));
  json_object_object_add(json, "pidStart", json_object_new_uint64(state->pid_start));
  json_object_object_add(json, "bundle", json_object_new_string(state->bundle));
  json_object_object_add(json, "created", json_object_new_string(state->created));
  const char *text =
      json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
  int result = cor_replace_file(state->dir_fd, "state.json", text, strlen(text), 0600, err);
  json_object_put(json);
  return result;
}

static const char *text_of(struct json_object *json, const char *key) {
  struct json_object *value;
  return json_object_object_get_ex(json, key, &value) ? json_object_get_string(value) : "";
}

static int open_dir(struct cor_oci_state *state, const char *id, struct cor_err *err) {
  if (set_dir(state, id, err) < 0)
    return -1;
  state->dir_fd = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state->dir_fd < 0)
    return cor_fail(err, errno, "open", state->dir,
                    errno == ENOENT ? "container does not exist"
                                    : "cannot open the container's folder");
  return 0;
}

static int load_spec(struct cor_oci_state *state, struct cor_err *err) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof(path), "%s/config.json", state->dir);
  if (!(state->spec = cor_spec_load(path, err)))
    return -1;
  return cor_oci_cgroup_path(state->spec, state->id, err);
}

int cor_oci_load_unfinished(struct cor_oci_state *state, const char *id, struct cor_err *err) {
  if (open_dir(state, id, err) < 0 || load_spec(state, err) == 0)
    return state->dir_fd < 0 ? -1 : 0;
  return err->errno_ == ENOENT ? 0 : -1;
}

int cor_oci_load(struct cor_oci_state *state, const char *id, struct cor_err *err) {
  if (open_dir(state, id, err) < 0)
    return -1;
  _cleanup_free_ char *text = cor_read_file(state->dir_fd, "state.json", 65536, NULL, err);
  struct json_object *json = text ? json_tokener_parse(text) : NULL, *value;
  if (!json)
    return text ? cor_fail(err, 0, "parse state.json", state->dir, "not JSON") : -1;
  snprintf(state->bundle, sizeof(state->bundle), "%s", text_of(json, "bundle"));
  snprintf(state->created, sizeof(state->created), "%s", text_of(json, "created"));
  if (json_object_object_get_ex(json, "pid", &value))
    state->pid = json_object_get_int(value);
  if (json_object_object_get_ex(json, "pidStart", &value))
    state->pid_start = json_object_get_uint64(value);
  json_object_put(json);
  return load_spec(state, err);
}

int cor_oci_remove(struct cor_oci_state *state, struct cor_err *err) {
  static const char *const files[] = {"state.json", "config.json", "start"};
  for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
    if (unlinkat(state->dir_fd, files[i], 0) < 0 && errno != ENOENT)
      return cor_fail(err, errno, "unlinkat", files[i], "cannot remove it");
  if (rmdir(state->dir) < 0 && errno != ENOENT)
    return cor_fail(err, errno, "rmdir", state->dir, "cannot remove the container's folder");
  return 0;
}

void cor_oci_free(struct cor_oci_state *state) {
  cor_spec_free(state->spec);
  state->spec = NULL;
  cor_close_p(&state->dir_fd);
  state->dir_fd = -1;
}

int cor_oci_pidfd(const struct cor_oci_state *state) {
  if (state->pid <= 0)
    return -1;
  _cleanup_close_ int pidfd = pidfd_open(state->pid, 0);
  /* Opened first, compared then: from here on it is one process, whatever becomes of the number. */
  if (pidfd < 0 || cor_pid_start(state->pid) != state->pid_start)
    return -1;
  struct pollfd end = {.fd = pidfd, .events = POLLIN};
  if (poll(&end, 1, 0) > 0)
    return -1; /* a zombie */
  return steal_fd(&pidfd);
}

static bool is_frozen(const struct cor_oci_state *state) {
  static struct cor_cgroup cgroup;
  bool frozen = false;
  if (cor_cgroup_find(&cgroup, state->spec, NULL) < 0)
    return false;
  cor_cgroup_open(&cgroup);
  int dirfd = cor_cgroup_dir(&cgroup, "freezer");
  if (dirfd >= 0) {
    _cleanup_free_ char *text = cor_read_file(
        dirfd, cgroup.version == 2 ? "cgroup.freeze" : "freezer.state", 64, NULL, NULL);
    frozen = text && (strncmp(text, "FROZEN", 6) == 0 || strncmp(text, "1", 1) == 0);
  }
  cor_cgroup_close(&cgroup);
  return frozen;
}

const char *cor_oci_status(const struct cor_oci_state *state) {
  _cleanup_close_ int pidfd = cor_oci_pidfd(state);
  if (pidfd < 0)
    return "stopped";
  if (faccessat(state->dir_fd, "start", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return "created";
  return is_frozen(state) ? "paused" : "running";
}
