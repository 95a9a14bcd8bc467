/* coracle-runtime untar: one layer from standard input, one JSON line about it on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "fd.h"
#include "untar.h"

static const char usage[] =
    "usage: coracle-runtime untar [--gzip|--zstd|--plain] [--verbatim] [--copy FILE] --root DIR\n";

static int report(const struct cor_err *err) {
  char line[2048];
  cor_err_json(err, line, sizeof(line));
  fprintf(stderr, "%s\n", line);
  return 1;
}

static void add_digest(struct json_object *json, const char *key, const char *hex) {
  char digest[8 + COR_SHA256_HEX];
  snprintf(digest, sizeof(digest), "sha256:%s", hex);
  json_object_object_add(json, key, json_object_new_string(digest));
}

static void print_result(const struct cor_untar_result *result) {
  struct json_object *json = json_object_new_object(), *skipped = json_object_new_array();
  const struct cor_tar_totals *totals = &result->totals;
  add_digest(json, "diffId", totals->diff_digest);
  json_object_object_add(json, "size", json_object_new_uint64(totals->size));
  json_object_object_add(json, "entries", json_object_new_uint64(result->entries));
  add_digest(json, "digest", totals->raw_digest);
  json_object_object_add(json, "rawSize", json_object_new_uint64(totals->raw_size));
  json_object_object_add(json, "compression",
                         json_object_new_string(cor_compression_name(totals->compression)));
  for (unsigned i = 0; i < result->skipped_xattr_count; i++)
    json_object_array_add(skipped, json_object_new_string(result->skipped_xattrs[i]));
  json_object_object_add(json, "skippedXattrs", skipped);
  puts(json_object_to_json_string_ext(json,
                                      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(json);
}

int cor_cmd_untar(int argc, char **argv) {
  struct cor_untar options = {.archive_fd = STDIN_FILENO, .copy_fd = -1};
  const char *root = NULL, *copy = NULL;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--gzip") == 0) {
      options.compression = COR_GZIP;
    } else if (strcmp(argv[i], "--zstd") == 0) {
      options.compression = COR_ZSTD;
    } else if (strcmp(argv[i], "--plain") == 0) {
      options.compression = COR_PLAIN;
    } else if (strcmp(argv[i], "--verbatim") == 0) {
      options.verbatim = true;
    } else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc) {
      root = argv[++i];
    } else if (strcmp(argv[i], "--copy") == 0 && i + 1 < argc) {
      copy = argv[++i];
    } else {
      fprintf(stderr, "coracle-runtime untar: unknown argument \"%s\"\n%s", argv[i], usage);
      return 2;
    }
  }
  if (root == NULL) {
    fputs(usage, stderr);
    return 2;
  }
  struct cor_err err = {0};
  struct cor_untar_result result;
  _cleanup_close_ int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0) {
    cor_fail(&err, errno, "open", root, "cannot open the folder to unpack into");
    return report(&err);
  }
  _cleanup_close_ int copy_fd = -1;
  if (copy != NULL) {
    copy_fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy_fd < 0) {
      cor_fail(&err, errno, "open", copy, "cannot create the copy of the archive");
      return report(&err);
    }
  }
  options.root_fd = root_fd;
  options.copy_fd = copy_fd;
  if (cor_untar(&options, &result, &err) < 0)
    return report(&err);
  print_result(&result);
  return 0;
}
