/* How the OCI command line answers: errors on stderr and in --log, exit codes, pid files. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fd.h"
#include "oci.h"

/* Callers (conmon, containerd) read the last line of --log for what went wrong, in logrus's shape.
 */
static void write_log(const char *message) {
  char stamp[40];
  struct tm tm;
  time_t now = time(NULL);
  _cleanup_close_ int fd = open(cor_oci.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0)
    return;
  gmtime_r(&now, &tm);
  strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
  if (strcmp(cor_oci.log_format, "json") != 0) {
    dprintf(fd, "time=\"%s\" level=error msg=\"%s\"\n", stamp, message);
    return;
  }
  struct json_object *line = json_object_new_object();
  json_object_object_add(line, "level", json_object_new_string("error"));
  json_object_object_add(line, "msg", json_object_new_string(message));
  json_object_object_add(line, "time", json_object_new_string(stamp));
  dprintf(fd, "%s\n",
          json_object_to_json_string_ext(line,
                                         JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(line);
}

int cor_oci_fail(const struct cor_err *err, int code) {
  char message[1400];
  cor_err_text(err, message, sizeof(message));
  fprintf(stderr, "coracle-runtime: %s\n", message);
  if (cor_oci.log)
    write_log(message);
  return code;
}

int cor_oci_exit_code(const struct cor_err *err) {
  if (!err->op || strcmp(err->op, "execve") != 0)
    return 1;
  return err->errno_ == ENOENT ? 127 : 126;
}

int cor_oci_write_pid_file(const char *path, pid_t pid, struct cor_err *err) {
  char text[16];
  snprintf(text, sizeof(text), "%d", (int)pid);
  return cor_replace_file(AT_FDCWD, path, text, strlen(text), 0644, err);
}
