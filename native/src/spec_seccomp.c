/* config.json: linux.seccomp. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "spec_parts.h"

static const struct {
  const char *name;
  uint32_t arch;
} archs[] = {
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
};

static const struct {
  const char *name;
  int op;
} compares[] = {
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct {
  const char *name;
  uint32_t flag;
} flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
};

/* An errno that the spec gives goes with ERRNO and TRACE alone. */
static int parse_action(const struct cor_at *at, const char *key, const char *errno_key,
                        uint32_t *out) {
  const char *name = NULL;
  int64_t number = EPERM;
  int found = cor_get_string(at, key, &name);
  int has_errno = found < 0 ? -1 : cor_get_int(at, errno_key, 0, 4095, &number);
  if (has_errno < 0)
    return -1;
  if (!name)
    return cor_at_fail(at, key, "is required");
  bool takes_errno = false;
  if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
    *out = SCMP_ACT_ALLOW;
  else if (strcmp(name, "SCMP_ACT_ERRNO") == 0) {
    *out = SCMP_ACT_ERRNO((uint32_t)number);
    takes_errno = true;
  } else if (strcmp(name, "SCMP_ACT_TRACE") == 0) {
    *out = SCMP_ACT_TRACE((uint32_t)number);
    takes_errno = true;
  } else if (strcmp(name, "SCMP_ACT_KILL") == 0 || strcmp(name, "SCMP_ACT_KILL_THREAD") == 0)
    *out = SCMP_ACT_KILL_THREAD;
  else if (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0)
    *out = SCMP_ACT_KILL_PROCESS;
  else if (strcmp(name, "SCMP_ACT_TRAP") == 0)
    *out = SCMP_ACT_TRAP;
  else if (strcmp(name, "SCMP_ACT_LOG") == 0)
    *out = SCMP_ACT_LOG;
  else if (strcmp(name, "SCMP_ACT_NOTIFY") == 0)
    return cor_at_fail(at, key, "SCMP_ACT_NOTIFY is not supported");
  else
    return cor_at_fail(at, key, "\"%s\" is not a seccomp action", name);
  if (has_errno > 0 && !takes_errno)
    return cor_at_fail(at, errno_key, "goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE alone");
  return 0;
}

static int parse_args(const struct cor_at *rule_at, struct cor_seccomp_rule *rule) {
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(rule_at, "args", &array, &count) < 0)
    return -1;
  if (count && !(rule->args = cor_spec_alloc(rule_at->spec, count * sizeof(*rule->args))))
    return cor_at_fail(rule_at, "args", "out of memory");
  for (; rule->arg_count < count; rule->arg_count++) {
    struct cor_seccomp_arg *arg = &rule->args[rule->arg_count];
    const char *op = NULL;
    int64_t index = 0;
    if (cor_get_element(&array, rule->arg_count, &at) < 0 ||
        cor_get_int(&at, "index", 0, 5, &index) < 0 ||
        cor_get_uint(&at, "value", &arg->value) < 0 ||
        cor_get_uint(&at, "valueTwo", &arg->value_two) < 0 || cor_get_string(&at, "op", &op) < 0)
      return -1;
    arg->index = (unsigned)index;
    arg->op = 0;
    for (size_t i = 0; op && i < sizeof(compares) / sizeof(*compares); i++)
      if (strcmp(op, compares[i].name) == 0)
        arg->op = compares[i].op;
    if (!arg->op)
      return cor_at_fail(&at, "op", "\"%s\" is not a comparison", op ? op : "");
  }
  return 1;
}

static int parse_rules(const struct cor_at *seccomp_at, struct cor_seccomp *seccomp) {
  struct cor_at array, at;
  size_t count;
  if (cor_get_array(seccomp_at, "syscalls", &array, &count) < 0)
    return -1;
  if (count &&
      !(seccomp->rules = cor_spec_alloc(seccomp_at->spec, count * sizeof(*seccomp->rules))))
    return cor_at_fail(seccomp_at, "syscalls", "out of memory");
  for (; seccomp->rule_count < count; seccomp->rule_count++) {
    struct cor_seccomp_rule *rule = &seccomp->rules[seccomp->rule_count];
    if (cor_get_element(&array, seccomp->rule_count, &at) < 0 ||
        cor_get_strings(&at, "names", &rule->names) < 0 ||
        parse_action(&at, "action", "errnoRet", &rule->action) < 0 || parse_args(&at, rule) < 0)
      return -1;
    if (!rule->names || !rule->names[0])
      return cor_at_fail(&at, "names", "must name a system call");
  }
  return 1;
}

/* FNV-1a; the cache file also carries the whole text's length, and collisions cost an attacker
 * nothing to make but he would have to write config.json, and with it the filter itself. */
static uint64_t hash_text(const char *text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++)
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return hash;
}

int cor_parse_seccomp(const struct cor_at *at, struct cor_seccomp *seccomp) {
  struct cor_at array;
  size_t count;
  if (parse_action(at, "defaultAction", "defaultErrnoRet", &seccomp->default_action) < 0 ||
      cor_get_string(at, "listenerPath", &seccomp->listener_path) < 0 ||
      cor_get_string(at, "listenerMetadata", &seccomp->listener_metadata) < 0 ||
      parse_rules(at, seccomp) < 0)
    return -1;
  /* There would be nobody to hand the notifications to. */
  if (seccomp->listener_path && *seccomp->listener_path)
    return cor_at_fail(at, "listenerPath", "is not supported");
  if (cor_get_array(at, "architectures", &array, &count) < 0)
    return -1;
  if (count && !(seccomp->archs = cor_spec_alloc(at->spec, count * sizeof(*seccomp->archs))))
    return cor_at_fail(at, "architectures", "out of memory");
  for (; seccomp->arch_count < count; seccomp->arch_count++) {
    const char *name;
    uint32_t arch = 0;
    if (cor_get_element_string(&array, seccomp->arch_count, &name) < 0)
      return -1;
    for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
      if (strcmp(name, archs[i].name) == 0)
        arch = archs[i].arch;
    if (!arch)
      return cor_at_fail(at, "architectures", "\"%s\" is not a seccomp architecture", name);
    seccomp->archs[seccomp->arch_count] = arch;
  }
  if (cor_get_array(at, "flags", &array, &count) < 0)
    return -1;
  for (size_t i = 0; i < count; i++) {
    const char *name;
    uint32_t flag = 0;
    if (cor_get_element_string(&array, i, &name) < 0)
      return -1;
    for (size_t j = 0; j < sizeof(flags) / sizeof(*flags); j++)
      if (strcmp(name, flags[j].name) == 0)
        flag = flags[j].flag;
    if (!flag)
      return cor_at_fail(at, "flags", "\"%s\" is not supported", name);
    seccomp->flags |= flag;
  }
  seccomp->present = true;
  seccomp->hash = hash_text(json_object_to_json_string_ext(at->json, JSON_C_TO_STRING_PLAIN));
  return 1;
}
