/* The list of allowed devices as a BPF program (BPF_PROG_TYPE_CGROUP_DEVICE), which is how cgroup
 * version 2 has it. */
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgroup.h"
#include "fd.h"

/* Rules × at most seven instructions, and the frame around them. */
#define PROGRAM_MAX 4096

struct program {
  struct bpf_insn code[PROGRAM_MAX];
  size_t length;
};

static void emit(struct program *program, uint8_t code, uint8_t dst, uint8_t src, int16_t offset,
                 int32_t value) {
  if (program->length < PROGRAM_MAX)
    program->code[program->length] = (struct bpf_insn){
        .code = code, .dst_reg = dst, .src_reg = src, .off = offset, .imm = value};
  program->length++;
}

static void emit_return(struct program *program, bool allow) {
  emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
  emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r2: type, r3: access, r4: major, r5: minor. Each test that fails jumps behind the rule's return.
 */
static void emit_rule(struct program *program, const struct cor_device_rule *rule) {
  int access = (rule->read ? BPF_DEVCG_ACC_READ : 0) | (rule->write ? BPF_DEVCG_ACC_WRITE : 0) |
               (rule->mknod ? BPF_DEVCG_ACC_MKNOD : 0);
  const int all = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
  bool test_access = rule->type != 'a' && access != all;
  bool test_major = rule->type != 'a' && rule->major >= 0,
       test_minor = rule->type != 'a' && rule->minor >= 0;
  int left = (rule->type != 'a') + (test_access ? 3 : 0) + test_major + test_minor + 2;
  if (rule->type != 'a') {
    left--;
    emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, (int16_t)left,
         rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  }
  if (test_access) {
    /* The rule matches where all that is asked for is in it. */
    emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
    emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, access);
    left -= 3;
    emit(program, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_3, (int16_t)left, 0);
  }
  if (test_major) {
    left--;
    emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, (int16_t)left, (int32_t)rule->major);
  }
  if (test_minor) {
    left--;
    emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, (int16_t)left, (int32_t)rule->minor);
  }
  emit_return(program, rule->allow);
}

static void load_context(struct program *program) {
  const uint8_t word = BPF_LDX | BPF_MEM | BPF_W;
  emit(program, word, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
  emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
  emit(program, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
  emit(program, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
  emit(program, word, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
  emit(program, word, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

int cor_cgroup_v2_devices(int cgroup_fd, const struct cor_resources *r, struct cor_err *err) {
  static struct program program;
  if (!r->device_count)
    return 0;
  program.length = 0;
  load_context(&program);
  /* The last rule that matches decides, so they are tested from the last to the first. What follows
   * a rule that matches everything (the program must have no dead code, or the verifier refuses it)
   * is not reached and left out. */
  bool settled = false;
  for (size_t i = cor_default_device_rule_count; i > 0; i--)
    emit_rule(&program, &cor_default_device_rules[i - 1]);
  for (size_t i = r->device_count; i > 0 && !settled; i--) {
    settled = r->devices[i - 1].type == 'a';
    emit_rule(&program, &r->devices[i - 1]);
  }
  if (!settled)
    emit_return(&program, true);
  if (program.length > PROGRAM_MAX)
    return cor_fail(err, E2BIG, "bpf", "linux.resources.devices", "too many rules");
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE};
  load.insns = (uint64_t)(uintptr_t)program.code;
  load.insn_cnt = (uint32_t)program.length;
  load.license = (uint64_t)(uintptr_t) "Apache-2.0";
  _cleanup_close_ int prog_fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
  if (prog_fd < 0)
    return cor_fail(err, errno, "bpf BPF_PROG_LOAD", "linux.resources.devices",
                    "the kernel refuses the program");
  union bpf_attr attach = {0};
  attach.target_fd = (uint32_t)cgroup_fd;
  attach.attach_bpf_fd = (uint32_t)prog_fd;
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
    return cor_fail(err, errno, "bpf BPF_PROG_ATTACH", "linux.resources.devices",
                    "cannot attach the program");
  return 0;
}
