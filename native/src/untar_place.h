/* Where the names of an archive lie: always below one root folder, whatever they say and whatever
 * links earlier entries have put in the way.
 */
#ifndef COR_UNTAR_PLACE_H
#define COR_UNTAR_PLACE_H

#include <limits.h>

#include "err.h"

struct cor_place {
  int root;
  int parent; /* last one found; -1: none */
  char parent_name[PATH_MAX];
};

/* Rewrites a name to its shortest form without a leading slash, ".", "..", doubled slashes; "" is
 * the root. A name that climbs above the root is refused. */
int cor_place_clean(const char *name, char clean[PATH_MAX], struct cor_err *err);

/* The folder that holds the cleaned `name`, made where it is missing, and the last component. The
 * descriptor is the cache's. */
int cor_place_find(struct cor_place *place, const char *name, int *dirfd, const char **base,
                   struct cor_err *err);

/* To be called when a folder or a link has been removed: a cached parent may lie below it. */
void cor_place_forget(struct cor_place *place);

#endif
