/* coracle-runtime tree-list: what lies at some paths of a root, one JSON line an entry, for a build
 * that copies from another stage or image. Sorted, so that a digest over it is the content's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "commands.h"
#include "fd.h"
#include "rootfs.h"
#include "sbuf.h"
#include "sha256.h"
#include "tree_request.h"

enum { BUFFER = 262144, FLUSH_AT = 65536, DEPTH_MAX = 512 };

struct listing {
  int root;
  bool hash;
  size_t request; /* index of the path that is being listed */
  struct cor_sbuf out;
  char path[PATH_MAX]; /* from the root */
  size_t top_length;   /* of the matched path */
  uint8_t *buffer;
};

static int fail(const struct listing *l, const char *op, struct cor_err *err) {
  return cor_fail(err, errno, op, l->path, "cannot read it");
}

static int flush(struct listing *l, size_t at_least, struct cor_err *err) {
  if (l->out.failed)
    return cor_fail(err, ENOMEM, "malloc", l->path, "out of memory");
  if (l->out.len < at_least || l->out.len == 0)
    return 0;
  if (cor_write_full(STDOUT_FILENO, l->out.data, l->out.len) < 0)
    return cor_fail(err, errno, "write", "", "cannot answer");
  cor_sbuf_drop(&l->out, l->out.len);
  return 0;
}

static int add_hash(struct listing *l, int fd, struct cor_err *err) {
  struct cor_sha256 hash;
  char hex[COR_SHA256_HEX];
  ssize_t n;
  cor_sha256_init(&hash);
  while ((n = cor_read_full(fd, l->buffer, BUFFER)) > 0)
    cor_sha256_update(&hash, l->buffer, (size_t)n);
  if (n < 0)
    return fail(l, "read", err);
  cor_sha256_hex(&hash, hex);
  cor_sbuf_fmt(&l->out, ",\"hash\":\"%s\"", hex);
  return 0;
}

static bool is_utf8(const char *text) {
  cor_sbuf_auto quoted = {0};
  cor_sbuf_json_str(&quoted, text);
  return quoted.data != NULL && strstr(quoted.data, "\\ufffd") == NULL;
}

/* The entry at l->path. `fd` is a regular file's, `target` a link's. */
static int add_entry(struct listing *l, const struct stat *st, int fd, const char *target,
                     struct cor_err *err) {
  const char *type = S_ISREG(st->st_mode)   ? "file"
                     : S_ISDIR(st->st_mode) ? "dir"
                     : S_ISLNK(st->st_mode) ? "link"
                                            : "special";
  const char *below = l->path + l->top_length;
  /* The answer is JSON, and what is copied is named by it. */
  if (!is_utf8(l->path) || (target != NULL && !is_utf8(target)))
    return cor_fail(err, EILSEQ, "list", l->path, "the name is not UTF-8");
  cor_sbuf_fmt(&l->out, "{\"request\":%zu,\"top\":", l->request);
  cor_sbuf_json(&l->out, l->path, l->top_length);
  cor_sbuf_str(&l->out, ",\"path\":");
  cor_sbuf_json_str(&l->out, below + strspn(below, "/"));
  cor_sbuf_fmt(&l->out, ",\"type\":\"%s\",\"mode\":%u,\"uid\":%u,\"gid\":%u,\"size\":%lld", type,
               (unsigned)(st->st_mode & 07777), (unsigned)st->st_uid, (unsigned)st->st_gid,
               S_ISREG(st->st_mode) ? (long long)st->st_size : 0LL);
  if (S_ISREG(st->st_mode) && l->hash && add_hash(l, fd, err) < 0)
    return -1;
  if (target != NULL) {
    cor_sbuf_str(&l->out, ",\"target\":");
    cor_sbuf_json_str(&l->out, target);
  }
  cor_sbuf_str(&l->out, "}\n");
  return flush(l, FLUSH_AT, err);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, NULL-terminated; the caller frees each and the array. */
static char **read_names(struct listing *l, int dirfd, struct cor_err *err) {
  int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = again < 0 ? NULL : fdopendir(again);
  if (dir == NULL) {
    fail(l, "open", err);
    cor_close_p(&again);
    return NULL;
  }
  size_t count = 0, room = 16;
  char **names = calloc(room, sizeof(*names));
  const struct dirent *entry;
  while (names != NULL && (entry = readdir(dir)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (count + 2 > room) {
      char **grown = realloc(names, (room *= 2) * sizeof(*names));
      if (grown == NULL)
        break;
      names = grown;
    }
    if ((names[count] = strdup(entry->d_name)) == NULL)
      break;
    names[++count] = NULL;
  }
  closedir(dir);
  if (names == NULL)
    fail(l, "malloc", err);
  else
    qsort(names, count, sizeof(*names), by_name);
  return names;
}

static void free_names(char **names) {
  for (char **name = names; name != NULL && *name != NULL; name++)
    free(*name);
  free(names);
}

static int append(struct listing *l, const char *name, struct cor_err *err) {
  size_t length = strlen(l->path);
  int n = snprintf(l->path + length, sizeof(l->path) - length, "%s%s", length > 0 ? "/" : "", name);
  if ((size_t)n < sizeof(l->path) - length)
    return 0;
  l->path[length] = '\0';
  errno = ENAMETOOLONG;
  return fail(l, "list", err);
}

static int list_folder(struct listing *l, int dirfd, unsigned depth, struct cor_err *err);

static int list_entry(struct listing *l, int dirfd, const char *name, unsigned depth,
                      struct cor_err *err) {
  struct stat st;
  char target[PATH_MAX];
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(l, "stat", err);
  if (S_ISLNK(st.st_mode)) {
    ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
    if (n < 0)
      return fail(l, "readlink", err);
    target[n] = '\0';
    return add_entry(l, &st, -1, target, err);
  }
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return add_entry(l, &st, -1, NULL, err);
  int kind = S_ISDIR(st.st_mode) ? O_DIRECTORY : O_NONBLOCK;
  _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind);
  if (fd < 0)
    return fail(l, "open", err);
  if (add_entry(l, &st, fd, NULL, err) < 0)
    return -1;
  return S_ISDIR(st.st_mode) ? list_folder(l, fd, depth + 1, err) : 0;
}

static int list_folder(struct listing *l, int dirfd, unsigned depth, struct cor_err *err) {
  if (depth > DEPTH_MAX) {
    errno = ELOOP;
    return fail(l, "list", err);
  }
  char **names = read_names(l, dirfd, err);
  if (names == NULL)
    return -1;
  size_t length = strlen(l->path);
  int result = 0;
  for (char **name = names; result == 0 && *name != NULL; name++) {
    if ((result = append(l, *name, err)) == 0)
      result = list_entry(l, dirfd, *name, depth, err);
    l->path[length] = '\0';
  }
  free_names(names);
  return result;
}

/* What l->path leads to, links followed inside the root, and everything below. Missing: nothing. */
static int list_path(struct listing *l, struct cor_err *err) {
  struct stat st;
  char path[32];
  l->top_length = strlen(l->path);
  _cleanup_close_ int found = cor_root_open(l->root, l->path, O_PATH, 0);
  if (found < 0)
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : fail(l, "openat2", err);
  if (fstat(found, &st) < 0)
    return fail(l, "stat", err);
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return add_entry(l, &st, -1, NULL, err);
  /* Opened again by its descriptor: the path may lead elsewhere by now. */
  _cleanup_close_ int fd = open(cor_fd_path(found, path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return fail(l, "open", err);
  if (add_entry(l, &st, fd, NULL, err) < 0)
    return -1;
  return S_ISDIR(st.st_mode) ? list_folder(l, fd, 0, err) : 0;
}

/* Go's path.Match by components: a pattern never matches a slash. */
static int list_pattern(struct listing *l, const char *rest, struct cor_err *err) {
  rest += strspn(rest, "/");
  if (*rest == '\0')
    return list_path(l, err);
  size_t length = strlen(l->path), size = strcspn(rest, "/");
  char component[NAME_MAX + 1];
  if (size > NAME_MAX)
    return 0;
  memcpy(component, rest, size);
  component[size] = '\0';
  int result = 0;
  if (strpbrk(component, "*?[\\") == NULL) {
    if (append(l, component, err) < 0)
      return -1;
    result = list_pattern(l, rest + size, err);
    l->path[length] = '\0';
    return result;
  }
  _cleanup_close_ int dirfd = cor_root_open(l->root, l->path, O_RDONLY | O_DIRECTORY, 0);
  if (dirfd < 0)
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : fail(l, "openat2", err);
  char **names = read_names(l, dirfd, err);
  if (names == NULL)
    return -1;
  for (char **name = names; result == 0 && *name != NULL; name++) {
    if (fnmatch(component, *name, FNM_PATHNAME) != 0)
      continue;
    if ((result = append(l, *name, err)) == 0)
      result = list_pattern(l, rest + size, err);
    l->path[length] = '\0';
  }
  free_names(names);
  return result;
}

static int list_all(struct json_object *request, struct listing *l, struct cor_err *err) {
  struct json_object *root = NULL, *paths = cor_request_array(request, "paths", err);
  if (paths == NULL)
    return -1;
  if (!json_object_object_get_ex(request, "root", &root))
    return cor_fail(err, 0, "parse", "root", "the request lacks \"root\"");
  l->hash = cor_request_int(request, "hash", 0) != 0;
  if ((l->root = cor_request_root(root, err)) < 0)
    return -1;
  for (size_t i = 0; i < json_object_array_length(paths); i++) {
    const char *path = json_object_get_string(json_object_array_get_idx(paths, i));
    if (path == NULL)
      return cor_fail(err, 0, "parse", "paths", "a path is no text");
    l->request = i;
    l->path[0] = '\0';
    if (list_pattern(l, path, err) < 0)
      return -1;
  }
  return flush(l, 0, err);
}

int cor_cmd_tree_list(int argc, char **argv) {
  (void)argv;
  struct cor_err err = {0};
  struct listing listing = {.root = -1, .buffer = malloc(BUFFER)};
  if (argc != 1) {
    fputs("usage: coracle-runtime tree-list <REQUEST\n", stderr);
    return 2;
  }
  struct json_object *request = cor_request_read(&err);
  int result = -1;
  if (listing.buffer == NULL)
    cor_fail(&err, ENOMEM, "malloc", "", "out of memory");
  else if (request != NULL)
    result = list_all(request, &listing, &err);
  cor_close_p(&listing.root);
  cor_sbuf_free(&listing.out);
  free(listing.buffer);
  json_object_put(request);
  return result < 0 ? cor_request_fail(&err) : 0;
}
