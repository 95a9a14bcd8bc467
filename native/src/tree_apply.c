/* coracle-runtime tree-apply: makes folders and copies files, links and given contents into a root,
 * for COPY, ADD and WORKDIR. The image that is written to has shaped that root, and the sources may
 * be of a hostile image, too: every path is resolved inside its own root, and what was found is
 * used by descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "fd.h"
#include "passwd.h"
#include "rootfs.h"
#include "tree.h"
#include "tree_apply.h"

static int remember_time(struct cor_apply *a, const char *to, struct timespec mtime,
                         struct cor_err *err) {
  if (a->time_count == a->time_room) {
    size_t room = a->time_room == 0 ? 64 : a->time_room * 2;
    void *grown = realloc(a->times, room * sizeof(*a->times));
    if (grown == NULL)
      return cor_apply_fail("malloc", to, err);
    a->times = grown;
    a->time_room = room;
  }
  char *copy = strdup(to);
  if (copy == NULL)
    return cor_apply_fail("malloc", to, err);
  a->times[a->time_count++] = (struct folder_time){copy, mtime};
  return 0;
}

static int op_mkdir(struct cor_apply *a, struct json_object *op, const char *to,
                    struct cor_err *err) {
  _cleanup_close_ int fd =
      cor_apply_folders(a, to, cor_apply_owner_of(a, op, NULL),
                        (mode_t)cor_request_int(op, "mode", 0755) & 07777, err);
  return fd < 0 ? -1 : 0;
}

/* A source folder's entry: made, or the one that is there gets its attributes. At the top, the
 * folder is the destination, which is no copy: made as any missing folder, else left as it is. */
static int op_dir(struct cor_apply *a, struct json_object *op, const char *to,
                  struct cor_err *err) {
  const char *from;
  char name[256];
  struct stat st;
  _cleanup_close_ int in = cor_apply_source(a, op, O_RDONLY | O_DIRECTORY, &from, err);
  if (in < 0)
    return -1;
  if (fstat(in, &st) < 0)
    return cor_apply_fail("stat", from, err);
  if (cor_request_int(op, "top", 0) != 0)
    return op_mkdir(a, op, to, err);
  _cleanup_close_ int out = -1;
  _cleanup_close_ int parent = cor_apply_parent(a, op, to, name, err);
  if (parent < 0)
    return -1;
  if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
    return cor_apply_fail("mkdir", to, err);
  out = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (out < 0)
    return cor_fail(err, errno, "mkdir", to, "cannot copy a folder to what is none");
  if (cor_apply_attributes(a, op, out, &st, to, err) < 0 ||
      cor_apply_xattrs(a, op, in, out, to, err) < 0)
    return -1;
  return remember_time(a, to, cor_apply_time(a, &st), err);
}

static const struct {
  const char *name;
  int (*run)(struct cor_apply *a, struct json_object *op, const char *to, struct cor_err *err);
} operations[] = {
    {"mkdir", op_mkdir},      {"dir", op_dir},          {"file", cor_apply_file},
    {"data", cor_apply_data}, {"link", cor_apply_link}, {"special", cor_apply_special},
};

static int run_op(struct cor_apply *a, struct json_object *op, struct cor_err *err) {
  const char *name = cor_request_string(op, "op", err);
  const char *to = name != NULL ? cor_request_string(op, "to", err) : NULL;
  if (to == NULL)
    return -1;
  for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
    if (strcmp(operations[i].name, name) == 0)
      return operations[i].run(a, op, to, err);
  return cor_fail(err, 0, "parse", name, "unknown operation");
}

static int read_owners(struct cor_apply *a, struct json_object *request, struct cor_err *err) {
  struct json_object *array = cor_request_array(request, "owners", err);
  if (array == NULL)
    return -1;
  size_t count = json_object_array_length(array);
  if ((a->owners = calloc(count + 1, sizeof(*a->owners))) == NULL)
    return cor_fail(err, ENOMEM, "calloc", "", "out of memory");
  for (; a->owner_count < count; a->owner_count++) {
    struct cor_user user;
    const char *text = json_object_get_string(json_object_array_get_idx(array, a->owner_count));
    if (text == NULL || cor_user_find(a->target, text, &user, err) < 0)
      return -1;
    a->owners[a->owner_count] = (struct cor_apply_owner){user.uid, user.gid};
  }
  return 0;
}

static int open_roots(struct cor_apply *a, struct json_object *request, struct cor_err *err) {
  struct json_object *target = NULL, *array = cor_request_array(request, "roots", err);
  if (array == NULL)
    return -1;
  if (!json_object_object_get_ex(request, "target", &target))
    return cor_fail(err, 0, "parse", "target", "the request lacks \"target\"");
  size_t count = json_object_array_length(array);
  if ((a->roots = calloc(count + 1, sizeof(*a->roots))) == NULL)
    return cor_fail(err, ENOMEM, "calloc", "", "out of memory");
  for (; a->root_count < count; a->root_count++) {
    int fd = cor_request_root(json_object_array_get_idx(array, a->root_count), err);
    if (fd < 0)
      return -1;
    a->roots[a->root_count] = fd;
  }
  return (a->target = cor_request_root(target, err)) < 0 ? -1 : 0;
}

static int set_times(struct cor_apply *a, struct cor_err *err) {
  for (size_t i = 0; i < a->time_count; i++) {
    const struct folder_time *t = &a->times[i];
    _cleanup_close_ int fd = cor_root_open(a->target, t->to, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || futimens(fd, (struct timespec[2]){t->mtime, t->mtime}) < 0)
      return cor_apply_fail("utimensat", t->to, err);
  }
  return 0;
}

static int apply_all(struct cor_apply *a, struct json_object *request, struct cor_err *err) {
  struct json_object *ops = cor_request_array(request, "ops", err);
  if (ops == NULL || open_roots(a, request, err) < 0 || read_owners(a, request, err) < 0)
    return -1;
  a->time.tv_sec = cor_request_int(request, "time", -1);
  a->has_time = a->time.tv_sec >= 0;
  for (size_t i = 0; i < json_object_array_length(ops); i++)
    if (run_op(a, json_object_array_get_idx(ops, i), err) < 0)
      return -1;
  return set_times(a, err);
}

static void release(struct cor_apply *a) {
  while (a->root_count > 0)
    close(a->roots[--a->root_count]);
  while (a->linked_count > 0)
    free(a->linked[--a->linked_count].to);
  while (a->time_count > 0)
    free(a->times[--a->time_count].to);
  cor_close_p(&a->target);
  free(a->roots);
  free(a->owners);
  free(a->linked);
  free(a->times);
  free(a->buffer);
  free(a->names);
}

int cor_cmd_tree_apply(int argc, char **argv) {
  (void)argv;
  struct cor_err err = {0};
  struct cor_apply a = {
      .target = -1, .buffer = malloc(COR_APPLY_BUFFER), .names = malloc(COR_APPLY_XATTRS)};
  if (argc != 1) {
    fputs("usage: coracle-runtime tree-apply <REQUEST\n", stderr);
    return 2;
  }
  struct json_object *request = cor_request_read(&err);
  int result = -1;
  umask(0);
  if (a.buffer == NULL || a.names == NULL)
    cor_fail(&err, ENOMEM, "malloc", "", "out of memory");
  else if (request != NULL)
    result = apply_all(&a, request, &err);
  release(&a);
  json_object_put(request);
  return result < 0 ? cor_request_fail(&err) : 0;
}
