/* The parts of tree-apply (tree_apply.c): what all operations need, and those on files. */
#ifndef COR_TREE_APPLY_H
#define COR_TREE_APPLY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "err.h"
#include "tree_request.h"

enum { COR_APPLY_BUFFER = 262144, COR_APPLY_XATTRS = 65536 };

struct cor_apply_owner {
  uid_t uid;
  gid_t gid;
};

/* The first copy of a source file that has several names; `group` is the source that it came by:
 * two sources of one COPY become files of their own. */
struct linked {
  int root, group;
  dev_t device;
  ino_t inode;
  char *to;
};

/* A folder's time changes with every entry made in it, so it is set when all are made. */
struct folder_time {
  char *to;
  struct timespec mtime;
};

struct cor_apply {
  int target;
  int *roots;
  size_t root_count;
  struct cor_apply_owner *owners;
  size_t owner_count;
  char *buffer, *names;
  struct linked *linked;
  size_t linked_count, linked_room;
  struct folder_time *times;
  size_t time_count, time_room;
  bool has_time; /* of every entry, in place of the source's */
  struct timespec time;
};

/* tree_apply_place.c */
int cor_apply_fail(const char *op, const char *path, struct cor_err *err);
/* `flags` decide what it may be; a link at the end is followed only for O_NOFOLLOW-less opens. */
int cor_apply_source(const struct cor_apply *a, struct json_object *op, int flags,
                     const char **from, struct cor_err *err);
struct timespec cor_apply_time(const struct cor_apply *a, const struct stat *st);
struct cor_apply_owner cor_apply_owner_of(const struct cor_apply *a, struct json_object *op,
                                          const struct stat *st);
mode_t cor_apply_mode(struct json_object *op, const struct stat *st);
/* File capabilities and the like; only where the source is an image's. */
int cor_apply_xattrs(struct cor_apply *a, struct json_object *op, int from, int to,
                     const char *name, struct cor_err *err);
/* chown first: it clears the set-user-ID bit and capabilities. */
int cor_apply_attributes(struct cor_apply *a, struct json_object *op, int fd, const struct stat *st,
                         const char *name, struct cor_err *err);
/* Opens the folder `to`, links followed inside the root, and makes what is missing of it. */
int cor_apply_folders(struct cor_apply *a, const char *to, struct cor_apply_owner owner,
                      mode_t mode, struct cor_err *err);
/* The folder that holds the last component of `to`; what is missing is made as COPY makes it. */
int cor_apply_parent(struct cor_apply *a, struct json_object *op, const char *to, char name[256],
                     struct cor_err *err);
/* Where a link at `to` leads, inside the root and also where nothing is there yet: a file that COPY
 * names by its full path is written through it. `buffer` holds the answer if it is another path. */
const char *cor_apply_follow(struct cor_apply *a, const char *to, char buffer[PATH_MAX],
                             struct cor_err *err);

/* tree_apply_file.c: operations; `to` is where. */
int cor_apply_file(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err);
int cor_apply_data(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err);
int cor_apply_link(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err);
int cor_apply_special(struct cor_apply *a, struct json_object *op, const char *to,
                      struct cor_err *err);

#endif
