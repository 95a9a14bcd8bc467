#include "spec_user.h"

#include <stdio.h>
#include <string.h>

#include "passwd.h"

#define GROUPS_MAX 128

static const char *annotation(const struct cor_spec *spec, const char *key) {
  for (size_t i = 0; i < spec->annotations.count; i++)
    if (strcmp(spec->annotations.items[i].key, key) == 0)
      return spec->annotations.items[i].value;
  return NULL;
}

bool cor_spec_has_init(const struct cor_spec *spec) {
  const char *value = annotation(spec, "coracle.init");
  return value && strcmp(value, "true") == 0;
}

static int add_group(int root_fd, const char *name, size_t size, gid_t *groups, size_t *count,
                     struct cor_err *err) {
  char text[300];
  struct cor_user found;
  if (*count == GROUPS_MAX || size == 0 || size > 255)
    return cor_fail(err, 0, "user", "coracle.groups", "too many groups, or not a group's name");
  snprintf(text, sizeof(text), "0:%.*s", (int)size, name);
  if (cor_user_find(root_fd, text, &found, err) < 0)
    return -1;
  groups[(*count)++] = found.gid;
  return 0;
}

int cor_spec_user(int root_fd, const struct cor_spec *spec, struct cor_process *process,
                  struct cor_err *err) {
  static struct cor_user user;
  static gid_t groups[GROUPS_MAX];
  const char *name = annotation(spec, "coracle.user"), *more = annotation(spec, "coracle.groups");
  if (!name)
    return 0;
  /* Root's groups are in the container's files too, so it is looked up like any other. */
  if (cor_user_find(root_fd, *name ? name : "0", &user, err) < 0)
    return -1;
  size_t count = 0;
  for (; count < user.group_count && count < GROUPS_MAX; count++)
    groups[count] = user.groups[count];
  for (const char *at = more; at && *at;) {
    size_t size = strcspn(at, ",");
    if (add_group(root_fd, at, size, groups, &count, err) < 0)
      return -1;
    at += size + (at[size] == ',');
  }
  process->uid = user.uid;
  process->gid = user.gid;
  process->groups = groups;
  process->group_count = count;
  if (user.uid != 0)
    process->caps.effective = process->caps.permitted = process->caps.inheritable =
        process->caps.ambient = 0;
  return 0;
}
