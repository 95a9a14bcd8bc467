/* Users and groups of a container, from its own /etc/passwd and /etc/group. */
#ifndef COR_PASSWD_H
#define COR_PASSWD_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct cor_user {
  uid_t uid;
  gid_t gid;
  gid_t groups[64];
  size_t group_count;
  char home[256]; /* "" where there is none */
};

/* Looks a "uid", "uid:gid", "name" or "name:group" up inside the root. A numeric user need not be
 * listed. */
int cor_user_find(int root_fd, const char *text, struct cor_user *user, struct cor_err *err);
/* The home of a numeric user; "/" where none is listed. */
void cor_user_home(int root_fd, uid_t uid, char *home, size_t size);

#endif
