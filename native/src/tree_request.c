#include "tree_request.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "mount.h"
#include "sbuf.h"

struct json_object *cor_request_read(struct cor_err *err) {
  cor_sbuf_auto text = {0};
  char piece[65536];
  ssize_t n;
  while ((n = cor_read_full(STDIN_FILENO, piece, sizeof(piece))) > 0)
    cor_sbuf_add(&text, piece, (size_t)n);
  if (n < 0 || text.failed || text.data == NULL) {
    cor_fail(err, n < 0 ? errno : 0, "read", "request", "cannot read the request");
    return NULL;
  }
  struct json_object *json = json_tokener_parse(text.data);
  if (json == NULL || !json_object_is_type(json, json_type_object)) {
    json_object_put(json);
    cor_fail(err, 0, "parse", "request", "the request is no JSON object");
    return NULL;
  }
  return json;
}

static struct json_object *member(struct json_object *object, const char *key, json_type type) {
  struct json_object *value = NULL;
  return json_object_object_get_ex(object, key, &value) && json_object_is_type(value, type) ? value
                                                                                            : NULL;
}

const char *cor_request_text(struct json_object *object, const char *key) {
  struct json_object *value = member(object, key, json_type_string);
  /* A NUL would cut a path short of what the other side has checked. */
  if (value == NULL ||
      strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
    return NULL;
  return json_object_get_string(value);
}

int64_t cor_request_int(struct json_object *object, const char *key, int64_t missing) {
  struct json_object *value = member(object, key, json_type_int);
  return value != NULL ? json_object_get_int64(value) : missing;
}

const char *cor_request_string(struct json_object *object, const char *key, struct cor_err *err) {
  const char *text = cor_request_text(object, key);
  if (text == NULL)
    cor_fail(err, 0, "parse", key, "the request lacks the text \"%s\"", key);
  return text;
}

struct json_object *cor_request_array(struct json_object *object, const char *key,
                                      struct cor_err *err) {
  struct json_object *array = member(object, key, json_type_array);
  if (array == NULL)
    cor_fail(err, 0, "parse", key, "the request lacks the array \"%s\"", key);
  return array;
}

int cor_request_root(struct json_object *root, struct cor_err *err) {
  const char *folder = cor_request_text(root, "folder");
  if (folder != NULL) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : cor_fail(err, errno, "open", folder, "cannot open the folder");
  }
  struct json_object *array = cor_request_array(root, "lower", err);
  if (array == NULL)
    return -1;
  size_t count = json_object_array_length(array);
  _cleanup_free_ const char **lower = calloc(count + 1, sizeof(*lower));
  if (lower == NULL)
    return cor_fail(err, ENOMEM, "calloc", "", "out of memory");
  for (size_t i = 0; i < count; i++) {
    lower[i] = json_object_get_string(json_object_array_get_idx(array, i));
    if (lower[i] == NULL)
      return cor_fail(err, 0, "parse", "lower", "a layer is no text");
  }
  struct cor_overlay overlay = {
      .lower = lower,
      .upper = cor_request_text(root, "upper"),
      .work = cor_request_text(root, "work"),
  };
  /* Overlay wants two lower folders where nothing is written; one is its own root then. */
  if (overlay.upper == NULL && count == 1) {
    int fd = open(lower[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : cor_fail(err, errno, "open", lower[0], "cannot open the layer");
  }
  /* Where an older kernel mounts it for a moment, nobody else may see it. */
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return cor_fail(err, errno, "unshare", "", "cannot make a mount namespace");
  _cleanup_close_ int mount_fd = cor_overlay_mount(&overlay, lower[0], err);
  if (mount_fd < 0)
    return -1;
  /* The mount's descriptor is a path; reading the folder takes a real one, which keeps the mount.
   */
  int fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : cor_fail(err, errno, "open", "overlay", "cannot open the merged layers");
}

int cor_request_fail(const struct cor_err *err) {
  char line[2048];
  cor_err_json(err, line, sizeof(line));
  fprintf(stderr, "%s\n", line);
  return 1;
}
