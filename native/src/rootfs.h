/* Paths inside a root file system that a container may have shaped, or may be shaping right now.
 *
 * Every look-up goes through openat2 with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS relative to the
 * root's own descriptor: links lead to where they lead inside the container, and nowhere else. What
 * is found is used by descriptor only, never by path again.
 */
#ifndef COR_ROOTFS_H
#define COR_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Opens `path` inside the root; extra RESOLVE_ bits in `resolve`. Returns a descriptor
 * (close-on-exec), or -1 with errno. */
int cor_root_open(int root_fd, const char *path, int flags, uint64_t resolve);

/* Opens (O_PATH) what is to be mounted over, making missing folders and, with `is_dir` false, an
 * empty file. */
int cor_root_target(int root_fd, const char *path, bool is_dir, struct cor_err *err);

/* Opens (O_PATH) the folder that holds `path`'s last component, making missing folders; copies that
 * component to name. */
int cor_root_parent(int root_fd, const char *path, char name[256], struct cor_err *err);

/* True where fd lies on a file system of this kind (PROC_SUPER_MAGIC, …). */
bool cor_fd_is_fs(int fd, long magic);

#endif
