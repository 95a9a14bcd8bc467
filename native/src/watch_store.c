#include "watch_store.h"

#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sbuf.h"

static int compare_path(const void *a, const void *b) {
  const struct cor_watch_folder *one = a, *two = b;
  return strcmp(one->path, two->path);
}

static int compare_wd(const void *a, const void *b) {
  const struct cor_watch_folder *one = a, *two = b;
  return one->wd < two->wd ? -1 : one->wd > two->wd;
}

struct cor_watch_folder *cor_watch_by_path(const struct cor_watch_store *store, const char *path) {
  struct cor_watch_folder key = {.path = (char *)(uintptr_t)path}, **found;
  found = tfind(&key, &store->by_path, compare_path);
  return found ? *found : NULL;
}

struct cor_watch_folder *cor_watch_by_wd(const struct cor_watch_store *store, int wd) {
  struct cor_watch_folder key = {.wd = wd}, **found;
  found = tfind(&key, &store->by_wd, compare_wd);
  return found ? *found : NULL;
}

void cor_watch_set_wd(struct cor_watch_store *store, struct cor_watch_folder *folder, int wd) {
  if (folder->wd >= 0)
    tdelete(folder, &store->by_wd, compare_wd);
  /* One folder seen at two paths has one descriptor: the path that was added last is told. */
  struct cor_watch_folder *other = wd < 0 ? NULL : cor_watch_by_wd(store, wd);
  if (other) {
    tdelete(other, &store->by_wd, compare_wd);
    other->wd = -1;
  }
  folder->wd = wd;
  if (wd >= 0)
    tsearch(folder, &store->by_wd, compare_wd);
}

struct cor_watch_folder *cor_watch_add(struct cor_watch_store *store, const char *path, int wd,
                                       char **only) {
  struct cor_watch_folder *folder = calloc(1, sizeof(*folder));
  if (folder) {
    *folder = (struct cor_watch_folder){.wd = -1, .path = strdup(path), .only = only};
    if (folder->path && tsearch(folder, &store->by_path, compare_path)) {
      cor_watch_set_wd(store, folder, wd);
      return folder;
    }
    free(folder->path);
  }
  free(folder);
  return NULL;
}

void cor_watch_remove(struct cor_watch_store *store, struct cor_watch_folder *folder) {
  tdelete(folder, &store->by_path, compare_path);
  if (folder->wd >= 0)
    tdelete(folder, &store->by_wd, compare_wd);
  for (size_t i = 0; i < folder->count; i++)
    free(folder->entries[i].name);
  for (char **name = folder->only; name && *name; name++)
    free(*name);
  free(folder->only);
  free(folder->entries);
  free(folder->path);
  free(folder);
}

struct below {
  const char *path;
  size_t length, count, room;
  struct cor_watch_folder **found;
};

static void collect(const void *node, VISIT visit, void *data) {
  struct below *below = data;
  struct cor_watch_folder *folder = *(struct cor_watch_folder *const *)node;
  /* In order of their paths: "a" stands before "a/b". */
  if (visit != postorder && visit != leaf)
    return;
  if (strncmp(folder->path, below->path, below->length) != 0 ||
      (below->length > 0 && folder->path[below->length] != '\0' &&
       folder->path[below->length] != '/'))
    return;
  if (below->count == below->room) {
    below->room = below->room ? below->room * 2 : 64;
    struct cor_watch_folder **grown = realloc(below->found, below->room * sizeof(*grown));
    if (!grown)
      abort();
    below->found = grown;
  }
  below->found[below->count++] = folder;
}

struct cor_watch_folder **cor_watch_below(const struct cor_watch_store *store, const char *path,
                                          size_t *count) {
  struct below below = {.path = path, .length = strlen(path)};
  twalk_r(store->by_path, collect, &below);
  *count = below.count;
  return below.found;
}

static size_t find_entry(const struct cor_watch_folder *folder, const char *name, bool *found) {
  size_t low = 0, high = folder->count;
  *found = false;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(folder->entries[middle].name, name);
    if (order == 0) {
      *found = true;
      return middle;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool cor_watch_note(struct cor_watch_folder *folder, const char *name, uint64_t print) {
  bool found;
  size_t at = find_entry(folder, name, &found);
  struct cor_watch_entry *entry = folder->entries + at;
  if (found && print == entry->print)
    return false;
  if (found && print != 0) {
    entry->print = print;
    return true;
  }
  if (found) {
    free(entry->name);
    memmove(entry, entry + 1, (folder->count - at - 1) * sizeof(*entry));
    folder->count--;
    return true;
  }
  if (print == 0)
    return false;
  if (folder->count == folder->room) {
    size_t room = folder->room ? folder->room * 2 : 8;
    struct cor_watch_entry *grown = realloc(folder->entries, room * sizeof(*grown));
    if (!grown)
      abort();
    folder->entries = grown;
    folder->room = room;
    entry = grown + at;
  }
  memmove(entry + 1, entry, (folder->count - at) * sizeof(*entry));
  *entry = (struct cor_watch_entry){strdup(name), print};
  if (!entry->name)
    abort();
  folder->count++;
  return true;
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

uint64_t cor_watch_print(int dirfd, const char *name, bool *is_folder) {
  struct stat st;
  *is_folder = false;
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return 0;
  *is_folder = S_ISDIR(st.st_mode);
  uint64_t hash = mix(mix(1, st.st_mode), st.st_ino);
  /* A folder's time and size tell of its entries, which are watched themselves. */
  if (!*is_folder)
    hash = mix(mix(mix(hash, (uint64_t)st.st_size), (uint64_t)st.st_mtim.tv_sec),
               (uint64_t)st.st_mtim.tv_nsec);
  return hash | 1;
}

bool cor_watch_concerns(const struct cor_watch_folder *folder, const char *name) {
  if (!folder->only)
    return true;
  for (char **only = folder->only; *only; only++)
    if (strcmp(*only, name) == 0)
      return true;
  return false;
}

bool cor_watch_tellable(const char *name) {
  cor_sbuf_auto text = {0};
  cor_sbuf_json_str(&text, name);
  return strstr(text.data ? text.data : "", "\xef\xbf\xbd") == NULL ||
         strstr(name, "\xef\xbf\xbd") != NULL;
}
