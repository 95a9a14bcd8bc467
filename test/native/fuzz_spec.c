/* libFuzzer target: the input is a config.json, and a process and resources object of a later exec
 * and update.
 *
 *   make -C native fuzz-spec && native/build/fuzz-spec -max_total_time=60 CORPUS
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mount.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char minimal[] = "{\"ociVersion\":\"1.2.0\"}";
  struct cor_err err;
  /* A block of the exact size, so that a read beyond the end is seen. */
  char *text = malloc(size + 1);
  memcpy(text, data, size);
  struct cor_spec *spec = cor_spec_parse(text, size, "fuzz", &err);
  for (size_t i = 0; spec && i < spec->mount_count; i++) {
    struct cor_mount_options options;
    (void)cor_mount_options_parse(&spec->mounts[i], &options, &err);
  }
  cor_spec_free(spec);
  spec = cor_spec_parse(minimal, sizeof(minimal) - 1, "fuzz", &err);
  if (!spec)
    abort();
  struct cor_process process;
  (void)cor_spec_parse_process(spec, text, size, &process, &err);
  text[size] = '\0';
  struct json_object *json = json_tokener_parse(text);
  struct cor_resources resources;
  if (json_object_is_type(json, json_type_object))
    (void)cor_spec_parse_resources(spec, json, &resources, &err);
  cor_spec_free(spec);
  json_object_put(json);
  free(text);
  return 0;
}
