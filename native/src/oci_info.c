/* spec and features: what this runtime can do, and a config.json to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "commands.h"
#include "fd.h"
#include "oci.h"
#include "options.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A shell in a read-only root with the capabilities, masks and mounts that every engine gives by
 * default. */
static const char template[] =
    "{\"ociVersion\":\"1.2.0\","
    "\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
    "\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
    "bin\",\"TERM=xterm\"],\"cwd\":\"/\","
    "\"capabilities\":{\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
    "\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
    "\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
    "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":"
    "true},"
    "\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"coracle\","
    "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
    "\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]}"
    ","
    "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
    "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
    "\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
    "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":"
    "\"uts\"},"
    "{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/"
    "latency_stats\","
    "\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/"
    "scsi\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/"
    "sysrq-trigger\"]}}";

int cor_cmd_spec(int argc, char **argv) {
  const char *bundle = ".";
  struct cor_err err;
  const struct cor_option table[] = {{"bundle", 'b', COR_OPTION_TEXT, &bundle}};
  int at = COR_OPTIONS(argc, argv, table);
  if (at != argc) {
    fprintf(stderr, "usage: coracle-runtime spec [--bundle DIR]\n");
    return 2;
  }
  struct json_object *json = json_tokener_parse(template);
  const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE);
  char path[4096];
  snprintf(path, sizeof(path), "%s/config.json", bundle);
  _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  int result =
      fd < 0 || cor_write_full(fd, text, strlen(text)) < 0 || cor_write_full(fd, "\n", 1) < 0
          ? cor_fail(&err, errno, "open", path, "cannot write the file")
          : 0;
  json_object_put(json);
  return result < 0 ? cor_oci_fail(&err, 1) : 0;
}

static struct json_object *strings(const char *const *items, size_t count) {
  struct json_object *array = json_object_new_array();
  for (size_t i = 0; i < count; i++)
    json_object_array_add(array, json_object_new_string(items[i]));
  return array;
}

static void add_flag(struct json_object *parent, const char *key, const char *inner, bool value) {
  struct json_object *object = json_object_new_object();
  json_object_object_add(object, inner, json_object_new_boolean(value));
  json_object_object_add(parent, key, object);
}

static struct json_object *linux_features(void) {
  static const char *const seccomp_actions[] = {
      "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",       "SCMP_ACT_KILL",  "SCMP_ACT_LOG",
      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"};
  static const char *const seccomp_operators[] = {"SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
                                                  "SCMP_CMP_LE",       "SCMP_CMP_LT", "SCMP_CMP_NE",
                                                  "SCMP_CMP_MASKED_EQ"};
  static const char *const seccomp_flags[] = {
      "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
  struct json_object *features = json_object_new_object(), *array = json_object_new_array();
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    json_object_array_add(array, json_object_new_string(cor_ns_names[kind].oci));
  json_object_object_add(features, "namespaces", array);
  array = json_object_new_array();
  for (int i = 0; cor_cap_name(i); i++)
    json_object_array_add(array, json_object_new_string(cor_cap_name(i)));
  json_object_object_add(features, "capabilities", array);
  struct json_object *cgroup = json_object_new_object();
  json_object_object_add(cgroup, "v1", json_object_new_boolean(true));
  json_object_object_add(cgroup, "v2", json_object_new_boolean(true));
  json_object_object_add(cgroup, "systemd", json_object_new_boolean(false));
  json_object_object_add(cgroup, "systemdUser", json_object_new_boolean(false));
  json_object_object_add(cgroup, "rdma", json_object_new_boolean(false));
  json_object_object_add(features, "cgroup", cgroup);
  struct json_object *seccomp = json_object_new_object();
  json_object_object_add(seccomp, "enabled", json_object_new_boolean(true));
  json_object_object_add(seccomp, "actions", strings(seccomp_actions, COUNT(seccomp_actions)));
  json_object_object_add(seccomp, "operators",
                         strings(seccomp_operators, COUNT(seccomp_operators)));
  json_object_object_add(seccomp, "supportedFlags", strings(seccomp_flags, COUNT(seccomp_flags)));
  json_object_object_add(features, "seccomp", seccomp);
  /* Compiled in always; true only where this machine's kernel would take a label. */
  add_flag(features, "apparmor", "enabled", access("/sys/kernel/security/apparmor", F_OK) == 0);
  add_flag(features, "selinux", "enabled", access("/sys/fs/selinux/enforce", F_OK) == 0);
  add_flag(features, "intelRdt", "enabled", false);
  struct json_object *mounts = json_object_new_object();
  add_flag(mounts, "idmap", "enabled", true);
  json_object_object_add(features, "mountExtensions", mounts);
  return features;
}

int cor_cmd_features(int argc, char **argv) {
  static const char *const hooks[] = {"prestart",       "createRuntime", "createContainer",
                                      "startContainer", "poststart",     "poststop"};
  static const char *const mount_options[] = {"async",
                                              "atime",
                                              "bind",
                                              "defaults",
                                              "dev",
                                              "diratime",
                                              "dirsync",
                                              "exec",
                                              "idmap",
                                              "ridmap",
                                              "tmpcopyup",
                                              "lazytime",
                                              "mand",
                                              "noatime",
                                              "nodev",
                                              "nodiratime",
                                              "noexec",
                                              "nolazytime",
                                              "nomand",
                                              "norelatime",
                                              "nostrictatime",
                                              "nosuid",
                                              "nosymfollow",
                                              "private",
                                              "ratime",
                                              "rbind",
                                              "rdev",
                                              "rdiratime",
                                              "relatime",
                                              "remount",
                                              "rexec",
                                              "rnoatime",
                                              "rnodev",
                                              "rnodiratime",
                                              "rnoexec",
                                              "rnorelatime",
                                              "rnostrictatime",
                                              "rnosuid",
                                              "rnosymfollow",
                                              "ro",
                                              "rprivate",
                                              "rrelatime",
                                              "rro",
                                              "rrw",
                                              "rshared",
                                              "rslave",
                                              "rstrictatime",
                                              "rsuid",
                                              "rsymfollow",
                                              "runbindable",
                                              "rw",
                                              "shared",
                                              "silent",
                                              "slave",
                                              "strictatime",
                                              "suid",
                                              "symfollow",
                                              "sync",
                                              "unbindable"};
  if (argc != 1) {
    fprintf(stderr, "usage: coracle-runtime %s\n", argv[0]);
    return 2;
  }
  struct json_object *features = json_object_new_object();
  json_object_object_add(features, "ociVersionMin", json_object_new_string("1.0.0"));
  json_object_object_add(features, "ociVersionMax", json_object_new_string("1.2.0"));
  json_object_object_add(features, "hooks", strings(hooks, COUNT(hooks)));
  json_object_object_add(features, "mountOptions", strings(mount_options, COUNT(mount_options)));
  json_object_object_add(features, "linux", linux_features());
  puts(json_object_to_json_string_ext(features,
                                      JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(features);
  return 0;
}
