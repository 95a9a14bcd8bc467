/* state, kill, pause, resume, delete, list: what is done to a container that is there. */
#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "cgroup.h"
#include "commands.h"
#include "fd.h"
#include "hooks.h"
#include "oci.h"
#include "options.h"
#include "shimspec.h"

/* How long delete --force waits for a killed init to be gone. */
#define KILL_TIMEOUT_MS 10000

/* A container is made by root, who alone may. */
#define OWNER "root"

static void root_path(const struct cor_oci_state *state, char path[PATH_MAX]) {
  const char *root = state->spec->root_path ? state->spec->root_path : "";
  bool whole = root[0] == '/' || !root[0];
  if (snprintf(path, PATH_MAX, "%s%s%s", whole ? "" : state->bundle, whole ? "" : "/", root) >=
      PATH_MAX)
    path[0] = '\0';
}

int cor_cmd_state(int argc, char **argv) {
  static struct cor_oci_state state;
  struct cor_err err;
  int at = cor_options(argc, argv, NULL, 0);
  if (at < 0 || at + 1 != argc) {
    fprintf(stderr, "usage: coracle-runtime state ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  const char *status = cor_oci_status(&state);
  pid_t pid = strcmp(status, "stopped") == 0 ? 0 : state.pid;
  _cleanup_free_ char *text = cor_state_json(state.spec, state.id, state.bundle, pid, status);
  struct json_object *json = text ? json_tokener_parse(text) : NULL;
  if (!json)
    return 1;
  char rootfs[PATH_MAX];
  root_path(&state, rootfs);
  json_object_object_add(json, "rootfs", json_object_new_string(rootfs));
  json_object_object_add(json, "created", json_object_new_string(state.created));
  json_object_object_add(json, "owner", json_object_new_string(OWNER));
  puts(json_object_to_json_string_ext(json,
                                      JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(json);
  return 0;
}

static int kill_all(const struct cor_oci_state *state, int sig) {
  static struct cor_cgroup cgroup;
  struct cor_err err;
  if (cor_cgroup_find(&cgroup, state->spec, &err) < 0)
    return cor_oci_fail(&err, 1);
  cor_cgroup_open(&cgroup);
  int dirfd = cor_cgroup_process_dir(&cgroup);
  if (dirfd >= 0)
    (void)cor_cgroup_kill(dirfd, sig);
  cor_cgroup_close(&cgroup);
  return 0;
}

int cor_cmd_kill(int argc, char **argv) {
  static struct cor_oci_state state;
  struct cor_err err;
  bool all = false;
  const struct cor_option table[] = {{"all", 'a', COR_OPTION_FLAG, &all}};
  int at = COR_OPTIONS(argc, argv, table);
  if (at < 0 || at + 1 > argc || at + 2 < argc) {
    fprintf(stderr, "usage: coracle-runtime kill [--all] ID [SIGNAL]\n");
    return 2;
  }
  const char *name = at + 1 < argc ? argv[at + 1] : "SIGTERM";
  /* 0 asks whether it lives. */
  int sig = strcmp(name, "0") == 0 ? 0 : cor_signal_number(name);
  if (sig < 0) {
    cor_fail(&err, 0, "kill", name, "is not a signal");
    return cor_oci_fail(&err, 1);
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  if (all)
    return kill_all(&state, sig);
  _cleanup_close_ int pidfd = cor_oci_pidfd(&state);
  if (pidfd < 0 || pidfd_send_signal(pidfd, sig, NULL, 0) < 0) {
    cor_fail(&err, pidfd < 0 ? 0 : errno, "kill", argv[at], "container not running");
    return cor_oci_fail(&err, 1);
  }
  return 0;
}

static int freeze(int argc, char **argv, bool frozen) {
  static struct cor_oci_state state;
  struct cor_err err;
  int at = cor_options(argc, argv, NULL, 0);
  if (at < 0 || at + 1 != argc) {
    fprintf(stderr, "usage: coracle-runtime %s ID\n", argv[0]);
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  const char *status = cor_oci_status(&state);
  if (strcmp(status, "running") != 0 && strcmp(status, "paused") != 0) {
    cor_fail(&err, 0, argv[0], argv[at], "the container is %s, not running", status);
    return cor_oci_fail(&err, 1);
  }
  return cor_container_freeze(state.spec, frozen, &err) < 0 ? cor_oci_fail(&err, 1) : 0;
}

int cor_cmd_pause(int argc, char **argv) {
  return freeze(argc, argv, true);
}

int cor_cmd_resume(int argc, char **argv) {
  return freeze(argc, argv, false);
}

static int stop_by_force(const struct cor_oci_state *state, struct cor_err *err) {
  _cleanup_close_ int pidfd = cor_oci_pidfd(state);
  if (pidfd < 0)
    return 0;
  /* Frozen processes take SIGKILL once they thaw. */
  (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
  (void)cor_container_freeze(state->spec, false, NULL);
  struct pollfd end = {.fd = pidfd, .events = POLLIN};
  if (poll(&end, 1, KILL_TIMEOUT_MS) <= 0)
    return cor_fail(err, ETIMEDOUT, "kill", state->id, "its process %d does not end",
                    (int)state->pid);
  return 0;
}

/* What is left of a create that was killed before it wrote state.json: its process has died with
 * it. */
static int delete_unfinished(const char *id) {
  static struct cor_oci_state state;
  struct cor_err err;
  if (cor_oci_load_unfinished(&state, id, &err) < 0)
    return err.errno_ == ENOENT ? 0 : cor_oci_fail(&err, 1);
  if (state.spec && cor_container_cleanup(state.spec, &err) < 0)
    return cor_oci_fail(&err, 1);
  return cor_oci_remove(&state, &err) < 0 ? cor_oci_fail(&err, 1) : 0;
}

int cor_cmd_delete(int argc, char **argv) {
  static struct cor_oci_state state;
  struct cor_err err;
  bool force = false;
  const struct cor_option table[] = {{"force", 'f', COR_OPTION_FLAG, &force}};
  int at = COR_OPTIONS(argc, argv, table);
  if (at < 0 || at + 1 != argc) {
    fprintf(stderr, "usage: coracle-runtime delete [--force] ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return force && err.errno_ == ENOENT ? delete_unfinished(argv[at]) : cor_oci_fail(&err, 1);
  const char *status = cor_oci_status(&state);
  if (strcmp(status, "stopped") != 0 && !force) {
    cor_fail(&err, 0, "delete", argv[at], "the container is %s; stop it first, or use --force",
             status);
    return cor_oci_fail(&err, 1);
  }
  if (stop_by_force(&state, &err) < 0 || cor_container_cleanup(state.spec, &err) < 0)
    return cor_oci_fail(&err, 1);
  struct cor_launch launch = {.spec = state.spec, .id = state.id, .bundle = state.bundle};
  if (cor_hooks_run(&state.spec->hooks.poststop, "poststop", &launch, 0, "stopped", &err) < 0)
    (void)cor_oci_fail(&err, 0);
  if (cor_oci_remove(&state, &err) < 0)
    return cor_oci_fail(&err, 1);
  return 0;
}

static void list_one(const char *id, bool quiet, struct json_object *array) {
  static struct cor_oci_state state;
  if (cor_oci_load(&state, id, NULL) < 0)
    return; /* being made or removed this moment */
  const char *status = cor_oci_status(&state);
  int pid = strcmp(status, "stopped") == 0 ? 0 : state.pid;
  if (array) {
    struct json_object *item = json_object_new_object();
    json_object_object_add(item, "ociVersion", json_object_new_string("1.2.0"));
    json_object_object_add(item, "id", json_object_new_string(state.id));
    json_object_object_add(item, "pid", json_object_new_int(pid));
    json_object_object_add(item, "status", json_object_new_string(status));
    char rootfs[PATH_MAX];
    root_path(&state, rootfs);
    json_object_object_add(item, "bundle", json_object_new_string(state.bundle));
    json_object_object_add(item, "rootfs", json_object_new_string(rootfs));
    json_object_object_add(item, "created", json_object_new_string(state.created));
    json_object_object_add(item, "owner", json_object_new_string(OWNER));
    json_object_array_add(array, item);
  } else if (quiet) {
    puts(state.id);
  } else {
    printf("%-32s %-8d %-10s %-32s %-32s %s\n", state.id, pid, status, state.bundle, state.created,
           OWNER);
  }
  cor_oci_free(&state);
}

int cor_cmd_list(int argc, char **argv) {
  const char *format = "table";
  bool quiet = false;
  const struct cor_option table[] = {{"format", 'f', COR_OPTION_TEXT, &format},
                                     {"quiet", 'q', COR_OPTION_FLAG, &quiet}};
  int at = COR_OPTIONS(argc, argv, table);
  if (at != argc || (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)) {
    fprintf(stderr, "usage: coracle-runtime list [--format table|json] [--quiet]\n");
    return 2;
  }
  struct json_object *array = strcmp(format, "json") == 0 ? json_object_new_array() : NULL;
  if (!array && !quiet)
    printf("%-32s %-8s %-10s %-32s %-32s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED",
           "OWNER");
  DIR *dir = opendir(cor_oci.root);
  for (struct dirent *entry; dir && (entry = readdir(dir));)
    if (entry->d_name[0] != '.')
      list_one(entry->d_name, quiet, array);
  if (dir)
    closedir(dir);
  if (array) {
    puts(json_object_to_json_string_ext(array,
                                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(array);
  }
  return 0;
}
