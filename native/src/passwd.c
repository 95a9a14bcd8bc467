#include "passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "rootfs.h"

#define FILE_MAX (4u << 20)

/* NULL where there is no such file; the container may have put anything in its place, a FIFO that
 * never ends included. */
static char *read_regular(int root_fd, const char *path) {
  struct stat st;
  _cleanup_close_ int fd = cor_root_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
    return NULL;
  size_t size = st.st_size < FILE_MAX ? (size_t)st.st_size : FILE_MAX;
  _cleanup_free_ char *text = malloc(size + 1);
  ssize_t n = text ? cor_read_full(fd, text, size) : -1;
  if (n < 0)
    return NULL;
  text[n] = '\0';
  return steal_ptr(&text);
}

static bool number(const char *text, uint32_t *out) {
  char *end;
  errno = 0;
  if (!*text || strspn(text, "0123456789") != strlen(text))
    return false;
  unsigned long value = strtoul(text, &end, 10);
  if (errno || value >= UINT32_MAX)
    return false;
  *out = (uint32_t)value;
  return true;
}

/* Cuts a line into its fields at ':'; returns their number. */
static int split(char *line, char *fields[], int max) {
  int count = 0;
  while (line && count < max) {
    fields[count++] = line;
    line = strchr(line, ':');
    if (line)
      *line++ = '\0';
  }
  return count;
}

/* By name, or where that is NULL by uid. Fills uid, gid, home, and the name if it is wanted. */
static bool find_passwd(char *text, const char *name, uid_t uid, struct cor_user *user, char *login,
                        size_t login_size) {
  char *save = NULL, *fields[7];
  uint32_t found_uid, found_gid;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    int count = split(line, fields, 7);
    if (count < 6 || !number(fields[2], &found_uid) || !number(fields[3], &found_gid))
      continue;
    if (name ? strcmp(fields[0], name) != 0 : found_uid != uid)
      continue;
    user->uid = found_uid;
    user->gid = found_gid;
    snprintf(user->home, sizeof(user->home), "%s", fields[5]);
    if (login)
      snprintf(login, login_size, "%s", fields[0]);
    return true;
  }
  return false;
}

static bool lists_member(const char *members, const char *login) {
  size_t length = strlen(login);
  for (const char *at = members; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, login, length) == 0 && (at[length] == ',' || at[length] == '\0'))
      return true;
  return false;
}

/* Supplementary groups of a login, or the gid of a group by name. */
static bool find_group(char *text, const char *group, const char *login, struct cor_user *user) {
  char *save = NULL, *fields[4];
  uint32_t gid;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    int count = split(line, fields, 4);
    if (count < 3 || !number(fields[2], &gid))
      continue;
    if (group && strcmp(fields[0], group) == 0) {
      user->gid = gid;
      return true;
    }
    if (login && count == 4 && lists_member(fields[3], login) &&
        user->group_count < sizeof(user->groups) / sizeof(*user->groups))
      user->groups[user->group_count++] = gid;
  }
  return !group;
}

int cor_user_find(int root_fd, const char *text, struct cor_user *user, struct cor_err *err) {
  char name[256], login[256] = "";
  memset(user, 0, sizeof(*user));
  size_t length = strcspn(text, ":");
  if (length >= sizeof(name))
    return cor_fail(err, 0, "user", text, "the name is too long");
  memcpy(name, text, length);
  name[length] = '\0';
  const char *group = text[length] ? text + length + 1 : NULL;

  _cleanup_free_ char *passwd = read_regular(root_fd, "/etc/passwd");
  uint32_t id;
  if (number(name, &id)) {
    user->uid = id;
    if (passwd)
      find_passwd(passwd, NULL, id, user, login, sizeof(login));
  } else if (*name && (!passwd || !find_passwd(passwd, name, 0, user, login, sizeof(login)))) {
    return cor_fail(err, 0, "user", text, "the container's /etc/passwd has no user \"%s\"", name);
  }
  _cleanup_free_ char *groups = read_regular(root_fd, "/etc/group");
  if (group && number(group, &id))
    user->gid = id;
  else if (group && (!groups || !find_group(groups, group, NULL, user)))
    return cor_fail(err, 0, "user", text, "the container's /etc/group has no group \"%s\"", group);
  /* The primary group is a supplementary one too: a process that changes its primary group would
   * otherwise shed a group that files deny access to (CVE-2022-36109). */
  user->groups[user->group_count++] = user->gid;
  if (!group && groups && *login)
    find_group(groups, NULL, login, user);
  return 0;
}

void cor_user_home(int root_fd, uid_t uid, char *home, size_t size) {
  struct cor_user user = {0};
  _cleanup_free_ char *passwd = read_regular(root_fd, "/etc/passwd");
  bool found = passwd && find_passwd(passwd, NULL, uid, &user, NULL, 0);
  snprintf(home, size, "%s", found && *user.home ? user.home : "/");
}
