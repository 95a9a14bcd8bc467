/* Removing folders with everything in them, as root, where a container may have written anything.
 */
#ifndef COR_TREE_H
#define COR_TREE_H

#include "err.h"

/* Removes `path` and what is below it. Never follows a link and never enters another mount (a
 * folder that is still a mount point fails with EXDEV or EBUSY); any depth, with two descriptors. A
 * missing path is success. Stops at the first thing that cannot be removed and names it. */
int cor_tree_remove(const char *path, struct cor_err *err);

/* Same for the entry `name` of an open folder; `name` is one component. */
int cor_tree_remove_at(int dirfd, const char *name, struct cor_err *err);

#endif
