#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fd.h"

/* BPF_MAXINSNS */
#define FILTER_MAX 4096

/* Changed with what this file makes of a spec, so that filters of an older program are not taken.
 */
#define CACHE_VERSION 1

static int add_rule(scmp_filter_ctx ctx, const struct cor_seccomp *seccomp,
                    const struct cor_seccomp_rule *rule, struct cor_err *err) {
  struct scmp_arg_cmp args[6];
  if (rule->action == seccomp->default_action)
    return 0;
  for (const char *const *name = rule->names; *name; name++) {
    int number = seccomp_syscall_resolve_name(*name);
    /* A name that this libseccomp does not know falls under the default action: profiles list newer
     * calls than any one library. */
    if (number == __NR_SCMP_ERROR)
      continue;
    /* libseccomp takes each argument once per rule. Where a profile tests one twice (clone's
     * flags), every test becomes a rule of its own, as with the other runtimes. */
    bool repeated = rule->arg_count > 6;
    for (size_t i = 0; i < rule->arg_count; i++)
      for (size_t j = 0; j < i; j++)
        repeated |= rule->args[i].index == rule->args[j].index;
    size_t step = repeated ? 1 : rule->arg_count;
    for (size_t at = 0; at < rule->arg_count || at == 0; at += step ? step : 1) {
      for (size_t i = 0; i < step; i++) {
        const struct cor_seccomp_arg *arg = &rule->args[at + i];
        args[i] = (struct scmp_arg_cmp){
            .arg = arg->index,
            .op = (enum scmp_compare)arg->op,
            .datum_a = arg->value,
            .datum_b = arg->value_two,
        };
      }
      int result = seccomp_rule_add_array(ctx, rule->action, number, (unsigned)step, args);
      /* EDOM/EACCES-like answers of single architectures are libseccomp's business; an equal rule
       * twice is none. */
      if (result < 0 && result != -EEXIST)
        return cor_fail(err, -result, "seccomp", *name, "cannot add the rule");
    }
  }
  return 0;
}

static int build(scmp_filter_ctx ctx, const struct cor_seccomp *seccomp, struct cor_err *err) {
  /* Binary search over the numbers in place of a long chain of tests. */
  (void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  /* The kernel's filter must not set no_new_privs where the spec does not ask for it. */
  (void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
  for (size_t i = 0; i < seccomp->arch_count; i++) {
    int result = seccomp_arch_add(ctx, seccomp->archs[i]);
    if (result < 0 && result != -EEXIST)
      return cor_fail(err, -result, "seccomp", "linux.seccomp.architectures",
                      "cannot add an architecture");
  }
  for (size_t i = 0; i < seccomp->rule_count; i++)
    if (add_rule(ctx, seccomp, &seccomp->rules[i], err) < 0)
      return -1;
  return 0;
}

static int take_code(struct sock_fprog *prog, void *code, size_t size, struct cor_err *err) {
  if (size == 0 || size % sizeof(struct sock_filter) ||
      size / sizeof(struct sock_filter) > FILTER_MAX)
    return cor_fail(err, E2BIG, "seccomp", "linux.seccomp",
                    "the filter has %zu instructions, the kernel takes %d",
                    size / sizeof(struct sock_filter), FILTER_MAX);
  prog->len = (unsigned short)(size / sizeof(struct sock_filter));
  prog->filter = code;
  return 0;
}

static int compile(const struct cor_seccomp *seccomp, struct sock_fprog *prog,
                   struct cor_err *err) {
  scmp_filter_ctx ctx = seccomp_init(seccomp->default_action);
  if (!ctx)
    return cor_fail(err, EINVAL, "seccomp", "linux.seccomp.defaultAction", "cannot make a filter");
  _cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
  struct stat st;
  int result = build(ctx, seccomp, err), exported = 0;
  if (result == 0 && (fd < 0 || (exported = seccomp_export_bpf(ctx, fd)) < 0 || fstat(fd, &st) < 0))
    result = cor_fail(err, exported < 0 ? -exported : errno, "seccomp", "linux.seccomp",
                      "cannot compile the filter");
  seccomp_release(ctx);
  if (result < 0)
    return -1;
  _cleanup_free_ void *code = malloc((size_t)st.st_size);
  if (!code || pread(fd, code, (size_t)st.st_size, 0) != st.st_size)
    return cor_fail(err, errno, "seccomp", "linux.seccomp", "cannot read the filter");
  if (take_code(prog, code, (size_t)st.st_size, err) < 0)
    return -1;
  code = NULL;
  return 0;
}

/* A compiled filter of this spec, or false. The folder belongs to root alone; a file of another
 * owner is not believed. */
static bool read_cached(const char *path, struct sock_fprog *prog) {
  struct stat st;
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
      st.st_mode & 022 || st.st_size > (off_t)(FILTER_MAX * sizeof(struct sock_filter)))
    return false;
  _cleanup_free_ void *code = malloc((size_t)st.st_size);
  if (!code || cor_read_full(fd, code, (size_t)st.st_size) != st.st_size ||
      take_code(prog, code, (size_t)st.st_size, NULL) < 0)
    return false;
  code = NULL;
  return true;
}

int cor_seccomp_compile(const struct cor_seccomp *seccomp, const char *cache_dir,
                        struct sock_fprog *prog, struct cor_err *err) {
  prog->filter = NULL;
  prog->len = 0;
  if (!seccomp->present)
    return 0;
  char path[512];
  bool cached =
      cache_dir && snprintf(path, sizeof(path), "%s/%016llx.%d.bpf", cache_dir,
                            (unsigned long long)seccomp->hash, CACHE_VERSION) < (int)sizeof(path);
  if (cached && read_cached(path, prog))
    return 0;
  if (compile(seccomp, prog, err) < 0)
    return -1;
  /* The cache is an economy: where it cannot be written the filter is compiled again next time. */
  if (cached) {
    (void)mkdir(cache_dir, 0700);
    (void)cor_replace_file(AT_FDCWD, path, prog->filter, prog->len * sizeof(*prog->filter), 0600,
                           NULL);
  }
  return 0;
}

int cor_seccomp_load(const struct cor_seccomp *seccomp, const struct sock_fprog *prog,
                     struct cor_err *err) {
  if (!prog->filter)
    return 0;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, seccomp->flags, prog) < 0)
    return cor_fail(err, errno, "seccomp", "linux.seccomp", "the kernel refuses the filter");
  return 0;
}
