/* What the tree watch knows: the folders that it watches, and the entries of each with a
 * fingerprint, so that after a lost event it can tell what has changed. */
#ifndef COR_WATCH_STORE_H
#define COR_WATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cor_watch_entry {
  char *name;
  uint64_t print; /* of type, mode, size, inode and modification time; never 0 */
};

struct cor_watch_folder {
  int wd;
  char *path;
  char **only;                     /* the names that matter, NULL at the end; NULL: all */
  struct cor_watch_entry *entries; /* by name */
  size_t count, room;
};

struct cor_watch_store {
  void *by_path, *by_wd; /* of tsearch(3) */
};

/* NULL where there is none. */
struct cor_watch_folder *cor_watch_by_path(const struct cor_watch_store *store, const char *path);
struct cor_watch_folder *cor_watch_by_wd(const struct cor_watch_store *store, int wd);

/* Takes `only` over. NULL: no memory. The path must be new; a folder with that wd gives it up. */
struct cor_watch_folder *cor_watch_add(struct cor_watch_store *store, const char *path, int wd,
                                       char **only);
void cor_watch_set_wd(struct cor_watch_store *store, struct cor_watch_folder *folder, int wd);
void cor_watch_remove(struct cor_watch_store *store, struct cor_watch_folder *folder);

/* All folders at `path` and below it ("" is all), parents first; the caller frees the list. */
struct cor_watch_folder **cor_watch_below(const struct cor_watch_store *store, const char *path,
                                          size_t *count);

/* Remembers an entry's fingerprint, 0 for one that is gone. True where that is news. */
bool cor_watch_note(struct cor_watch_folder *folder, const char *name, uint64_t print);

/* The entry's fingerprint as it is, 0 where it is gone; *is_folder for a real folder. */
uint64_t cor_watch_print(int dirfd, const char *name, bool *is_folder);

/* Names that are not UTF-8 cannot be told: Node has no string for them. */
bool cor_watch_tellable(const char *name);

bool cor_watch_concerns(const struct cor_watch_folder *folder, const char *name);

#endif
