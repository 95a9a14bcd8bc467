/* coracle-runtime archive: files of a container, or of the host, as tar archives; PROTOCOL.md. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive.h"
#include "commands.h"
#include "fd.h"
#include "layer_diff.h"
#include "options.h"
#include "passwd.h"
#include "rootfs.h"
#include "shimspec.h"
#include "tar_tree.h"
#include "untar.h"

static const char usage[] =
    "usage: coracle-runtime archive stat|get|put|export|layer|diff [--dir DIR --run DIR] "
    "[--name NAME] [--owner USER] [PATH]\n";

struct options {
  const char *dir, *run, *name, *owner; /* no dir: the host's own files */
  const char *path;
};

static int report(const struct cor_err *err) {
  char line[2048];
  cor_err_json(err, line, sizeof(line));
  fprintf(stderr, "%s\n", line);
  return 1;
}

static int open_root(const struct options *options, struct cor_err *err) {
  if (!options->dir) {
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? cor_fail(err, errno, "open", "/", "cannot open it") : fd;
  }
  struct cor_container_files files = {.dir = options->dir, .run = options->run};
  return cor_container_root(&files, err);
}

/* The folder of a path's last component, which itself is not followed; "/" and what ends in ".." or
 * "." is that folder. */
static int open_above(int root, const char *path, char name[NAME_MAX + 1], struct cor_err *err) {
  size_t length = strlen(path);
  while (length > 0 && path[length - 1] == '/')
    length--;
  size_t at = length;
  while (at > 0 && path[at - 1] != '/')
    at--;
  const char *last = path + at;
  bool is_folder = length == at || (length - at == 1 && last[0] == '.') ||
                   (length - at == 2 && last[0] == '.' && last[1] == '.');
  _cleanup_free_ char *above = strndup(path, is_folder ? length : at);
  if (!above || (!is_folder && length - at > NAME_MAX))
    return cor_fail(err, ENAMETOOLONG, "open", path, "the path is too long");
  snprintf(name, NAME_MAX + 1, "%.*s", is_folder ? 1 : (int)(length - at), is_folder ? "." : last);
  int fd = cor_root_open(root, above, O_PATH | O_DIRECTORY, 0);
  return fd < 0 ? cor_fail(err, errno, "open", path, "cannot find it") : fd;
}

static const char *kind_name(mode_t mode) {
  return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

/* What stands at the path itself; one line of JSON. */
static int stat_path(const struct options *options, struct cor_err *err) {
  char name[NAME_MAX + 1], target[PATH_MAX];
  struct stat st;
  _cleanup_close_ int root = open_root(options, err);
  if (root < 0)
    return -1;
  _cleanup_close_ int above = open_above(root, options->path, name, err);
  if (above < 0 || fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return above < 0 ? -1 : cor_fail(err, errno, "stat", options->path, "cannot find it");
  if (options->dir && S_ISDIR(st.st_mode)) {
    _cleanup_close_ int fd = openat(above, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && cor_is_kernel_fs(fd))
      return cor_fail(err, ENOENT, "stat", options->path, "it is the kernel's, not a file");
  }
  struct json_object *json = json_object_new_object();
  json_object_object_add(json, "kind", json_object_new_string(kind_name(st.st_mode)));
  json_object_object_add(json, "mode", json_object_new_int((int)(st.st_mode & 07777)));
  json_object_object_add(json, "size", json_object_new_int64(st.st_size));
  ssize_t n = S_ISLNK(st.st_mode) ? readlinkat(above, name, target, sizeof(target)) : -1;
  if (n >= 0)
    json_object_object_add(json, "target", json_object_new_string_len(target, (int)n));
  puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
  json_object_put(json);
  return 0;
}

static int write_tree(int dirfd, const char *name, const char *as, enum cor_tar_kind kind,
                      struct cor_err *err) {
  static struct cor_tar_writer tar = {.fd = STDOUT_FILENO};
  if (cor_tar_tree(&tar, dirfd, name, as, kind, err) < 0)
    return -1;
  return cor_tar_end(&tar, err);
}

static int get(const struct options *options, struct cor_err *err) {
  char name[NAME_MAX + 1];
  struct stat st;
  _cleanup_close_ int root = open_root(options, err);
  if (root < 0)
    return -1;
  _cleanup_close_ int above = open_above(root, options->path, name, err);
  if (above < 0 || fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return above < 0 ? -1 : cor_fail(err, errno, "stat", options->path, "cannot find it");
  return write_tree(above, name, options->name ? options->name : name, COR_TAR_TREE, err);
}

/* Names of users are the container's own. */
static int set_owner(int root, const char *owner, struct cor_untar *untar, struct cor_err *err) {
  static struct cor_user user;
  if (cor_user_find(root, owner, &user, err) < 0)
    return -1;
  untar->has_owner = true;
  untar->uid = user.uid;
  untar->gid = user.gid;
  return 0;
}

/* Into the container every name is found below its root, links and all; on the host below the
 * folder itself, so that what a container has made up leads nowhere else. */
static int put(const struct options *options, struct cor_err *err) {
  struct cor_untar_result result;
  struct cor_untar untar = {
      .archive_fd = STDIN_FILENO, .copy_fd = -1, .files = true, .harmless = !options->dir};
  struct stat st;
  _cleanup_close_ int root = open_root(options, err);
  if (root < 0 || (options->owner && set_owner(root, options->owner, &untar, err) < 0))
    return -1;
  _cleanup_close_ int target = cor_root_open(root, options->path, O_PATH | O_DIRECTORY, 0);
  if (target < 0 || fstat(target, &st) < 0)
    return cor_fail(err, errno, "open", options->path, "cannot find the folder");
  untar.root_fd = options->dir ? root : target;
  untar.prefix = options->dir ? options->path : NULL;
  return cor_untar(&untar, &result, err);
}

static int export_root(const struct options *options, struct cor_err *err) {
  struct cor_container_files files = {.dir = options->dir, .run = options->run, .image_only = true};
  _cleanup_close_ int root = cor_container_root(&files, err);
  return root < 0 ? -1 : write_tree(root, ".", ".", COR_TAR_TREE, err);
}

static int with_overlay(const struct options *options,
                        int (*run)(const struct cor_overlay *overlay, struct cor_err *err),
                        struct cor_err *err) {
  struct cor_shim_spec *shim = cor_shim_spec_load(options->dir, err);
  if (!shim)
    return -1;
  int result = shim->has_overlay
                   ? run(&shim->overlay, err)
                   : cor_fail(err, EINVAL, "open", options->dir, "the container has no layers");
  cor_shim_spec_free(shim);
  return result;
}

static int write_layer(const struct cor_overlay *overlay, struct cor_err *err) {
  _cleanup_close_ int upper = open(overlay->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return upper < 0 ? cor_fail(err, errno, "open", overlay->upper, "cannot open it")
                   : write_tree(upper, ".", ".", COR_TAR_LAYER, err);
}

static int layer(const struct options *options, struct cor_err *err) {
  return with_overlay(options, write_layer, err);
}

static int diff(const struct options *options, struct cor_err *err) {
  return with_overlay(options, cor_layer_diff, err);
}

static const struct {
  const char *name;
  int (*run)(const struct options *options, struct cor_err *err);
  bool needs_path, needs_container;
} parts[] = {
    {"stat", stat_path, true, false}, {"get", get, true, false},
    {"put", put, true, false},        {"export", export_root, false, true},
    {"layer", layer, false, true},    {"diff", diff, false, true},
};

int cor_cmd_archive(int argc, char **argv) {
  struct options options = {0};
  const struct cor_option table[] = {
      {"dir", 0, COR_OPTION_TEXT, &options.dir},
      {"run", 0, COR_OPTION_TEXT, &options.run},
      {"name", 0, COR_OPTION_TEXT, &options.name},
      {"owner", 0, COR_OPTION_TEXT, &options.owner},
  };
  struct cor_err err = {0};
  cor_stage("archive");
  for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(*parts); i++) {
    if (strcmp(argv[1], parts[i].name) != 0)
      continue;
    int at = COR_OPTIONS(argc - 1, argv + 1, table);
    if (at < 0)
      return 2;
    options.path = argv[1 + at];
    if (argc - 1 - at != (parts[i].needs_path ? 1 : 0) || !options.dir != !options.run ||
        (parts[i].needs_container && !options.dir))
      break;
    return parts[i].run(&options, &err) < 0 ? report(&err) : 0;
  }
  fputs(usage, stderr);
  return 2;
}
