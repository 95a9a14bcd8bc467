/* coracle-runtime layer-tar: an overlay's upper folder as a layer of the OCI image-spec, in one
 * pass that also digests it. The same content gives the same bytes: names are sorted, times are
 * whole seconds, and nothing of the machine is in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "commands.h"
#include "fd.h"
#include "sbuf.h"
#include "sha256.h"
#include "tree_request.h"

enum { BUFFER = 1 << 20, XATTRS_MAX = 65536, BLOCK = 512, DEPTH_MAX = 512 };

/* The first name of each file that has several. */
struct linked {
  dev_t device;
  ino_t inode;
  char *path;
};

struct writer {
  int out;
  struct cor_sha256 hash;
  uint64_t size, entries;
  int64_t epoch; /* no later time is written; negative: as they are */
  char path[PATH_MAX];
  uint8_t *buffer;
  size_t used;
  char *names;
  struct linked *linked;
  size_t linked_count, linked_room;
};

static int fail(const struct writer *w, const char *op, struct cor_err *err) {
  int why = errno;
  return cor_fail(err, why, op, w->path,
                  why == ENOSPC || why == EDQUOT ? "the disk is full" : "cannot pack it");
}

/* ---- bytes ---- */

static int flush(struct writer *w, struct cor_err *err) {
  cor_sha256_update(&w->hash, w->buffer, w->used);
  if (w->used > 0 && cor_write_full(w->out, w->buffer, w->used) < 0)
    return fail(w, "write", err);
  w->size += w->used;
  w->used = 0;
  return 0;
}

static int put(struct writer *w, const void *data, size_t size, struct cor_err *err) {
  while (size > 0) {
    size_t take = BUFFER - w->used < size ? BUFFER - w->used : size;
    memcpy(w->buffer + w->used, data, take);
    w->used += take, size -= take, data = (const char *)data + take;
    if (w->used == BUFFER && flush(w, err) < 0)
      return -1;
  }
  return 0;
}

static int pad(struct writer *w, uint64_t size, struct cor_err *err) {
  static const char zeros[BLOCK];
  return size % BLOCK == 0 ? 0 : put(w, zeros, BLOCK - size % BLOCK, err);
}

/* ---- headers (POSIX.1-2001, pax) ---- */

struct header {
  const char *name, *link;
  char type;
  const struct stat *st;
  uint64_t size;
};

/* Digits up to the field's last byte, which stays NUL. */
static void octal(char *field, size_t size, uint64_t value) {
  for (size_t at = size - 1; at > 0; at--, value /= 8)
    field[at - 1] = (char)('0' + value % 8);
}

static bool fits(uint64_t value, size_t digits) {
  return value < (uint64_t)1 << (3 * digits);
}

static int put_block(struct writer *w, const struct header *h, time_t mtime, struct cor_err *err) {
  char block[BLOCK] = {0};
  size_t length = strlen(h->name);
  const char *name = h->name;
  if (length > 100) {
    /* prefix/name, split at a slash, where both parts fit; else pax has the whole name. */
    const char *slash = strchr(h->name + length - 101, '/');
    size_t prefix = slash != NULL ? (size_t)(slash - h->name) : 0;
    if (prefix > 0 && prefix <= 155 && slash[1] != '\0') {
      memcpy(block + 345, h->name, prefix);
      name = slash + 1;
    }
  }
  memcpy(block, name, strnlen(name, 100));
  octal(block + 100, 8, h->st->st_mode & 07777);
  octal(block + 108, 8, fits(h->st->st_uid, 7) ? h->st->st_uid : 0);
  octal(block + 116, 8, fits(h->st->st_gid, 7) ? h->st->st_gid : 0);
  octal(block + 124, 12, fits(h->size, 11) ? h->size : 0);
  octal(block + 136, 12, mtime > 0 ? (uint64_t)mtime : 0);
  memset(block + 148, ' ', 8);
  block[156] = h->type;
  memcpy(block + 157, h->link, strnlen(h->link, 100));
  memcpy(block + 257,
         "ustar\0"
         "00",
         8);
  if (h->type == '3' || h->type == '4') {
    octal(block + 329, 8, major(h->st->st_rdev));
    octal(block + 337, 8, minor(h->st->st_rdev));
  }
  unsigned sum = 0;
  for (int i = 0; i < BLOCK; i++)
    sum += (unsigned char)block[i];
  snprintf(block + 148, 8, "%06o", sum);
  return put(w, block, BLOCK, err);
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void pax_record(struct cor_sbuf *records, const char *key, const void *value, size_t size) {
  size_t rest = strlen(key) + size + 3, length = rest;
  for (size_t digits = 1; length != rest + digits;) {
    length = rest + digits;
    digits = (size_t)snprintf(NULL, 0, "%zu", length);
  }
  cor_sbuf_fmt(records, "%zu %s=", length, key);
  cor_sbuf_add(records, value, size);
  cor_sbuf_str(records, "\n");
}

static void pax_text(struct cor_sbuf *records, const char *key, const char *value) {
  pax_record(records, key, value, strlen(value));
}

static void pax_number(struct cor_sbuf *records, const char *key, uint64_t value) {
  char text[24];
  snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
  pax_text(records, key, text);
}

static bool is_overlay_xattr(const char *name) {
  return strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0;
}

/* `path` is one whose last component is not followed. */
static int pax_xattrs(struct writer *w, struct cor_sbuf *records, const char *path,
                      struct cor_err *err) {
  ssize_t size = llistxattr(path, w->names, XATTRS_MAX);
  if (size < 0)
    return errno == ENOTSUP ? 0 : fail(w, "listxattr", err);
  for (const char *name = w->names; name < w->names + size; name += strlen(name) + 1) {
    char value[XATTRS_MAX], key[XATTR_NAME_MAX + 32];
    if (is_overlay_xattr(name))
      continue;
    ssize_t n = lgetxattr(path, name, value, sizeof(value));
    if (n < 0 && errno == ENODATA)
      continue;
    if (n < 0)
      return fail(w, "getxattr", err);
    snprintf(key, sizeof(key), "SCHILY.xattr.%s", name);
    pax_record(records, key, value, (size_t)n);
  }
  return 0;
}

static int put_header(struct writer *w, const struct header *h, const char *xattr_path,
                      struct cor_err *err) {
  cor_sbuf_auto records = {0};
  time_t mtime = h->st->st_mtim.tv_sec;
  if (w->epoch >= 0 && mtime > w->epoch)
    mtime = (time_t)w->epoch;
  size_t length = strlen(h->name);
  if (length > 100) {
    const char *slash = strchr(h->name + length - 101, '/');
    if (slash == NULL || slash - h->name > 155 || slash == h->name || slash[1] == '\0')
      pax_text(&records, "path", h->name);
  }
  if (strlen(h->link) > 100)
    pax_text(&records, "linkpath", h->link);
  if (!fits(h->st->st_uid, 7))
    pax_number(&records, "uid", h->st->st_uid);
  if (!fits(h->st->st_gid, 7))
    pax_number(&records, "gid", h->st->st_gid);
  if (!fits(h->size, 11))
    pax_number(&records, "size", h->size);
  if (xattr_path != NULL && pax_xattrs(w, &records, xattr_path, err) < 0)
    return -1;
  if (records.failed)
    return cor_fail(err, ENOMEM, "malloc", w->path, "out of memory");
  if (records.len > 0) {
    struct stat st = {.st_mode = 0644};
    struct header pax = {"PaxHeaders.0/x", "", 'x', &st, records.len};
    if (put_block(w, &pax, 0, err) < 0 || put(w, records.data, records.len, err) < 0 ||
        pad(w, records.len, err) < 0)
      return -1;
  }
  w->entries++;
  return put_block(w, h, mtime, err);
}

/* ---- entries ---- */

static const char *first_name(struct writer *w, const struct stat *st, struct cor_err *err) {
  for (size_t i = 0; i < w->linked_count; i++)
    if (w->linked[i].inode == st->st_ino && w->linked[i].device == st->st_dev)
      return w->linked[i].path;
  if (w->linked_count == w->linked_room) {
    size_t room = w->linked_room == 0 ? 64 : w->linked_room * 2;
    void *grown = realloc(w->linked, room * sizeof(*w->linked));
    if (grown == NULL) {
      fail(w, "malloc", err);
      return NULL;
    }
    w->linked = grown;
    w->linked_room = room;
  }
  char *path = strdup(w->path);
  if (path == NULL) {
    fail(w, "malloc", err);
    return NULL;
  }
  w->linked[w->linked_count++] = (struct linked){st->st_dev, st->st_ino, path};
  return path;
}

static int put_file(struct writer *w, int dirfd, const char *name, const struct stat *st,
                    struct cor_err *err) {
  char path[64 + NAME_MAX];
  _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return fail(w, "open", err);
  snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
  struct header h = {w->path, "", '0', st, (uint64_t)st->st_size};
  if (put_header(w, &h, path, err) < 0)
    return -1;
  for (uint64_t left = h.size; left > 0;) {
    size_t want = BUFFER - w->used < left ? BUFFER - w->used : (size_t)left;
    ssize_t n = cor_read_full(fd, w->buffer + w->used, want);
    if (n < 0)
      return fail(w, "read", err);
    if ((size_t)n < want)
      return cor_fail(err, EIO, "read", w->path, "it has become shorter while it was packed");
    w->used += want;
    left -= want;
    if (w->used == BUFFER && flush(w, err) < 0)
      return -1;
  }
  return pad(w, h.size, err);
}

/* OCI image-spec, layer.md, "Whiteouts": an overlay's character device 0/0 becomes an empty file.
 */
static int put_whiteout(struct writer *w, const char *parent, const char *hidden,
                        struct cor_err *err) {
  char name[PATH_MAX + 8];
  struct stat st = {.st_mode = 0600};
  snprintf(name, sizeof(name), "%s%s.wh.%s", parent, *parent != '\0' ? "/" : "", hidden);
  struct header h = {name, "", '0', &st, 0};
  return put_header(w, &h, NULL, err);
}

static int is_opaque(int fd) {
  char value[2], path[40];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  return (getxattr(path, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y') ||
         (getxattr(path, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y');
}

static int put_folder(struct writer *w, int dirfd, unsigned depth, struct cor_err *err);

static int put_subfolder(struct writer *w, int dirfd, const char *name, const struct stat *st,
                         unsigned depth, struct cor_err *err) {
  char path[64 + NAME_MAX], with_slash[PATH_MAX + 1];
  _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail(w, "open", err);
  snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
  snprintf(with_slash, sizeof(with_slash), "%s/", w->path);
  struct header h = {with_slash, "", '5', st, 0};
  if (put_header(w, &h, path, err) < 0)
    return -1;
  if (is_opaque(fd) && put_whiteout(w, w->path, ".wh..opq", err) < 0)
    return -1;
  return put_folder(w, fd, depth + 1, err);
}

static int put_entry(struct writer *w, int dirfd, const char *name, unsigned depth,
                     struct cor_err *err) {
  char path[64 + NAME_MAX], link[PATH_MAX] = "";
  struct stat st;
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(w, "stat", err);
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
    char parent[PATH_MAX];
    snprintf(parent, sizeof(parent), "%s", w->path);
    char *slash = strrchr(parent, '/');
    *(slash != NULL ? slash : parent) = '\0';
    return put_whiteout(w, parent, name, err);
  }
  if (S_ISSOCK(st.st_mode))
    return 0; /* nothing listens on it any more, and tar has no type for it */
  if (S_ISDIR(st.st_mode))
    return put_subfolder(w, dirfd, name, &st, depth, err);
  if (st.st_nlink > 1) {
    const char *first = first_name(w, &st, err);
    if (first == NULL)
      return -1;
    if (strcmp(first, w->path) != 0) {
      struct header h = {w->path, first, '1', &st, 0};
      return put_header(w, &h, NULL, err);
    }
  }
  if (S_ISREG(st.st_mode))
    return put_file(w, dirfd, name, &st, err);
  snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
  if (S_ISLNK(st.st_mode)) {
    ssize_t n = readlinkat(dirfd, name, link, sizeof(link) - 1);
    if (n < 0)
      return fail(w, "readlink", err);
    link[n] = '\0';
  }
  char type = S_ISLNK(st.st_mode)   ? '2'
              : S_ISCHR(st.st_mode) ? '3'
              : S_ISBLK(st.st_mode) ? '4'
                                    : '6';
  struct header h = {w->path, link, type, &st, 0};
  return put_header(w, &h, path, err);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_entry(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int put_folder(struct writer *w, int dirfd, unsigned depth, struct cor_err *err) {
  struct dirent **entries = NULL;
  char path[32];
  if (depth > DEPTH_MAX) {
    errno = ELOOP;
    return fail(w, "pack", err);
  }
  int count = scandir(cor_fd_path(dirfd, path), &entries, is_entry, by_name);
  if (count < 0)
    return fail(w, "read folder", err);
  size_t length = strlen(w->path);
  int result = 0;
  for (int i = 0; i < count; i++) {
    if (result == 0) {
      int n = snprintf(w->path + length, sizeof(w->path) - length, "%s%s", length > 0 ? "/" : "",
                       entries[i]->d_name);
      if ((size_t)n >= sizeof(w->path) - length) {
        errno = ENAMETOOLONG;
        result = fail(w, "pack", err);
      } else {
        result = put_entry(w, dirfd, entries[i]->d_name, depth, err);
      }
      w->path[length] = '\0';
    }
    free(entries[i]);
  }
  free(entries);
  return result;
}

static int pack(struct writer *w, const char *root, struct cor_err *err) {
  static const char end[2 * BLOCK];
  _cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", root, "cannot open the folder to pack");
  cor_sha256_init(&w->hash);
  if (put_folder(w, fd, 0, err) < 0 || put(w, end, sizeof(end), err) < 0)
    return -1;
  return flush(w, err);
}

int cor_cmd_layer_tar(int argc, char **argv) {
  struct cor_err err = {0};
  char hex[COR_SHA256_HEX];
  if (argc < 3 || argc > 4) {
    fputs("usage: coracle-runtime layer-tar FOLDER NEWFILE [LATEST-TIME]\n", stderr);
    return 2;
  }
  struct writer w = {.epoch = argc > 3 ? atoll(argv[3]) : -1};
  w.buffer = malloc(BUFFER);
  w.names = malloc(XATTRS_MAX);
  w.out = open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int result = -1;
  if (w.buffer == NULL || w.names == NULL)
    cor_fail(&err, ENOMEM, "malloc", "", "out of memory");
  else if (w.out < 0)
    cor_fail(&err, errno, "open", argv[2], "cannot create the archive");
  else
    result = pack(&w, argv[1], &err);
  cor_close_p(&w.out);
  if (result < 0)
    return cor_request_fail(&err);
  cor_sha256_hex(&w.hash, hex);
  printf("{\"diffId\":\"sha256:%s\",\"size\":%llu,\"entries\":%llu}\n", hex,
         (unsigned long long)w.size, (unsigned long long)w.entries);
  return 0;
}
