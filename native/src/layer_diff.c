#include "layer_diff.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "fd.h"
#include "rootfs.h"
#include "sbuf.h"
#include "tar_tree.h"

enum { DEPTH_MAX = 512 };

struct walk {
  const char *const *lower;
  int depth;
};

/* A layer's entry of this path, found without following a link: 1 with st, 0 where there is none,
 * -1 where the layer hides those below it. */
static int in_layer(const char *layer, const char *path, struct stat *st) {
  _cleanup_close_ int root = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
  char above[PATH_MAX];
  char value[2];
  /* An opaque folder on the way hides what lower layers have in it. */
  for (const char *slash = path; root >= 0 && (slash = strchr(slash, '/')); slash++) {
    struct stat folder;
    snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
    if (fstatat(root, above, &folder, AT_SYMLINK_NOFOLLOW) < 0)
      return 0;
    if (!S_ISDIR(folder.st_mode))
      return -1;
    _cleanup_close_ int fd = openat(root, above, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fgetxattr(fd, "trusted.overlay.opaque", value, 2) == 1 && value[0] == 'y')
      return fstatat(root, path, st, AT_SYMLINK_NOFOLLOW) == 0 ? 1 : -1;
  }
  if (root < 0 || fstatat(root, path, st, AT_SYMLINK_NOFOLLOW) < 0)
    return 0;
  return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0) ? -1 : 1;
}

static bool in_image(const struct walk *w, const char *path, struct stat *st) {
  for (size_t i = 0; w->lower[i]; i++) {
    int found = in_layer(w->lower[i], path, st);
    if (found != 0)
      return found > 0;
  }
  return false;
}

static void say(struct cor_sbuf *out, char what, const char *path) {
  cor_sbuf_fmt(out, "%c /%s", what, path);
  cor_sbuf_add(out, "", 1);
}

static bool same_folder(const struct stat *a, const struct stat *b) {
  return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid;
}

static int below(struct walk *w, int fd, const char *path, bool is_new, bool *placeholders,
                 struct cor_sbuf *out, struct cor_err *err);

static int one(struct walk *w, int dirfd, const char *name, const char *path, bool is_new,
               bool *placeholders, struct cor_sbuf *out, struct cor_err *err) {
  struct stat st, before;
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? 0 : cor_fail(err, errno, "stat", path, "cannot read it");
  bool was = !is_new && in_image(w, path, &before);
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
    if (was)
      say(out, 'D', path);
    return 0;
  }
  /* Made by the runtime, or in an image that has such a file itself, changed by nobody. */
  if (cor_layer_placeholder(path, &st) && !S_ISDIR(st.st_mode)) {
    *placeholders = true;
    return 0;
  }
  if (!S_ISDIR(st.st_mode)) {
    say(out, was ? 'C' : 'A', path);
    return 0;
  }
  cor_sbuf_auto inner = {0};
  bool made_for_mounts = false;
  _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && below(w, fd, path, !was, &made_for_mounts, &inner, err) < 0)
    return -1;
  bool unchanged = was && inner.len == 0 && S_ISDIR(before.st_mode) && same_folder(&st, &before) &&
                   (made_for_mounts || (st.st_mtim.tv_sec == before.st_mtim.tv_sec));
  /* A folder that holds nothing but such was made for it. */
  if (inner.len == 0 && (made_for_mounts || cor_layer_placeholder(path, &st)))
    unchanged |= !was;
  if (unchanged) {
    *placeholders |= made_for_mounts || !was;
    return 0;
  }
  say(out, was ? 'C' : 'A', path);
  cor_sbuf_add(out, inner.data ? inner.data : "", inner.len);
  out->failed |= inner.failed;
  return 0;
}

static int below(struct walk *w, int fd, const char *path, bool is_new, bool *placeholders,
                 struct cor_sbuf *out, struct cor_err *err) {
  char **names, value[2];
  size_t count;
  int result = 0;
  if (++w->depth > DEPTH_MAX)
    return cor_fail(err, ELOOP, "read folder", path, "more than %d folders deep", DEPTH_MAX);
  /* What an opaque folder holds is all new. */
  is_new |= fgetxattr(fd, "trusted.overlay.opaque", value, 2) == 1 && value[0] == 'y';
  if (cor_folder_names(fd, &names, &count) < 0)
    result = cor_fail(err, errno, "read folder", path, "cannot read it");
  for (size_t i = 0; i < count; i++) {
    cor_sbuf_auto next = {0};
    cor_sbuf_fmt(&next, "%s%s%s", path, *path ? "/" : "", names[i]);
    if (result == 0 && !next.failed)
      result = one(w, fd, names[i], next.data, is_new, placeholders, out, err);
    free(names[i]);
  }
  free(names);
  w->depth--;
  return result;
}

int cor_layer_diff(const struct cor_overlay *overlay, struct cor_err *err) {
  struct walk w = {.lower = overlay->lower};
  cor_sbuf_auto out = {0};
  bool placeholders = false;
  _cleanup_close_ int upper = open(overlay->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (upper < 0)
    return cor_fail(err, errno, "open", overlay->upper, "cannot open it");
  if (below(&w, upper, "", false, &placeholders, &out, err) < 0)
    return -1;
  if (out.failed)
    return cor_fail(err, ENOMEM, "malloc", "", "cannot list the changes");
  return cor_write_full(STDOUT_FILENO, out.data ? out.data : "", out.len) < 0
             ? cor_fail(err, errno, "write", "", "cannot write the list")
             : 0;
}
