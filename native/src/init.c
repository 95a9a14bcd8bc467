#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "dev.h"
#include "fd.h"
#include "hooks.h"
#include "mount.h"
#include "passwd.h"
#include "process.h"
#include "rootfs.h"
#include "spec_user.h"
#include "sync.h"

void cor_init_die(int sync_fd, const struct cor_err *err) {
  (void)cor_sync_send_error(sync_fd, err);
  _exit(1);
}

/* Waits for one word of the caller; its death ends this process too. */
static void expect(int sync_fd, enum cor_sync kind) {
  struct cor_sync_message message;
  if (cor_sync_receive(sync_fd, &message) < 0 || message.kind != kind)
    _exit(1);
}

/* In a new user namespace the process has all capabilities but no mapped id until the caller has
 * written the maps; only then can it become root there, which is who makes all that follows. */
static int become_namespace_root(const struct cor_init *init, struct cor_err *err) {
  if (!init->new_user_ns && init->ns_fds[COR_NS_USER] < 0)
    return 0;
  if (init->new_user_ns)
    expect(init->sync_fd, COR_SYNC_MAPPED);
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return cor_fail(err, errno, "setresuid", "user namespace", "cannot become its root");
  return 0;
}

static int set_names(const struct cor_spec *spec, struct cor_err *err) {
  if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
    return cor_fail(err, errno, "sethostname", spec->hostname, "cannot set the host name");
  if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
    return cor_fail(err, errno, "setdomainname", spec->domainname, "cannot set the domain name");
  return 0;
}

/* Settings that belong to a namespace; anything else would change the host. */
static bool sysctl_is_namespaced(const struct cor_init *init, const char *key) {
  const struct cor_spec *spec = init->spec;
  static const char *const ipc[] = {"kernel/msgmax", "kernel/msgmnb",         "kernel/msgmni",
                                    "kernel/sem",    "kernel/shmall",         "kernel/shmmax",
                                    "kernel/shmmni", "kernel/shm_rmid_forced"};
  if (strncmp(key, "net/", 4) == 0)
    return spec->namespaces[COR_NS_NET].present || init->launch->netns_fd >= 0;
  if (strcmp(key, "kernel/domainname") == 0 || strcmp(key, "kernel/hostname") == 0)
    return spec->namespaces[COR_NS_UTS].present;
  if (strncmp(key, "fs/mqueue/", 10) == 0)
    return spec->namespaces[COR_NS_IPC].present;
  for (size_t i = 0; i < sizeof(ipc) / sizeof(*ipc); i++)
    if (strcmp(key, ipc[i]) == 0)
      return spec->namespaces[COR_NS_IPC].present;
  if (strncmp(key, "user/", 5) == 0)
    return spec->namespaces[COR_NS_USER].present;
  return false;
}

/* Written through the host's own proc: its /proc/sys shows the namespaces of whoever opens a file
 * in it, and the container's proc might be a fake (CVE-2025-52881). */
static int set_sysctls(const struct cor_init *init, struct cor_err *err) {
  for (size_t i = 0; i < init->spec->sysctl.count; i++) {
    const struct cor_pair *pair = &init->spec->sysctl.items[i];
    char key[256], path[272];
    if (snprintf(key, sizeof(key), "%s", pair->key) >= (int)sizeof(key) || strstr(pair->key, ".."))
      return cor_fail(err, 0, "sysctl", pair->key, "is not a name of a setting");
    /* "net.ipv4.conf.eth0/100.x": in names with dots a slash stands for a dot, as sysctl(8) has it.
     */
    bool slashes = strchr(key, '/') && (!strchr(key, '.') || strchr(key, '/') < strchr(key, '.'));
    for (char *c = key; *c && !slashes; c++)
      *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
    if (!sysctl_is_namespaced(init, key))
      return cor_fail(err, EPERM, "sysctl", pair->key,
                      "does not belong to a namespace of the container's own");
    snprintf(path, sizeof(path), "sys/%s", key);
    if (cor_write_file(init->proc_fd, path, pair->value) < 0)
      return cor_fail(err, errno, "sysctl", pair->key, "cannot set it to \"%.100s\"", pair->value);
  }
  return 0;
}

static int set_time_offsets(const struct cor_init *init, struct cor_err *err) {
  char line[80];
  const struct cor_namespace *ns = &init->spec->namespaces[COR_NS_TIME];
  if (!ns->present || ns->path)
    return init->spec->time_offsets.count
               ? cor_fail(err, 0, "parse config.json", "linux.timeOffsets",
                          "needs a new time namespace")
               : 0;
  if (unshare(cor_ns_names[COR_NS_TIME].flag) < 0)
    return cor_fail(err, errno, "unshare", "time", "cannot make the namespace");
  for (size_t i = 0; i < init->spec->time_offsets.count; i++) {
    snprintf(line, sizeof(line), "%s %s\n", init->spec->time_offsets.items[i].key,
             init->spec->time_offsets.items[i].value);
    if (cor_write_file(init->proc_fd, "self/timens_offsets", line) < 0)
      return cor_fail(err, errno, "write", "/proc/self/timens_offsets",
                      "cannot set the %s clock's offset", init->spec->time_offsets.items[i].key);
  }
  /* The maker's children alone are in it, and before Linux 6.3 an execve does not bring the maker
   * there. */
  _cleanup_close_ int own =
      openat(init->proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
  if (own < 0 || setns(own, cor_ns_names[COR_NS_TIME].flag) < 0)
    return cor_fail(err, errno, "setns", "time", "cannot enter the new namespace");
  return 0;
}

/* A pty of the container's own devpts; its master goes to the caller, its slave is bound over
 * /dev/console. */
static int open_console(const struct cor_init *init, int *peer_fd, struct cor_err *err) {
  _cleanup_close_ int master = cor_dev_open_pty(init->root_fd, peer_fd, err);
  if (master < 0)
    return -1;
  if (cor_sync_send(init->sync_fd, COR_SYNC_CONSOLE, master) < 0)
    return cor_fail(err, errno, "sendmsg", "console", "cannot hand the terminal over");
  if (!init->has_own_dev)
    return 0;
  _cleanup_close_ int target = cor_root_target(init->root_fd, "/dev/console", false, err);
  _cleanup_close_ int mount_fd = target < 0 ? -1 : cor_mount_clone(*peer_fd, "", false, err);
  return mount_fd < 0 ? -1 : cor_mount_attach(mount_fd, target, "/dev/console", err);
}

/* Start comes from the caller, or from another run of the program that connects; then what happens
 * to execve is told to that one. Returns the socket to report to. */
static int wait_start(const struct cor_init *init, struct cor_err *err) {
  if (cor_sync_send(init->sync_fd, COR_SYNC_WAITING, -1) < 0)
    _exit(1);
  int fd = init->sync_fd;
  if (init->launch->start_listen_fd >= 0) {
    do
      fd = accept4(init->launch->start_listen_fd, NULL, NULL, SOCK_CLOEXEC);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0)
      return cor_fail(err, errno, "accept", "start", "cannot wait for the start");
  }
  expect(fd, COR_SYNC_START);
  return fd;
}

/* This process's number outside, which is what hooks are told: the host's proc counts in the host's
 * numbers. */
static pid_t host_pid(const struct cor_init *init) {
  char text[16];
  ssize_t n = readlinkat(init->proc_fd, "self", text, sizeof(text) - 1);
  text[n > 0 ? n : 0] = '\0';
  return (pid_t)strtol(text, NULL, 10);
}

static int run(struct cor_init *init, struct cor_err *err) {
  const struct cor_spec *spec = init->spec;
  const struct cor_process *process = &spec->process;
  int peer_fd = -1;

  /* A caller that dies while this runs leaves nothing: the signal is set again after the change of
   * user. */
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if ((init->proc_fd = cor_proc_open(err)) < 0)
    return -1;
  /* First of all: what is allocated from here on counts for the container. While this process is
   * the host's root to the cgroup files, which it is no more in a user namespace; and before the
   * cgroup namespace is made, whose root is where its maker is. */
  if (cor_cgroup_enter(init->cgroup, err) < 0 || cor_ns_remake(init, err) < 0 ||
      cor_ns_join(init->ns_fds, init->late_flags, err) < 0)
    return -1;
  const struct cor_namespace *cgroup_ns = &spec->namespaces[COR_NS_CGROUP];
  if (cgroup_ns->present && !cgroup_ns->path && unshare(CLONE_NEWCGROUP) < 0)
    return cor_fail(err, errno, "unshare", "cgroup", "cannot make the namespace");
  if (become_namespace_root(init, err) < 0)
    return -1;
  /* A session of its own: no terminal of the caller's, no signals to its group. EPERM: it leads one
   * already. */
  (void)setsid();
  umask(0);

  bool has_mount_ns = spec->namespaces[COR_NS_MOUNT].present;
  if (!has_mount_ns)
    return cor_fail(err, 0, "parse config.json", "linux.namespaces",
                    "a mount namespace is required");
  if (set_sysctls(init, err) < 0 || set_time_offsets(init, err) < 0 ||
      cor_root_setup(init, err) < 0)
    return -1;
  if (init->launch->console && open_console(init, &peer_fd, err) < 0)
    return -1;
  if (cor_mask_paths(init, err) < 0)
    return -1;
  if (cor_hooks_before_pivot(spec)) {
    if (cor_sync_send(init->sync_fd, COR_SYNC_HOOKS, -1) < 0)
      _exit(1);
    expect(init->sync_fd, COR_SYNC_HOOKS);
  }
  if (cor_hooks_run(&spec->hooks.create_container, "createContainer", init->launch, host_pid(init),
                    "creating", err) < 0)
    return -1;
  if (cor_root_enter(init, err) < 0 || set_names(spec, err) < 0)
    return -1;

  struct cor_process own = spec->process;
  if (cor_spec_user(init->root_fd, spec, &own, err) < 0)
    return -1;
  process = &own;
  char home[256] = "/";
  if (!cor_env_get(process->env, "HOME"))
    cor_user_home(init->root_fd, process->uid, home, sizeof(home));
  struct cor_process_setup setup = {
      .process = process,
      .seccomp = &spec->seccomp,
      .filter = &init->seccomp,
      .argv = process->args,
      .env = cor_process_env(process->env, NULL, home),
      .has_personality = spec->has_personality,
      .personality = spec->personality,
      .sync_fd = init->sync_fd,
      .pdeathsig = init->launch->pdeathsig,
      .preserve_fds = init->launch->preserve_fds,
      .no_new_keyring = init->launch->no_new_keyring,
      .block_signals = cor_spec_has_init(spec),
  };
  if (!setup.env)
    return cor_fail(err, ENOMEM, "malloc", "process.env", "out of memory");

  if (cor_process_label(process, init->proc_fd, err) < 0 || cor_process_limits(&setup, err) < 0)
    return -1;
  if (init->launch->console) {
    if (cor_process_terminal(peer_fd, process, process->rows, process->columns, err) < 0)
      return -1;
  } else if (cor_process_stdio(init->launch->stdio, err) < 0) {
    return -1;
  }
  if (!init->launch->pdeathsig)
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);

  char path[PATH_MAX];
  if (cor_process_become(&setup, err) < 0 || cor_process_find(&setup, path, err) < 0)
    return -1;
  int report_fd = init->sync_fd;
  if (init->launch->wait_start && (report_fd = wait_start(init, err)) < 0)
    return -1;
  init->sync_fd = report_fd;
  if (cor_hooks_run(&spec->hooks.start_container, "startContainer", init->launch, host_pid(init),
                    "created", err) < 0)
    return -1;
  return cor_process_execute(&setup, path, err);
}

void cor_init_main(struct cor_init *init) {
  static struct cor_err err;
  cor_stage("init");
  prctl(PR_SET_NAME, "coracle-init");
  run(init, &err);
  cor_init_die(init->sync_fd, &err);
}
