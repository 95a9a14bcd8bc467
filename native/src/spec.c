#include "spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "fd.h"
#include "spec_parts.h"

/* Larger than any config.json that is meant; bounds what a broken or hostile one makes us hold. */
#define SPEC_MAX (16u << 20)

struct cor_block {
  struct cor_block *next;
  max_align_t data[];
};

void *cor_spec_alloc(struct cor_spec *spec, size_t size) {
  struct cor_block *block = calloc(1, sizeof(*block) + size);
  if (!block)
    return NULL;
  block->next = spec->blocks;
  spec->blocks = block;
  return block->data;
}

void cor_spec_free(struct cor_spec *spec) {
  if (!spec)
    return;
  while (spec->blocks) {
    struct cor_block *next = spec->blocks->next;
    free(spec->blocks);
    spec->blocks = next;
  }
  json_object_put(spec->json);
  free(spec);
}

static int parse_root(const struct cor_at *top) {
  struct cor_spec *spec = top->spec;
  struct cor_at root;
  int found = cor_get_object(top, "root", &root);
  if (found <= 0)
    return found;
  if (cor_get_string(&root, "path", &spec->root_path) < 0 ||
      cor_get_bool(&root, "readonly", &spec->root_readonly) < 0)
    return -1;
  if (!spec->root_path || !*spec->root_path)
    return cor_at_fail(&root, "path", "is required");
  return 1;
}

static int parse_mounts(const struct cor_at *top) {
  static const char *const none[] = {NULL};
  struct cor_spec *spec = top->spec;
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(top, "mounts", &array, &count) < 0)
    return -1;
  if (!(spec->mounts = cor_spec_alloc(spec, (count + 1) * sizeof(*spec->mounts))))
    return cor_at_fail(top, "mounts", "out of memory");
  for (; spec->mount_count < count; spec->mount_count++) {
    struct cor_mount *mount = &spec->mounts[spec->mount_count];
    mount->options = none;
    if (cor_get_element(&array, spec->mount_count, &at) < 0 ||
        cor_get_string(&at, "destination", &mount->destination) < 0 ||
        cor_get_string(&at, "type", &mount->type) < 0 ||
        cor_get_string(&at, "source", &mount->source) < 0 ||
        cor_get_strings(&at, "options", &mount->options) < 0 ||
        cor_parse_idmaps(&at, "uidMappings", &mount->uid_maps) < 0 ||
        cor_parse_idmaps(&at, "gidMappings", &mount->gid_maps) < 0)
      return -1;
    if (!mount->destination || !*mount->destination)
      return cor_at_fail(&at, "destination", "is required");
  }
  return 1;
}

static int parse_hook_list(const struct cor_at *hooks, const char *key, struct cor_hooks *list) {
  static const char *const none[] = {NULL};
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(hooks, key, &array, &count) < 0)
    return -1;
  if (count && !(list->items = cor_spec_alloc(hooks->spec, count * sizeof(*list->items))))
    return cor_at_fail(hooks, key, "out of memory");
  for (; list->count < count; list->count++) {
    struct cor_hook *hook = &list->items[list->count];
    int64_t timeout = 0;
    hook->env = none;
    if (cor_get_element(&array, list->count, &at) < 0 ||
        cor_get_string(&at, "path", &hook->path) < 0 ||
        cor_get_strings(&at, "args", &hook->args) < 0 ||
        cor_get_strings(&at, "env", &hook->env) < 0)
      return -1;
    int has_timeout = cor_get_int(&at, "timeout", 1, 86400, &timeout);
    if (has_timeout < 0)
      return -1;
    hook->timeout_s = (int)timeout;
    if (!hook->path || hook->path[0] != '/')
      return cor_at_fail(&at, "path", "must be an absolute path");
  }
  return 1;
}

static int parse_hooks(const struct cor_at *top) {
  struct cor_spec *spec = top->spec;
  struct cor_at at;
  int found = cor_get_object(top, "hooks", &at);
  if (found <= 0)
    return found;
  if (parse_hook_list(&at, "prestart", &spec->hooks.prestart) < 0 ||
      parse_hook_list(&at, "createRuntime", &spec->hooks.create_runtime) < 0 ||
      parse_hook_list(&at, "createContainer", &spec->hooks.create_container) < 0 ||
      parse_hook_list(&at, "startContainer", &spec->hooks.start_container) < 0 ||
      parse_hook_list(&at, "poststart", &spec->hooks.poststart) < 0 ||
      parse_hook_list(&at, "poststop", &spec->hooks.poststop) < 0)
    return -1;
  return 1;
}

static int check_version(const struct cor_at *top) {
  struct cor_spec *spec = top->spec;
  if (cor_get_string(top, "ociVersion", &spec->oci_version) < 0)
    return -1;
  if (!spec->oci_version)
    return cor_at_fail(top, "ociVersion", "is required");
  if (strncmp(spec->oci_version, "1.", 2) != 0)
    return cor_at_fail(top, "ociVersion", "\"%s\" is not a version 1 of the specification",
                       spec->oci_version);
  return 0;
}

static int parse_top(const struct cor_at *top) {
  struct cor_spec *spec = top->spec;
  struct cor_at at;
  if (check_version(top) < 0 || parse_root(top) < 0 ||
      cor_get_string(top, "hostname", &spec->hostname) < 0 ||
      cor_get_string(top, "domainname", &spec->domainname) < 0 || parse_mounts(top) < 0 ||
      parse_hooks(top) < 0 || cor_get_pairs(top, "annotations", &spec->annotations) < 0)
    return -1;
  int found = cor_get_object(top, "process", &at);
  if (found < 0 || (found > 0 && cor_parse_process(&at, &spec->process) < 0))
    return -1;
  found = cor_get_object(top, "linux", &at);
  if (found < 0 || (found > 0 && cor_parse_linux(&at) < 0))
    return -1;
  if ((spec->hostname || spec->domainname) && !spec->namespaces[COR_NS_UTS].present)
    return cor_at_fail(top, spec->hostname ? "hostname" : "domainname", "needs a uts namespace");
  return 0;
}

static struct json_object *parse_json(const char *text, size_t size, const char *name,
                                      struct cor_err *err) {
  struct json_tokener *tokener = json_tokener_new();
  if (!tokener) {
    cor_fail(err, ENOMEM, "parse config.json", name, "out of memory");
    return NULL;
  }
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
  struct json_object *json = json_tokener_parse_ex(tokener, text, (int)size);
  enum json_tokener_error error = json_tokener_get_error(tokener);
  size_t end = json_tokener_get_parse_end(tokener);
  json_tokener_free(tokener);
  if (!json || error != json_tokener_success) {
    cor_fail(err, 0, "parse config.json", name, "not JSON at byte %zu: %s", end,
             error == json_tokener_continue ? "unexpected end" : json_tokener_error_desc(error));
    json_object_put(json);
    return NULL;
  }
  /* STRICT does not refuse what follows the first value where a length is given. */
  while (end < size && strchr(" \t\r\n", text[end]))
    end++;
  if (end < size || !json_object_is_type(json, json_type_object)) {
    cor_fail(err, 0, "parse config.json", name, "must be one JSON object");
    json_object_put(json);
    return NULL;
  }
  return json;
}

struct cor_spec *cor_spec_parse(const char *text, size_t size, const char *name,
                                struct cor_err *err) {
  struct cor_spec *spec = calloc(1, sizeof(*spec));
  if (!spec) {
    cor_fail(err, ENOMEM, "parse config.json", name, "out of memory");
    return NULL;
  }
  spec->json = parse_json(text, size, name, err);
  struct cor_at top = {.spec = spec, .json = spec->json, .err = err};
  if (!spec->json || parse_top(&top) < 0) {
    cor_spec_free(spec);
    return NULL;
  }
  return spec;
}

struct cor_spec *cor_spec_load(const char *path, struct cor_err *err) {
  size_t size;
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, SPEC_MAX, &size, err);
  return text ? cor_spec_parse(text, size, path, err) : NULL;
}

int cor_spec_parse_process(struct cor_spec *spec, const char *text, size_t size,
                           struct cor_process *process, struct cor_err *err) {
  struct json_object *json = parse_json(text, size, "process", err);
  if (!json)
    return -1;
  /* Kept as long as the spec: the process's strings are its own. */
  json_object_object_add(spec->json, " exec", json);
  struct cor_at at = {.spec = spec, .json = json, .err = err, .path = "process"};
  memset(process, 0, sizeof(*process));
  return cor_parse_process(&at, process);
}

int cor_spec_parse_resources(struct cor_spec *spec, struct json_object *json,
                             struct cor_resources *resources, struct cor_err *err) {
  struct cor_at at = {.spec = spec, .json = json, .err = err, .path = "linux.resources"};
  memset(resources, 0, sizeof(*resources));
  return cor_parse_resources(&at, resources);
}
