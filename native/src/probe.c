/* coracle-runtime probe: does for a moment what a container's start does, so that `coracle doctor`
 * can say what this machine lacks. One JSON line a probe; nothing of it is left. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "commands.h"
#include "container.h"
#include "fd.h"
#include "firewall.h"
#include "mount.h"
#include "net_link.h"
#include "nft.h"
#include "options.h"
#include "sbuf.h"

/* `found` is what there is, where it is there; the error where it is not. */
static void tell(const char *name, int result, const char *found, const struct cor_err *err) {
  cor_sbuf_auto line = {0};
  cor_sbuf_fmt(&line, "{\"probe\":\"%s\",\"ok\":%s,\"found\":", name,
               result < 0 ? "false" : "true");
  cor_sbuf_json_str(&line, result < 0 ? err->msg : found);
  cor_sbuf_fmt(&line, ",\"errno\":%d}\n", result < 0 ? err->errno_ : 0);
  fputs(line.data, stdout);
  fflush(stdout);
}

/* Each is called with what it refuses after a look at its arguments: ENOSYS means that it is not
 * there, EPERM that something forbids it. */
static int system_calls(struct cor_err *err) {
  static const struct {
    const char *name;
    long number;
  } calls[] = {
      {"openat2", SYS_openat2},         {"open_tree", SYS_open_tree},
      {"move_mount", SYS_move_mount},   {"fsopen", SYS_fsopen},
      {"fsconfig", SYS_fsconfig},       {"mount_setattr", SYS_mount_setattr},
      {"pidfd_open", SYS_pidfd_open},   {"pidfd_send_signal", SYS_pidfd_send_signal},
      {"close_range", SYS_close_range}, {"clone3", SYS_clone3},
  };
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
    if (syscall(calls[i].number, -1, NULL, -1, NULL, 0) < 0 && (errno == ENOSYS || errno == EPERM))
      return cor_fail(err, errno, "probe", calls[i].name, "no system call %s: %s", calls[i].name,
                      strerror(errno));
  return 0;
}

static int filters(struct cor_err *err) {
  unsigned action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
    return cor_fail(err, errno, "probe", "", "no system call filters: %s", strerror(errno));
  return 0;
}

static int cgroups(char *found, size_t size, struct cor_err *err) {
  char path[64];
  snprintf(path, sizeof(path), "/coracle-probe-%d", (int)getpid());
  struct cor_spec spec = {.cgroups_path = path};
  struct cor_cgroup cgroup;
  if (cor_cgroup_find(&cgroup, &spec, err) < 0)
    return -1;
  int result = cor_cgroup_create(&cgroup, &spec, err);
  size_t used = (size_t)snprintf(found, size, "v%d", cgroup.version);
  for (size_t i = 0; i < cgroup.count && used < size; i++)
    if (cgroup.hierarchies[i].name[0])
      used += (size_t)snprintf(found + used, size - used, " %s", cgroup.hierarchies[i].name);
  struct cor_err ignored;
  cor_cgroup_destroy(&cgroup, &ignored);
  cor_cgroup_close(&cgroup);
  return result;
}

static int namespaces(struct cor_err *err) {
  static const struct {
    const char *name;
    int flag;
  } kinds[] = {{"mount", CLONE_NEWNS}, {"network", CLONE_NEWNET}, {"uts", CLONE_NEWUTS},
               {"ipc", CLONE_NEWIPC},  {"pid", CLONE_NEWPID},     {"cgroup", CLONE_NEWCGROUP}};
  for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
    if (unshare(kinds[i].flag) < 0)
      return cor_fail(err, errno, "unshare", kinds[i].name, "no %s namespace: %s", kinds[i].name,
                      strerror(errno));
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot make the mounts private: %s",
                    strerror(errno));
  return 0;
}

/* Where containers have theirs: not every file system can carry one. */
static int overlay(const char *data, struct cor_err *err) {
  static const char *const names[] = {"lower", "upper", "work", "merged"};
  char scratch[3800], paths[4][4096];
  snprintf(scratch, sizeof(scratch), "%s/.probe-XXXXXX", data);
  if (!mkdtemp(scratch))
    return cor_fail(err, errno, "mkdir", data, "cannot make a folder in %s: %s", data,
                    strerror(errno));
  int result = 0;
  for (int i = 0; i < 4; i++) {
    snprintf(paths[i], sizeof(paths[i]), "%s/%s", scratch, names[i]);
    if (mkdir(paths[i], 0700) < 0)
      result = cor_fail(err, errno, "mkdir", paths[i], "cannot make a folder in %s: %s", data,
                        strerror(errno));
  }
  const char *lower[] = {paths[0], NULL};
  struct cor_overlay spec = {.lower = lower, .upper = paths[1], .work = paths[2]};
  int fd = result < 0 ? -1 : cor_overlay_mount(&spec, paths[3], err);
  if (fd >= 0)
    close(fd);
  else
    result = -1;
  char inner[4200];
  snprintf(inner, sizeof(inner), "%s/work", paths[2]);
  rmdir(inner);
  for (int i = 0; i < 4; i++)
    rmdir(paths[i]);
  rmdir(scratch);
  return result;
}

/* All in the throw-away network namespace. */
static int link_kind(const char *kind, struct cor_err *err) {
  cor_nl_auto nl = {-1};
  cor_nlbuf_auto buf = {0};
  if (cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  cor_link_message(&buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, "probe", false, kind);
  size_t info = cor_nl_begin(&buf, IFLA_LINKINFO);
  cor_nl_put_str(&buf, IFLA_INFO_KIND, kind);
  cor_nl_end(&buf, info);
  int result = cor_nl_send(&nl, &buf, err);
  struct cor_err ignored;
  if (result == 0)
    cor_link_delete("probe", &ignored);
  return result;
}

static int nf_tables(struct cor_err *err) {
  cor_nl_auto nl = {-1};
  cor_nlbuf_auto buf = {0};
  if (cor_nl_open(&nl, NETLINK_NETFILTER, err) < 0)
    return -1;
  cor_nft_begin(&buf);
  cor_nft_ruleset(&buf, "coracle-probe");
  cor_nft_end(&buf);
  return cor_nl_send(&nl, &buf, err);
}

static void isolated(const char *data) {
  struct cor_err err = {0};
  int result = namespaces(&err);
  tell("namespaces", result, "mount network uts ipc pid cgroup", &err);
  if (result < 0)
    return;
  tell("overlay", overlay(data, &err), "works in the data folder", &err);
  tell("bridge", link_kind("bridge", &err), "can be made", &err);
  tell("veth", link_kind("veth", &err), "can be made", &err);
  tell("nf_tables", nf_tables(&err), "takes our rules", &err);
  tell("ipv6", access("/proc/sys/net/ipv6", F_OK), "there",
       &(struct cor_err){.errno_ = ENOENT, .msg = "not there"});
}

/* Of the host's own network namespace: who refuses what containers send and get. */
static void tell_firewalls(void) {
  cor_sbuf_auto barriers = {0};
  struct cor_err err = {0};
  int result = cor_firewall_barriers(&barriers, &err);
  if (result == 0 && barriers.len > 0)
    result = cor_fail(&err, 0, "probe", "", "%s refuses what is forwarded", barriers.data);
  tell("firewall", result, "nothing stands in the way of containers", &err);
}

int cor_cmd_probe(int argc, char **argv) {
  const char *data = NULL;
  const struct cor_option table[] = {{"data", 0, COR_OPTION_TEXT, &data}};
  if (COR_OPTIONS(argc, argv, table) != argc || !data) {
    fprintf(stderr, "usage: coracle-runtime probe --data DIR\n");
    return 2;
  }
  struct cor_err err = {0};
  char found[256] = "";
  tell("system-calls", system_calls(&err), "there", &err);
  tell("seccomp", filters(&err), "there", &err);
  int result = cgroups(found, sizeof(found), &err);
  tell("cgroups", result, found, &err);
  tell_firewalls();
  pid_t pid = fork();
  if (pid == 0) {
    isolated(data);
    _exit(0);
  }
  return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
