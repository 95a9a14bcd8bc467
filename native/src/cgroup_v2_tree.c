/* Version 2: a controller acts in a folder only once its parent hands it down, and a parent that
 * hands down may hold no process itself (cgroups(7), "no internal processes"). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "fd.h"

/* Where the processes of a delegated root go. */
#define HOME "init"

static bool lists(const char *words, const char *word) {
  size_t length = strlen(word);
  for (const char *at = words; (at = strstr(at, word)); at += length)
    if ((at == words || at[-1] == ' ') && (at[length] == '\0' || strchr(" \n", at[length])))
      return true;
  return false;
}

/* The controllers that the parent has and does not hand down yet, as "+cpu +memory"; "" for none.
 * One that the kernel lacks is left out; a limit that needs it fails by its missing file. */
static int missing_controllers(int parent, char *out, size_t size, struct cor_err *err) {
  static const char *const wanted[] = {"cpu", "memory", "pids", "io", "cpuset", "hugetlb"};
  _cleanup_free_ char *has = cor_read_file(parent, "cgroup.controllers", 4096, NULL, err);
  _cleanup_free_ char *down =
      has ? cor_read_file(parent, "cgroup.subtree_control", 4096, NULL, err) : NULL;
  size_t used = 0;
  if (!down)
    return -1;
  *out = '\0';
  for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
    if (lists(has, wanted[i]) && !lists(down, wanted[i]))
      used += (size_t)snprintf(out + used, size - used, "%s+%s", used ? " " : "", wanted[i]);
  return 0;
}

/* Whether processes are in the folder itself. The root of all may hold them and hand down none the
 * less: it is the one without a type. */
static bool holds_processes(int dir) {
  if (faccessat(dir, "cgroup.type", F_OK, 0) < 0)
    return false;
  _cleanup_free_ char *list = cor_read_file(dir, "cgroup.procs", 1 << 20, NULL, NULL);
  return list && *list;
}

/* Inside a container, or in a subtree that an administrator has given, the processes that are there
 * already are in the root of all that can be seen, this one among them. They move one folder down.
 * Those that fork meanwhile are met in the next round. */
static int move_down(int root, struct cor_err *err) {
  if (mkdirat(root, HOME, 0755) < 0 && errno != EEXIST)
    return cor_fail(err, errno, "mkdirat", COR_CGROUP_ROOT "/" HOME, "cannot make the cgroup");
  _cleanup_close_ int home = openat(root, HOME, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (home < 0)
    return cor_fail(err, errno, "openat", COR_CGROUP_ROOT "/" HOME, "cannot open the cgroup");
  for (int round = 0; round < 100 && holds_processes(root); round++) {
    _cleanup_free_ char *list = cor_read_file(root, "cgroup.procs", 1 << 20, NULL, err);
    char *save = NULL;
    if (!list)
      return -1;
    /* Whoever cannot be moved, or has ended, is seen by who is left. "0" is a process of an outer
     * pid namespace, and would move this one. */
    for (char *pid = strtok_r(list, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
      if (strcmp(pid, "0") != 0)
        (void)cor_write_file(home, "cgroup.procs", pid);
  }
  return holds_processes(root)
             ? cor_fail(err, EBUSY, "cgroup", COR_CGROUP_ROOT,
                        "processes that cannot be moved out of it keep its controllers from "
                        "being handed down")
             : 0;
}

int cor_cgroup_v2_hand_down(int parent, bool is_root, const char *path, struct cor_err *err) {
  char controllers[64];
  if (missing_controllers(parent, controllers, sizeof(controllers), err) < 0)
    return -1;
  if (!*controllers)
    return 0;
  /* Asked for before anything is written: the controllers that work by threads (cpu, cpuset, pids)
   * could be handed down nevertheless, and what is below would take no process any more. */
  if (holds_processes(parent)) {
    if (!is_root)
      return cor_fail(err, EBUSY, "cgroup", path,
                      "a cgroup above the container's holds processes itself, which keeps its "
                      "controllers from being handed down");
    if (move_down(parent, err) < 0)
      return -1;
  }
  if (cor_write_file(parent, "cgroup.subtree_control", controllers) == 0)
    return 0;
  /* All or none is refused: each for itself, as one may be out of reach (a cpuset partition, a
   * controller with a realtime process). */
  char *save = NULL;
  for (char *one = strtok_r(controllers, " ", &save); one; one = strtok_r(NULL, " ", &save))
    (void)cor_write_file(parent, "cgroup.subtree_control", one);
  return 0;
}
