/* A folder tree as a tar archive, read by descriptors alone: the tree may be a container's, which
 * changes it meanwhile. No link is followed, no pipe or device opened.
 */
#ifndef COR_TAR_TREE_H
#define COR_TAR_TREE_H

#include <stdbool.h>

#include "tar_writer.h"

enum cor_tar_kind {
  COR_TAR_TREE,  /* everything, volumes too; file systems of the kernel as empty folders */
  COR_TAR_LAYER, /* an overlay's upper folder: what it hides becomes whiteouts (OCI image-spec) */
};

/* Archives `name` in dirfd, and what is below it, under the name `as`; "." puts what is below a
 * folder at the top. */
int cor_tar_tree(struct cor_tar_writer *tar, int dirfd, const char *name, const char *as,
                 enum cor_tar_kind kind, struct cor_err *err);

/* A folder's entries but "." and "..", sorted; the caller frees each name and the list. -1 with
 * errno. */
int cor_folder_names(int fd, char ***names, size_t *count);

/* True for what the runtime itself made in an upper folder to mount over: no change of the
 * container's. `path` has no leading slash. */
bool cor_layer_placeholder(const char *path, const struct stat *st);

/* True for /proc, /sys and their like: nothing in there is a container's file. */
bool cor_is_kernel_fs(int fd);

#endif
