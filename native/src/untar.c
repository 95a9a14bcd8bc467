#include "untar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "rootfs.h"
#include "tar_reader.h"
#include "tree.h"
#include "untar_place.h"

/* A folder's time changes with every entry made in it, so it is set when all are made. */
struct folder_time {
  char *name;
  struct timespec mtime;
};

struct unpacking {
  const struct cor_untar *options;
  struct cor_untar_result *result;
  struct cor_tar_reader *reader;
  struct cor_place place;
  struct folder_time *folders;
  size_t folder_count, folder_room;
};

/* One entry's place: the folder, its last component, the cleaned name for messages. */
struct target {
  int dirfd;
  const char *base;
  const char *name;
};

static int fail(const struct target *t, const char *op, struct cor_err *err) {
  int why = errno;
  return cor_fail(err, why, op, t->name,
                  why == ENOSPC   ? "the disk is full"
                  : why == EDQUOT ? "the quota of the disk is used up"
                  : why == EPERM && strcmp(op, "mknod") == 0
                      ? "devices need the capability CAP_MKNOD in the first user namespace"
                      : "cannot unpack it");
}

/* An entry's name, cleaned, from the root on. It may climb within the archive, not above it. */
static int place_name(const struct unpacking *u, const char *name, char clean[PATH_MAX],
                      struct cor_err *err) {
  char joined[PATH_MAX];
  if (cor_place_clean(name, clean, err) < 0)
    return -1;
  if (!u->options->prefix)
    return 0;
  if (snprintf(joined, sizeof(joined), "%s/%s", u->options->prefix, clean) >= PATH_MAX)
    return cor_fail(err, ENAMETOOLONG, "read tar", name, "the name is too long");
  return cor_place_clean(joined, clean, err);
}

/* ---- attributes ---- */

static void skip_xattr(struct cor_untar_result *result, const char *name) {
  for (unsigned i = 0; i < result->skipped_xattr_count; i++)
    if (strcmp(result->skipped_xattrs[i], name) == 0)
      return;
  if (result->skipped_xattr_count < COR_SKIPPED_XATTRS_MAX)
    snprintf(result->skipped_xattrs[result->skipped_xattr_count++],
             sizeof(result->skipped_xattrs[0]), "%s", name);
}

/* An archive that could set these would redirect folders, or make files opaque, of other layers. */
static bool is_overlay_xattr(const char *name) {
  return strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0;
}

/* After chown and write, both of which clear security.capability. By a path whose last component is
 * never followed: links and devices have no descriptor that takes attributes. */
static int set_xattrs(struct unpacking *u, const struct target *t, const struct cor_tar_entry *e,
                      struct cor_err *err) {
  char path[64 + NAME_MAX + 2];
  if (e->xattr_count == 0)
    return 0;
  snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", t->dirfd, t->base);
  for (size_t i = 0; i < e->xattr_count; i++) {
    const struct cor_tar_xattr *x = &e->xattrs[i];
    if (is_overlay_xattr(x->name)) {
      skip_xattr(u->result, x->name);
      continue;
    }
    if (lsetxattr(path, x->name, x->value, x->size, 0) == 0)
      continue;
    /* user.* is refused on links and devices, other name spaces by some file systems. */
    if (errno == ENOTSUP || (errno == EPERM && strncmp(x->name, "user.", 5) == 0)) {
      skip_xattr(u->result, x->name);
      continue;
    }
    return fail(t, "setxattr", err);
  }
  return 0;
}

/* For everything but regular files and folders, which have a descriptor. */
static int set_attributes(struct unpacking *u, const struct target *t,
                          const struct cor_tar_entry *e, struct cor_err *err) {
  struct timespec times[2] = {e->mtime, e->mtime};
  if (u->options->verbatim)
    return 0;
  if (fchownat(t->dirfd, t->base, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(t, "chown", err);
  if (e->type != COR_TAR_SYMLINK && fchmodat(t->dirfd, t->base, e->mode, 0) < 0)
    return fail(t, "chmod", err);
  if (set_xattrs(u, t, e, err) < 0)
    return -1;
  if (utimensat(t->dirfd, t->base, times, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(t, "utimensat", err);
  return 0;
}

static int make_opaque(int dirfd, const char *base, const struct target *t, struct cor_err *err) {
  char path[64 + NAME_MAX + 2];
  snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, base);
  if (lsetxattr(path, "trusted.overlay.opaque", "y", 1, 0) == 0)
    return 0;
  /* In a user namespace overlay is mounted with "userxattr" and reads the other name. */
  if (errno == EPERM && lsetxattr(path, "user.overlay.opaque", "y", 1, 0) == 0)
    return 0;
  return fail(t, "setxattr", err);
}

/* ---- making room ---- */

/* Removes what an earlier entry of the same name left. *was_whiteout: it hid a lower layer's. */
static int make_room(struct unpacking *u, const struct target *t, bool *was_whiteout,
                     struct cor_err *err) {
  struct stat st;
  if (fstatat(t->dirfd, t->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(t, "stat", err);
  *was_whiteout = S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
  if (u->options->files && S_ISDIR(st.st_mode))
    return cor_fail(err, 0, "put", t->name, "cannot overwrite directory with non-directory");
  if (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
    return unlinkat(t->dirfd, t->base, 0) < 0 ? fail(t, "unlink", err) : 0;
  int result = cor_tree_remove_at(t->dirfd, t->base, err);
  /* Names resolve anew, but t->dirfd is still the right folder: it is above what went away. */
  if (t->dirfd != u->place.parent)
    cor_place_forget(&u->place);
  return result;
}

/* ---- kinds of entries ---- */

static int write_at(const struct target *t, int fd, const uint8_t *data, size_t size,
                    uint64_t offset, struct cor_err *err) {
  while (size > 0) {
    ssize_t n = pwrite(fd, data, size, (off_t)offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(t, "write", err);
    data += n, size -= (size_t)n, offset += (size_t)n;
  }
  return 0;
}

static int write_file(struct unpacking *u, const struct target *t, const struct cor_tar_entry *e,
                      int fd, struct cor_err *err) {
  const uint8_t *data;
  size_t size, segment = 0;
  uint64_t offset = 0, in_segment = 0;
  int more;
  while ((more = cor_tar_data(u->reader, &data, &size, err)) > 0) {
    while (size > 0) {
      size_t take = size;
      if (e->sparse) {
        /* The reader has checked that the segments' sizes add up to the stored bytes. */
        while (in_segment == e->segments[segment].size)
          segment++, in_segment = 0;
        const struct cor_tar_segment *s = &e->segments[segment];
        if (take > s->size - in_segment)
          take = (size_t)(s->size - in_segment);
        offset = s->offset + in_segment;
        in_segment += take;
      }
      if (write_at(t, fd, data, take, offset, err) < 0)
        return -1;
      data += take, size -= take, offset += take;
    }
  }
  if (more < 0)
    return -1;
  if (e->sparse && ftruncate(fd, (off_t)e->size) < 0)
    return fail(t, "truncate", err);
  return 0;
}

static int make_file(struct unpacking *u, const struct target *t, const struct cor_tar_entry *e,
                     struct cor_err *err) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  _cleanup_close_ int fd = openat(t->dirfd, t->base, flags, 0600);
  if (fd < 0 && errno == EEXIST) {
    bool was_whiteout;
    if (make_room(u, t, &was_whiteout, err) < 0)
      return -1;
    fd = openat(t->dirfd, t->base, flags, 0600);
  }
  if (fd < 0)
    return fail(t, "open", err);
  if (write_file(u, t, e, fd, err) < 0)
    return -1;
  if (u->options->verbatim)
    return 0;
  struct timespec times[2] = {e->mtime, e->mtime};
  /* chown first: it clears the setuid bit. */
  if (fchown(fd, e->uid, e->gid) < 0)
    return fail(t, "chown", err);
  if (fchmod(fd, e->mode) < 0)
    return fail(t, "chmod", err);
  if (set_xattrs(u, t, e, err) < 0)
    return -1;
  if (futimens(fd, times) < 0)
    return fail(t, "utimensat", err);
  return 0;
}

static int remember_folder(struct unpacking *u, const struct target *t, struct timespec mtime,
                           struct cor_err *err) {
  if (u->folder_count == u->folder_room) {
    size_t more = u->folder_room == 0 ? 256 : u->folder_room * 2;
    void *grown = realloc(u->folders, more * sizeof(*u->folders));
    if (grown == NULL)
      return fail(t, "malloc", err);
    u->folders = grown;
    u->folder_room = more;
  }
  char *name = strdup(t->name);
  if (name == NULL)
    return fail(t, "malloc", err);
  u->folders[u->folder_count++] = (struct folder_time){name, mtime};
  return 0;
}

static int make_folder(struct unpacking *u, const struct target *t, const struct cor_tar_entry *e,
                       struct cor_err *err) {
  bool was_whiteout = false;
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  /* Once made by an earlier entry's name, or by one of the same name, a folder keeps its content.
   */
  if (mkdirat(t->dirfd, t->base, 0700) < 0 && errno != EEXIST)
    return fail(t, "mkdir", err);
  _cleanup_close_ int fd = openat(t->dirfd, t->base, flags);
  if (fd < 0 && u->options->files && (errno == ENOTDIR || errno == ELOOP))
    return cor_fail(err, 0, "put", t->name, "cannot overwrite non-directory with directory");
  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
    if (make_room(u, t, &was_whiteout, err) < 0)
      return -1;
    if (mkdirat(t->dirfd, t->base, 0700) < 0)
      return fail(t, "mkdir", err);
    fd = openat(t->dirfd, t->base, flags);
  }
  if (fd < 0)
    return fail(t, "open", err);
  if (u->options->verbatim)
    return 0;
  if (fchown(fd, e->uid, e->gid) < 0)
    return fail(t, "chown", err);
  if (fchmod(fd, e->mode) < 0)
    return fail(t, "chmod", err);
  if (set_xattrs(u, t, e, err) < 0)
    return -1;
  if (was_whiteout && make_opaque(t->dirfd, t->base, t, err) < 0)
    return -1;
  return remember_folder(u, t, e->mtime, err);
}

static int make_hard_link(struct unpacking *u, const struct target *t,
                          const struct cor_tar_entry *e, struct cor_err *err) {
  char name[PATH_MAX];
  if (place_name(u, e->link, name, err) < 0)
    return -1;
  if (strcmp(name, t->name) == 0)
    return 0;
  /* A second place, as finding the first one's parent must not move the entry's own. */
  struct cor_place from = {.root = u->place.root, .parent = -1};
  int dirfd;
  const char *base;
  int result = cor_place_find(&from, name, &dirfd, &base, err);
  if (result == 0) {
    /* Without AT_SYMLINK_FOLLOW: a link as the source is linked itself. */
    result = linkat(dirfd, base, t->dirfd, t->base, 0);
    if (result < 0 && errno == EEXIST) {
      bool was_whiteout;
      if (make_room(u, t, &was_whiteout, err) < 0) {
        cor_place_forget(&from);
        return -1;
      }
      result = linkat(dirfd, base, t->dirfd, t->base, 0);
    }
    if (result < 0)
      result = errno == ENOENT
                   ? cor_fail(err, ENOENT, "link", t->name,
                              "the hard link's target \"%s\" is not in the layer", e->link)
                   : fail(t, "link", err);
  }
  cor_place_forget(&from);
  return result;
}

static int make_special(struct unpacking *u, const struct target *t, const struct cor_tar_entry *e,
                        struct cor_err *err) {
  const mode_t type = e->type == COR_TAR_CHAR    ? S_IFCHR
                      : e->type == COR_TAR_BLOCK ? S_IFBLK
                                                 : S_IFIFO;
  const dev_t device = e->type == COR_TAR_FIFO ? 0 : makedev(e->device_major, e->device_minor);
  const bool is_link = e->type == COR_TAR_SYMLINK;
  if (u->options->verbatim && !is_link)
    return cor_fail(err, 0, "read tar", t->name, "an archive of layers holds no devices");
  int result = is_link ? symlinkat(e->link, t->dirfd, t->base)
                       : mknodat(t->dirfd, t->base, type | 0600, device);
  if (result < 0 && errno == EEXIST) {
    bool was_whiteout;
    if (make_room(u, t, &was_whiteout, err) < 0)
      return -1;
    result = is_link ? symlinkat(e->link, t->dirfd, t->base)
                     : mknodat(t->dirfd, t->base, type | 0600, device);
  }
  if (result < 0)
    return fail(t, is_link ? "symlink" : "mknod", err);
  return set_attributes(u, t, e, err);
}

/* OCI image-spec, layer.md, "Whiteouts". 1: the entry was one and is done. */
static int make_whiteout(const struct target *t, struct cor_err *err) {
  if (strncmp(t->base, ".wh.", 4) != 0)
    return 0;
  const char *hidden = t->base + 4;
  if (strcmp(hidden, ".wh..opq") == 0)
    return make_opaque(t->dirfd, ".", t, err) < 0 ? -1 : 1;
  if (strncmp(hidden, ".wh.", 4) == 0)
    return 1; /* book-keeping of aufs */
  if (*hidden == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
    return cor_fail(err, 0, "read tar", t->name, "the whiteout names nothing that it could hide");
  if (mknodat(t->dirfd, hidden, S_IFCHR, makedev(0, 0)) == 0)
    return 1;
  if (errno != EEXIST)
    return fail(t, "mknod", err);
  /* It hides the lower layers' only: what this layer has stays, a folder without their content. */
  struct stat st;
  if (fstatat(t->dirfd, hidden, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(t, "stat", err);
  if (S_ISDIR(st.st_mode) && make_opaque(t->dirfd, hidden, t, err) < 0)
    return -1;
  return 1;
}

/* umoci writes whiteouts also for what was in a folder that a file of this layer has replaced:
 * there is no such folder, and nothing that they could hide. */
static bool hides_nothing(const struct unpacking *u, const struct target *t,
                          const struct cor_err *err) {
  return !u->options->verbatim && !u->options->files && strncmp(t->base, ".wh.", 4) == 0 &&
         err->errno_ == ENOTDIR;
}

static int set_root(struct unpacking *u, const struct cor_tar_entry *e, struct cor_err *err) {
  struct target root = {u->place.root, ".", "."};
  if (e->type != COR_TAR_FOLDER)
    return cor_fail(err, 0, "read tar", e->name, "the entry's name is empty");
  if (u->options->verbatim)
    return 0;
  if (fchown(u->place.root, e->uid, e->gid) < 0)
    return fail(&root, "chown", err);
  if (fchmod(u->place.root, e->mode) < 0)
    return fail(&root, "chmod", err);
  if (set_xattrs(u, &root, e, err) < 0)
    return -1;
  root.name = "";
  return remember_folder(u, &root, e->mtime, err);
}

/* The folder that the names start in is there, perhaps by way of a link, and stays. */
static int set_start(struct unpacking *u, const struct cor_tar_entry *e, struct cor_err *err) {
  _cleanup_close_ int fd =
      cor_root_open(u->place.root, u->options->prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  struct target start = {fd, ".", u->options->prefix};
  if (fd < 0)
    return fail(&start, "open", err);
  return e->type == COR_TAR_FOLDER ? set_attributes(u, &start, e, err) : 0;
}

static int unpack_entry(struct unpacking *u, const struct cor_tar_entry *e, struct cor_err *err) {
  char name[PATH_MAX];
  struct target t = {.name = name};
  if (cor_place_clean(e->name, name, err) < 0)
    return -1;
  if (name[0] == '\0')
    return u->options->prefix ? set_start(u, e, err) : set_root(u, e, err);
  if (place_name(u, e->name, name, err) < 0)
    return -1;
  if (cor_place_find(&u->place, name, &t.dirfd, &t.base, err) < 0)
    return hides_nothing(u, &t, err) ? 0 : -1;
  if (!u->options->verbatim && !u->options->files) {
    int whiteout = make_whiteout(&t, err);
    if (whiteout != 0)
      return whiteout < 0 ? -1 : 0;
  }
  switch (e->type) {
  case COR_TAR_FILE:
    return make_file(u, &t, e, err);
  case COR_TAR_FOLDER:
    return make_folder(u, &t, e, err);
  case COR_TAR_HARD_LINK:
    return make_hard_link(u, &t, e, err);
  default:
    return make_special(u, &t, e, err);
  }
}

static int set_folder_times(struct unpacking *u, struct cor_err *err) {
  for (size_t i = 0; i < u->folder_count; i++) {
    const struct folder_time *f = &u->folders[i];
    struct target t = {.name = f->name};
    struct timespec times[2] = {f->mtime, f->mtime};
    if (f->name[0] == '\0') {
      if (futimens(u->place.root, times) < 0)
        return fail(&t, "utimensat", err);
      continue;
    }
    if (cor_place_find(&u->place, f->name, &t.dirfd, &t.base, err) < 0)
      return -1;
    _cleanup_close_ int fd =
        openat(t.dirfd, t.base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
      continue; /* replaced by a later entry */
    if (fd < 0 || futimens(fd, times) < 0)
      return fail(&t, "utimensat", err);
  }
  return 0;
}

static int peek_input(void *context, const uint8_t **data, size_t *size, struct cor_err *err) {
  return cor_tar_input_peek(context, data, size, err);
}

static void consume_input(void *context, size_t size) {
  cor_tar_input_consume(context, size);
}

/* The entry with what the options say of owners and modes. */
static struct cor_tar_entry as_asked(const struct cor_untar *options,
                                     const struct cor_tar_entry *entry) {
  struct cor_tar_entry e = *entry;
  if (options->has_owner) {
    e.uid = options->uid;
    e.gid = options->gid;
  }
  if (options->harmless) {
    e.uid = geteuid();
    e.gid = getegid();
    e.mode &= e.type == COR_TAR_CHAR || e.type == COR_TAR_BLOCK ? 0600 : 01777;
    e.xattr_count = 0;
  }
  return e;
}

static int unpack_all(struct unpacking *u, struct cor_err *err) {
  const struct cor_tar_entry *entry;
  int more;
  while ((more = cor_tar_next(u->reader, &entry, err)) > 0) {
    struct cor_tar_entry asked = as_asked(u->options, entry);
    if (unpack_entry(u, &asked, err) < 0)
      return -1;
    u->result->entries++;
  }
  return more < 0 ? -1 : set_folder_times(u, err);
}

int cor_untar(const struct cor_untar *options, struct cor_untar_result *result,
              struct cor_err *err) {
  memset(result, 0, sizeof(*result));
  struct cor_tar_input *input =
      cor_tar_input_open(options->archive_fd, options->compression, options->copy_fd, err);
  if (input == NULL)
    return -1;
  struct cor_tar_source source = {input, peek_input, consume_input};
  struct unpacking u = {
      .options = options,
      .result = result,
      .reader = cor_tar_reader_new(&source, err),
      .place = {.root = options->root_fd, .parent = -1},
  };
  int status = u.reader != NULL ? unpack_all(&u, err) : -1;
  if (status == 0)
    status = cor_tar_input_finish(input, &result->totals, err);
  if (status == 0 && result->totals.size == 0 && !options->files)
    status = cor_fail(err, 0, "read tar", "", "the archive is empty");
  cor_tar_reader_free(u.reader);
  cor_place_forget(&u.place);
  for (size_t i = 0; i < u.folder_count; i++)
    free(u.folders[i].name);
  free(u.folders);
  cor_tar_input_close(input);
  return status;
}
