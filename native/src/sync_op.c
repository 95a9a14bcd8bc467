/* "files.sync": a request's paths, into one container. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "fd.h"
#include "live_root.h"
#include "rootfs.h"
#include "sync_files.h"

enum { FAILURES_MAX = 20 };

#ifndef SYSFS_MAGIC
#define SYSFS_MAGIC 0x62656572
#endif

static int target_error(int errno_, const char *path, struct cor_err *err) {
  const char *why = errno_ == ENOTDIR ? "it is not a folder"
                    : errno_ == EROFS ? "it is on a read-only file system"
                                      : "cannot open it";
  return cor_fail(err, errno_, "target", path, "%s", why);
}

/* Opens the rule's folder in the container; links on the way lead to where they lead in there. What
 * is missing is made and belongs to the service's user, who could not write in it otherwise. */
static int open_target(const struct cor_live_root *root, const char *path, struct cor_err *err) {
  int fd = cor_root_open(root->fd, path, O_RDONLY | O_DIRECTORY, 0);
  if (fd >= 0)
    return fd;
  if (errno != ENOENT)
    return target_error(errno, path, err);
  char above[PATH_MAX], name[256];
  if (snprintf(above, sizeof(above), "%s", path) >= (int)sizeof(above))
    return target_error(ENAMETOOLONG, path, err);
  char *slash = strrchr(above, '/');
  if (!slash || (slash == above && slash[1] == '\0'))
    return target_error(ENOENT, path, err);
  snprintf(name, sizeof(name), "%s", slash + 1);
  slash[slash == above] = '\0';
  _cleanup_close_ int parent = open_target(root, above, err);
  if (parent < 0)
    return -1;
  if (*name != '\0' && mkdirat(parent, name, 0755) < 0)
    return target_error(errno, path, err);
  if (*name != '\0' && fchownat(parent, name, root->uid, root->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return target_error(errno, path, err);
  fd = cor_root_open(root->fd, path, O_RDONLY | O_DIRECTORY, 0);
  return fd < 0 ? target_error(errno, path, err) : fd;
}

/* A rule about one file may name the folder it goes to: then it keeps its name. Returns the folder,
 * and in `name` the file's. */
static int open_file_target(const struct cor_live_root *root, const char *target, const char *as,
                            char name[256], struct cor_err *err) {
  char path[PATH_MAX];
  struct stat st;
  bool slash = *target && target[strlen(target) - 1] == '/';
  _cleanup_close_ int there = cor_root_open(root->fd, target, O_PATH, 0);
  if (slash || (there >= 0 && fstat(there, &st) == 0 && S_ISDIR(st.st_mode))) {
    snprintf(name, 256, "%s", as);
    return open_target(root, target, err);
  }
  if (snprintf(path, sizeof(path), "%s", target) >= (int)sizeof(path))
    return target_error(ENAMETOOLONG, target, err);
  char *last = strrchr(path, '/');
  if (!last)
    return target_error(EINVAL, target, err);
  snprintf(name, 256, "%s", last + 1);
  last[last == path] = '\0';
  return open_target(root, path, err);
}

/* The kernel's own file systems hold no files to sync, and writing there changes the machine. */
static bool is_kernels(int fd) {
  return cor_fd_is_fs(fd, PROC_SUPER_MAGIC) || cor_fd_is_fs(fd, SYSFS_MAGIC) ||
         cor_fd_is_fs(fd, CGROUP_SUPER_MAGIC) || cor_fd_is_fs(fd, CGROUP2_SUPER_MAGIC);
}

static void add_number(struct cor_sbuf *list, size_t number) {
  cor_sbuf_fmt(list, "%s%zu", list->len ? "," : "", number);
}

static void sync_all(struct cor_sync *sync, struct json_object *paths, const char *name,
                     struct cor_sbuf *answer) {
  cor_sbuf_auto written = {0}, removed = {0}, failed = {0};
  size_t failures = 0;
  for (size_t i = 0; i < json_object_array_length(paths); i++) {
    struct cor_err err = {0};
    const char *path = json_object_get_string(json_object_array_get_idx(paths, i));
    int result = cor_sync_path(sync, path, *name ? name : path, &err);
    if (result == COR_SYNC_WRITTEN)
      add_number(&written, i);
    else if (result == COR_SYNC_REMOVED)
      add_number(&removed, i);
    else if (result < 0 && failures++ < FAILURES_MAX) {
      char json[2048];
      cor_err_json(&err, json, sizeof(json));
      cor_sbuf_fmt(&failed, "%s%s", failed.len ? "," : "", json);
    }
  }
  cor_sbuf_fmt(answer, "{\"written\":[%s],\"removed\":[%s],\"failed\":[%s],\"failures\":%zu}",
               written.data ? written.data : "", removed.data ? removed.data : "",
               failed.data ? failed.data : "", failures);
}

int cor_files_sync(struct json_object *request, struct cor_sbuf *answer, struct cor_err *err) {
  const char *from = cor_client_string(request, "source"),
             *to = cor_client_string(request, "target"), *as = cor_client_string(request, "as");
  struct json_object *paths, *since;
  struct cor_live_root root = {.fd = -1};
  struct cor_sync sync = {.compare = cor_client_flag(request, "compare")};
  char name[256] = "";
  json_object_object_get_ex(request, "paths", &paths);
  json_object_object_get_ex(request, "sinceMs", &since);
  sync.since_ns = json_object_get_int64(since) * 1000000;
  /* Before the step into the container, from where the host is out of reach. */
  _cleanup_close_ int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (source < 0)
    return cor_fail(err, errno, "source", from, "cannot open the folder");
  if (cor_live_root_enter(cor_client_string(request, "dir"), cor_client_string(request, "run"),
                          &root, err) < 0)
    return -1;
  int target = *as ? open_file_target(&root, to, as, name, err) : open_target(&root, to, err);
  close(root.fd);
  if (target < 0)
    return -1;
  if (is_kernels(target)) {
    close(target);
    return cor_fail(err, EINVAL, "target", to, "it is a file system of the kernel's own");
  }
  sync.uid = root.uid;
  sync.gid = root.gid;
  if (cor_sync_open(&sync, steal_fd(&source), target, err) < 0)
    return -1;
  sync_all(&sync, paths, name, answer);
  cor_sync_close(&sync);
  return 0;
}
