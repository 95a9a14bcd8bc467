/* ps: the processes of a container, as its cgroup has them. */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "commands.h"
#include "fd.h"
#include "oci.h"
#include "options.h"

static bool add_number(pid_t pid, void *arg) {
  json_object_array_add(arg, json_object_new_int(pid));
  return true;
}

/* A program's name is whatever the container's process has made of it: no control character of it
 * reaches a terminal. */
static void make_printable(char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
      text[i] = text[i] ? '?' : ' ';
}

static bool print_line(pid_t pid, void *arg) {
  char path[64];
  struct stat st;
  size_t size = 0;
  int parent = 0;
  unsigned long user = 0, system = 0;
  (void)arg;
  snprintf(path, sizeof(path), "/proc/%d", (int)pid);
  _cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || fstat(dir, &st) < 0)
    return false; /* ended this moment */
  _cleanup_free_ char *stat = cor_read_file(dir, "stat", 4096, NULL, NULL);
  _cleanup_free_ char *line = cor_read_file(dir, "cmdline", 1 << 20, &size, NULL);
  char *after = stat ? strrchr(stat, ')') : NULL;
  if (!after || sscanf(after, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &parent,
                       &user, &system) != 3)
    return false;
  char *name = strchr(stat, '(');
  *after = '\0';
  if (line && size) {
    name = line;
    make_printable(line, size - 1);
  } else {
    name++;
    make_printable(name, strlen(name));
  }
  unsigned long seconds = (user + system) / (unsigned long)sysconf(_SC_CLK_TCK);
  printf("%-8u %7d %7d %02lu:%02lu:%02lu %.4000s\n", (unsigned)st.st_uid, (int)pid, parent,
         seconds / 3600, seconds / 60 % 60, seconds % 60, name);
  return true;
}

int cor_cmd_ps(int argc, char **argv) {
  static struct cor_oci_state state;
  static struct cor_cgroup cgroup;
  const char *format = "table";
  struct cor_err err;
  const struct cor_option table[] = {{"format", 'f', COR_OPTION_TEXT, &format}};
  int at = COR_OPTIONS(argc, argv, table);
  if (at < 0 || at + 1 != argc || (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)) {
    fprintf(stderr, "usage: coracle-runtime ps [--format table|json] ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0 || cor_cgroup_find(&cgroup, state.spec, &err) < 0)
    return cor_oci_fail(&err, 1);
  cor_cgroup_open(&cgroup);
  int dirfd = cor_cgroup_process_dir(&cgroup);
  if (strcmp(format, "json") == 0) {
    struct json_object *array = json_object_new_array();
    if (dirfd >= 0)
      (void)cor_cgroup_visit(dirfd, add_number, array);
    puts(json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN));
    json_object_put(array);
  } else {
    printf("%-8s %7s %7s %8s %s\n", "UID", "PID", "PPID", "TIME", "CMD");
    if (dirfd >= 0)
      (void)cor_cgroup_visit(dirfd, print_line, NULL);
  }
  cor_cgroup_close(&cgroup);
  return 0;
}
