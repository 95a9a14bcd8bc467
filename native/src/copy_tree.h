/* A folder's content into another folder, as exactly as root can. */
#ifndef COR_COPY_TREE_H
#define COR_COPY_TREE_H

#include "err.h"

/* Copies what is in `from` into the empty folder `to`: files with their holes, links, hard links
 * among each other, devices (but no overlay whiteouts), with owner, mode, times and extended
 * attributes; `to` gets `from`'s own. Both descriptors stay the caller's. A container may
 * have `to` mounted and be at work in it: it can break the copy, but not lead it out of `to`. */
int cor_copy_tree(int from, int to, struct cor_err *err);

#endif
