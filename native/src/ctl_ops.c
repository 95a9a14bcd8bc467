/* The requests of the control socket; PROTOCOL.md. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"

/* Members of a request. A missing number or string leaves the default. */
struct request {
  struct json_object *json;
  struct cor_err *err;
};

static int get_number(const struct request *request, const char *key, int64_t *out) {
  struct json_object *value = NULL;
  if (!json_object_object_get_ex(request->json, key, &value) || !value)
    return 0;
  if (!json_object_is_type(value, json_type_int))
    return cor_fail(request->err, EINVAL, "control", key, "must be an integer");
  *out = json_object_get_int64(value);
  return 0;
}

static const char *get_text(const struct request *request, const char *key) {
  struct json_object *value = NULL;
  json_object_object_get_ex(request->json, key, &value);
  return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool get_flag(const struct request *request, const char *key) {
  struct json_object *value = NULL;
  json_object_object_get_ex(request->json, key, &value);
  return json_object_get_boolean(value);
}

static int get_signal(const struct request *request, int otherwise, int *out) {
  const char *text = get_text(request, "signal");
  *out = text ? cor_signal_number(text) : otherwise;
  return *out < 0 ? cor_fail(request->err, EINVAL, "control", text ? text : "", "no such signal")
                  : 0;
}

static int op_state(struct cor_conn *conn, const struct request *request) {
  cor_sbuf_auto text = {0};
  (void)request;
  cor_shim_state_json(conn->shim, &text);
  cor_conn_reply(conn, text.data);
  return 0;
}

static int op_signal(struct cor_conn *conn, const struct request *request) {
  struct cor_shim *shim = conn->shim;
  int signal;
  char attributes[32];
  if (get_signal(request, -1, &signal) < 0)
    return -1;
  bool final = get_flag(request, "final");
  if (final)
    shim->stopped_by_user = true;
  if (shim->phase == COR_PHASE_RESTARTING && final) {
    cor_conn_reply(conn, "{}");
    cor_shim_stop(shim, signal, -1);
    return 0;
  }
  if (cor_shim_signal(shim, signal, request->err) < 0)
    return -1;
  snprintf(attributes, sizeof(attributes), "\"signal\":\"%d\"", signal);
  cor_shim_event(shim, "kill", attributes);
  cor_conn_reply(conn, "{}");
  return 0;
}

static int stop(struct cor_conn *conn, const struct request *request, enum cor_wait wait) {
  struct cor_shim *shim = conn->shim;
  int signal;
  int64_t timeout = shim->spec->stop_timeout_ms;
  if (get_signal(request, shim->spec->stop_signal, &signal) < 0 ||
      get_number(request, "timeoutMs", &timeout) < 0)
    return -1;
  if (wait == COR_WAIT_STOP) {
    shim->stopped_by_user = true;
    shim->shutting_down = get_flag(request, "shutdown");
    shim->restart_asked = false;
  } else {
    shim->restart_asked = true;
    shim->stopped_by_user = shim->shutting_down = false;
  }
  conn->wait = wait;
  cor_shim_stop(shim, signal, timeout);
  return 0;
}

static int op_stop(struct cor_conn *conn, const struct request *request) {
  return stop(conn, request, COR_WAIT_STOP);
}

static int op_restart(struct cor_conn *conn, const struct request *request) {
  return stop(conn, request, COR_WAIT_RESTART);
}

static int op_wait(struct cor_conn *conn, const struct request *request) {
  const char *condition = get_text(request, "condition"), *health = conn->shim->health.status;
  char text[64];
  if (condition && strcmp(condition, "exit") == 0) {
    conn->wait = COR_WAIT_EXIT;
  } else if (condition && strcmp(condition, "next-exit") == 0) {
    conn->wait = COR_WAIT_NEXT_EXIT;
  } else if (condition && strcmp(condition, "health") == 0) {
    if (health && strcmp(health, "starting") == 0) {
      conn->wait = COR_WAIT_HEALTH;
      return 0;
    }
    snprintf(text, sizeof(text), "{\"status\":\"%s\"}", health ? health : "none");
    cor_conn_reply(conn, text);
  } else {
    return cor_fail(request->err, EINVAL, "control", condition ? condition : "",
                    "no such condition");
  }
  return 0;
}

static int freeze(struct cor_conn *conn, const struct request *request, bool frozen) {
  if (cor_shim_freeze(conn->shim, frozen, request->err) < 0)
    return -1;
  cor_conn_reply(conn, "{}");
  return 0;
}

static int op_pause(struct cor_conn *conn, const struct request *request) {
  return freeze(conn, request, true);
}

static int op_resume(struct cor_conn *conn, const struct request *request) {
  return freeze(conn, request, false);
}

static int op_reload(struct cor_conn *conn, const struct request *request) {
  if (cor_shim_reload(conn->shim, request->err) < 0)
    return -1;
  cor_conn_reply(conn, "{}");
  return 0;
}

static int op_resize(struct cor_conn *conn, const struct request *request) {
  int64_t rows = 0, columns = 0;
  if (get_number(request, "rows", &rows) < 0 || get_number(request, "columns", &columns) < 0)
    return -1;
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (!conn->shim->spec->tty || conn->shim->input.fd < 0)
    return cor_fail(request->err, ENOTTY, "resize", conn->shim->spec->name,
                    "the container has no terminal");
  if (ioctl(conn->shim->input.fd, TIOCSWINSZ, &size) < 0)
    return cor_fail(request->err, errno, "resize", conn->shim->spec->name,
                    "cannot set the terminal's size");
  cor_conn_reply(conn, "{}");
  return 0;
}

static int op_attach(struct cor_conn *conn, const struct request *request) {
  cor_attach_begin(conn, get_flag(request, "stdin"));
  return 0;
}

/* Request → its members beside "op", separated by blanks. */
static const struct {
  const char *name, *members;
  int (*run)(struct cor_conn *, const struct request *);
} ops[] = {
    {"state", "", op_state},
    {"signal", "signal final", op_signal},
    {"stop", "signal timeoutMs shutdown", op_stop},
    {"restart", "signal timeoutMs", op_restart},
    {"wait", "condition", op_wait},
    {"pause", "", op_pause},
    {"resume", "", op_resume},
    {"reload", "", op_reload},
    {"resize", "rows columns", op_resize},
    {"attach", "stdin", op_attach},
};

static bool lists(const char *members, const char *key) {
  size_t size = strlen(key);
  for (const char *at = members; size > 0 && (at = strstr(at, key)); at += size)
    if ((at == members || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
      return true;
  return strcmp(key, "op") == 0;
}

static int dispatch(struct cor_conn *conn, const struct request *request) {
  const char *name = get_text(request, "op");
  for (size_t i = 0; name && i < sizeof(ops) / sizeof(*ops); i++) {
    if (strcmp(ops[i].name, name) != 0)
      continue;
    json_object_object_foreach(request->json, key, value) {
      (void)value;
      if (!lists(ops[i].members, key))
        return cor_fail(request->err, EINVAL, "control", key, "unknown member of \"%s\"", name);
    }
    return ops[i].run(conn, request);
  }
  return cor_fail(request->err, EINVAL, "control", name ? name : "", "unknown request");
}

void cor_ctl_request(struct cor_conn *conn, const char *line, size_t size) {
  struct cor_err err = {0};
  struct json_tokener *tokener = json_tokener_new();
  struct json_object *json = tokener ? json_tokener_parse_ex(tokener, line, (int)size) : NULL;
  struct request request = {json, &err};
  int result = json_object_is_type(json, json_type_object)
                   ? dispatch(conn, &request)
                   : cor_fail(&err, EINVAL, "control", "", "not a JSON object");
  if (tokener)
    json_tokener_free(tokener);
  json_object_put(json);
  if (result < 0)
    cor_conn_fail(conn, &err);
}
