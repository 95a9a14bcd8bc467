/* The processes of a cgroup and of the folders that a container has made below it. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "fd.h"

/* Deeper than any tree that is meant; bounds the recursion in what the container has made. */
#define DEPTH_MAX 64

int cor_cgroup_process_dir(const struct cor_cgroup *cgroup) {
  int fd = cor_cgroup_dir(cgroup, "freezer");
  for (size_t i = 0; fd < 0 && i < cgroup->count; i++)
    fd = cgroup->hierarchies[i].fd;
  return fd;
}

static int visit_below(int dirfd, int depth, bool (*visit)(pid_t pid, void *arg), void *arg) {
  int count = 0;
  _cleanup_free_ char *text = cor_read_file(dirfd, "cgroup.procs", 16 << 20, NULL, NULL);
  char *save = NULL;
  for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
       line = strtok_r(NULL, "\n", &save)) {
    pid_t pid = (pid_t)strtol(line, NULL, 10);
    /* 0 stands for a process of a pid namespace that is not below ours. */
    if (pid > 0 && visit(pid, arg))
      count++;
  }
  int copy = depth < DEPTH_MAX ? openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
      continue;
    _cleanup_close_ int child =
        openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (child >= 0)
      count += visit_below(child, depth + 1, visit, arg);
  }
  if (dir)
    closedir(dir);
  return count;
}

int cor_cgroup_visit(int dirfd, bool (*visit)(pid_t pid, void *arg), void *arg) {
  return visit_below(dirfd, 0, visit, arg);
}

static bool send_signal(pid_t pid, void *arg) {
  return kill(pid, *(const int *)arg) == 0;
}

int cor_cgroup_kill(int dirfd, int sig) {
  return visit_below(dirfd, 0, send_signal, &sig);
}
