#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number, linux/capability.h. */
static const char *const names[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
#define NAME_COUNT ((int)(sizeof(names) / sizeof(*names)))

int cor_cap_number(const char *name) {
  for (int i = 0; i < NAME_COUNT; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

const char *cor_cap_name(int number) {
  return number >= 0 && number < NAME_COUNT ? names[number] : NULL;
}

static int last_known(void) {
  int last = NAME_COUNT - 1;
  while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
    last--;
  return last;
}

struct cor_caps cor_caps_known(const struct cor_caps *caps) {
  uint64_t mask = (UINT64_C(2) << last_known()) - 1;
  /* What is not in our own bounding set cannot be given. Where the program itself runs in a
   * container that lacks a capability, "all" means all that there are, as with the other runtimes.
   */
  for (int i = 0; i < NAME_COUNT; i++)
    if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0)
      mask &= ~(UINT64_C(1) << i);
  return (struct cor_caps){
      .present = caps->present,
      .bounding = caps->bounding & mask,
      .effective = caps->effective & mask,
      .inheritable = caps->inheritable & mask,
      .permitted = caps->permitted & mask,
      /* Nothing can be ambient that is not permitted and inheritable too (capabilities(7)). Default
       * specs of other tools list such capabilities, and all runtimes leave them out. */
      .ambient = caps->ambient & caps->permitted & caps->inheritable & mask,
  };
}

/* The bounding set needs CAP_SETPCAP, which the user does not keep; and it is what an execve of a
 * set-user-ID program may still regain, so it must be down before anything of the container runs.
 */
int cor_caps_before_user(const struct cor_caps *caps, struct cor_err *err) {
  for (int i = last_known(); i >= 0; i--) {
    if (caps->bounding & (UINT64_C(1) << i))
      continue;
    if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 0)
      return cor_fail(err, errno, "prctl PR_CAPBSET_DROP", names[i], "cannot drop the capability");
  }
  /* setuid to a user other than root would clear the permitted set, and with it what the spec
   * grants. execve clears the flag again. */
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
    return cor_fail(err, errno, "prctl PR_SET_KEEPCAPS", "",
                    "cannot keep capabilities over the change of user");
  return 0;
}

int cor_caps_after_user(const struct cor_caps *caps, struct cor_err *err) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++)
    data[i] = (struct __user_cap_data_struct){
        .effective = (uint32_t)(caps->effective >> (32 * i)),
        .permitted = (uint32_t)(caps->permitted >> (32 * i)),
        .inheritable = (uint32_t)(caps->inheritable >> (32 * i)),
    };
  if (syscall(SYS_capset, &header, data) < 0)
    return cor_fail(err, errno, "capset", "", "cannot set the process's capabilities");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return cor_fail(err, errno, "prctl PR_CAP_AMBIENT", "",
                    "cannot clear the ambient capabilities");
  for (int i = 0; i < NAME_COUNT; i++)
    if (caps->ambient & (UINT64_C(1) << i) &&
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
      return cor_fail(err, errno, "prctl PR_CAP_AMBIENT", names[i],
                      "cannot raise the ambient capability");
  return 0;
}
