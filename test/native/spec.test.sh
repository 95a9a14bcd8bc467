# The runtime specification field by field, where no other file of this folder has it: each is read back inside or
# outside the container, and each that is refused is refused by its name.
. ./support.sh

# Namespaces: one of its own of each kind, then another container joins each by path, in no special order.
bundle owner '.process.args = ["/bin/sleep", "1000"] | .hostname = "owner" | .domainname = "example"
  | .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 7776000, nanosecs: 0}, boottime: {secs: 7776000, nanosecs: 0}}'
rt run --detach --bundle "$work/owner" --pid-file "$work/pid" owner < /dev/null > "$work/out" 2>&1
is "$?$(cat "$work/out")" 0 'a container with a time namespace of its own'
pid=$(cat "$work/pid")
uptime=$(rt exec owner cat /proc/uptime)
[ "${uptime%%.*}" -gt 7776000 ]
ok 'timeOffsets'
is "$(rt exec owner cat /proc/sys/kernel/domainname)" example 'domainname'
bundle joins ".linux.namespaces = [{type: \"mount\"}, {type: \"time\", path: \"/proc/$pid/ns/time\"}, {type: \"cgroup\", path: \"/proc/$pid/ns/cgroup\"},
  {type: \"pid\", path: \"/proc/$pid/ns/pid\"}, {type: \"network\", path: \"/proc/$pid/ns/net\"}, {type: \"ipc\", path: \"/proc/$pid/ns/ipc\"},
  {type: \"uts\", path: \"/proc/$pid/ns/uts\"}] | del(.hostname)"
sh_in joins 'for n in pid net ipc uts time cgroup; do readlink /proc/self/ns/$n; done; hostname; readlink /proc/self/ns/mnt'
is "$(head -7 <<< "$out")" "$(for n in pid net ipc uts time cgroup; do readlink "/proc/$pid/ns/$n"; done; echo owner)" 'namespaces joined by path'
[ "$(tail -1 <<< "$out")" != "$(readlink "/proc/$pid/ns/mnt")" ]
ok 'and a mount namespace of its own beside them'
change joins ".linux.namespaces[-1].path = \"/proc/$pid/ns/net\""
run_in joins
is "$status $(grep -c 'linux.namespaces\|uts' <<< "$out")" '1 1' 'a path of another kind is refused by name'
change joins '.linux.namespaces[-1].path = "/nowhere"'
run_in joins
is "$status $(grep -c /nowhere <<< "$out")" '1 1' 'and one that does not exist'
rt delete --force owner

users='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = .linux.uidMappings | .linux.cgroupsPath = null'
bundle users "$users | .process.args = [\"/bin/sleep\", \"1000\"]"
chmod 711 "$work" "$work/users"
chown -R 100000:100000 "$work/users/rootfs"
rt run --detach --bundle "$work/users" --pid-file "$work/pid" users < /dev/null > "$work/out" 2>&1
is "$?$(cat "$work/out") $(awk '/^Uid:/ {print $2}' "/proc/$(cat "$work/pid")/status")" '0 100000' 'a user namespace and its maps'
bundle usersjoin ".linux.namespaces += [{type: \"user\", path: \"/proc/$(cat "$work/pid")/ns/user\"}] | .linux.cgroupsPath = null"
chmod 711 "$work/usersjoin"
chown -R 100000:100000 "$work/usersjoin/rootfs"
sh_in usersjoin 'readlink /proc/self/ns/user; id -u; sed "s/  */ /g" /proc/self/uid_map'
is "$(tr '\n' ' ' <<< "$out")" "$(readlink "/proc/$(cat "$work/pid")/ns/user") 0  0 100000 65536 " 'and joined by path'
rt exec users true
is "$? $(rt ps --format json users | jq length)" '0 1' 'the one that made it is left as it was'
rt delete --force users

# Mounts: what each option leaves in mountinfo; how they spread.
mkdir -p "$work/tree"
mount -t tmpfs -o size=1m tree "$work/tree"
mkdir "$work/tree/below"
mount -t tmpfs -o size=1m below "$work/tree/below"
flags_of() { # OPTIONS…: those of /mnt, and of /mnt/below
  bundle options ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$work/tree\", options: $(jq -nc '$ARGS.positional' --args -- "$@")}]"
  sh_in options 'sed -n "s/.* \/mnt\(.*\) \(r[^ ]*\) .*- tmpfs.*/\2/p" /proc/self/mountinfo'
  tr '\n' ' ' <<< "$out"
}
is "$(flags_of rbind)" 'rw,relatime rw,relatime ' 'rbind takes what is mounted below'
is "$(flags_of bind)" 'rw,relatime ' 'bind does not'
is "$(flags_of rbind ro nosuid nodev noexec)" 'ro,nosuid,nodev,noexec,relatime rw,relatime ' 'ro, nosuid, nodev, noexec: the mount itself'
is "$(flags_of rbind rro rnosuid rnodev rnoexec)" 'ro,nosuid,nodev,noexec,relatime ro,nosuid,nodev,noexec,relatime ' 'rro, rnosuid, rnodev, rnoexec: all below'
is "$(flags_of rbind noatime nodiratime)" 'rw,noatime,nodiratime rw,relatime ' 'noatime, nodiratime'
is "$(flags_of rbind rnoatime)" 'rw,noatime rw,noatime ' 'rnoatime'
is "$(flags_of rbind strictatime)" 'rw rw,relatime ' 'strictatime'
is "$(flags_of rbind nosymfollow)" 'rw,relatime,nosymfollow rw,relatime ' 'nosymfollow'
is "$(flags_of rbind rnosymfollow)" 'rw,relatime,nosymfollow rw,relatime,nosymfollow ' 'rnosymfollow'

spread() { # OPTION: "in", where a mount that the host makes later shows in the container; "out" the other way
  mount --make-rshared "$work/tree"
  bundle spreads ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$work/tree\", options: [\"rbind\", \"$1\"]}]
    | .linux.rootfsPropagation = \"$1\" | .process.args = [\"/bin/sleep\", \"1000\"] | .process.capabilities |= map_values(. + [\"CAP_SYS_ADMIN\"])"
  mkdir -p "$work/tree/late" "$work/tree/inner"
  rt run --detach --bundle "$work/spreads" spreads < /dev/null > "$work/out" 2>&1 || cat "$work/out"
  mount -t tmpfs late "$work/tree/late"
  rt exec spreads grep -q ' /mnt/late ' /proc/self/mountinfo && echo in
  rt exec spreads mount -t tmpfs inner /mnt/inner && grep -q " $work/tree/inner " /proc/self/mountinfo && echo out
  umount "$work/tree/late"
  rt delete --force spreads
  umount "$work/tree/inner" 2> /dev/null
}
is "$(spread rprivate)" '' 'rprivate: nothing either way'
is "$(spread rslave)" in 'rslave: in alone'
is "$(spread rshared | tr '\n' ' ')" 'in out ' 'rshared: both ways'
umount -R "$work/tree"

for kind in shared slave private unbindable; do
  bundle propagation ".linux.rootfsPropagation = \"$kind\""
  sh_in propagation 'sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \/ [^ ]* \(.*\)- .*/\1/p" /proc/self/mountinfo'
  case $kind in shared) wanted='shared:' ;; slave) wanted='' ;; private) wanted='' ;; unbindable) wanted=unbindable ;; esac
  is "$(sed 's/[0-9 ]//g' <<< "$out")" "$wanted" "rootfsPropagation $kind"
done
change propagation '.linux.rootfsPropagation = "sideways"'
run_in propagation
is "$status $(grep -c 'linux.rootfsPropagation: "sideways"' <<< "$out")" '1 1' 'and no other kind'

bundle nodes '.linux.devices = [{path: "/dev/lab", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8},
    {path: "/dev/deep/pipe", type: "p"}, {path: "/dev/block", type: "b", major: 7, minor: 0}]'
sh_in nodes 'stat -c "%n %F %t:%T %a %u:%g" /dev/lab /dev/deep/pipe /dev/block'
is "$(tr '\n' ' ' <<< "$out")" \
  '/dev/lab character special file 1:5 640 7:8 /dev/deep/pipe fifo 0:0 666 0:0 /dev/block block special file 7:0 666 0:0 ' 'linux.devices'
bundle many '.linux.sysctl = {"kernel.shmmax": "12345678", "net.ipv4.ip_default_ttl": "77", "fs.mqueue.msg_max": "12"} | .process.oomScoreAdj = 321
  | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} | .process.scheduler = {policy: "SCHED_BATCH", nice: 5}
  | .linux.personality = {domain: "LINUX32"} | .linux.seccomp = null'
sh_in many 'cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_default_ttl /proc/sys/fs/mqueue/msg_max /proc/self/oom_score_adj
  busybox ionice -p $$; sed "s/.*) //" /proc/self/stat | { read -r line; set -- $line; echo nice ${17} policy ${39}; }; cat /proc/self/personality'
is "$(tr '\n' ' ' <<< "$out")" '12345678 77 12 321 best-effort: prio 6 nice 5 policy 3 00000008 ' \
  'sysctl, oomScoreAdj, ioPriority, scheduler, personality'
for key in kernel.core_pattern vm.swappiness kernel.../core_pattern net/../kernel/core_pattern; do
  change many ".linux.sysctl = {\"$key\": \"1\"}"
  run_in many
  is "$status $(grep -cF "$key" <<< "$out")" '1 1' "sysctl $key is refused"
done

# Seccomp: the actions by what becomes of a call of mkdir.
filter() { # JQ: of linux.seccomp, over a filter that lets everything through
  change filtered ".linux.seccomp = ({defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]} + $1)"
  sh_in filtered 'rm -rf /tmp/x; sh -c "mkdir /tmp/x"; echo "ended $?"'
}
on_mkdir() { filter "{syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"$1\"}]}"; }
bundle filtered
for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
  on_mkdir $action
  is "$(grep -o 'ended .*' <<< "$out")" 'ended 159' "$action: SIGSYS"
done
on_mkdir SCMP_ACT_ERRNO
is "$(grep -c 'not permitted' <<< "$out")" 1 'SCMP_ACT_ERRNO: EPERM'
on_mkdir SCMP_ACT_TRACE
is "$(grep -c 'Function not implemented' <<< "$out")" 1 'SCMP_ACT_TRACE without a tracer: ENOSYS'
for action in SCMP_ACT_LOG SCMP_ACT_ALLOW; do
  on_mkdir $action
  is "$out" 'ended 0' "$action: done"
done
filter '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"],
  syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 17}]}'
is "$(grep -c 'File exists' <<< "$out")" 1 'flags'
# All that there are but mkdir, which the default is left for.
names=$(echo '#include <sys/syscall.h>' | ${CC:-gcc} -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | grep -v '^mkdir' | jq -Rnc '[inputs]')
filter "{defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 95, architectures: [\"SCMP_ARCH_X86_64\"], syscalls: [{names: $names, action: \"SCMP_ACT_ALLOW\"}]}"
is "$(sed 's/.*: //' <<< "$out" | tr '\n' ' ')" 'Operation not supported ended 1 ' 'defaultErrnoRet'
arguments() { # OP VALUE [VALUE_TWO]: whether socket(family, …) of an ipv4 stream passes
  change filtered ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"SCMP_ARCH_X86_64\"], syscalls: [{names: [\"kill\"],
    action: \"SCMP_ACT_ERRNO\", errnoRet: 11, args: [{index: 1, op: \"$1\", value: $2, valueTwo: ${3:-0}}]}]}"
  sh_in filtered 'kill -10 $$ 2>&1 | grep -c unavailable'
  echo "$out"
}
is "$(arguments SCMP_CMP_EQ 10)$(arguments SCMP_CMP_EQ 9)$(arguments SCMP_CMP_NE 9)$(arguments SCMP_CMP_NE 10)$(arguments SCMP_CMP_GT 9)$(
  arguments SCMP_CMP_GT 10)$(arguments SCMP_CMP_GE 10)$(arguments SCMP_CMP_GE 11)$(arguments SCMP_CMP_LT 11)$(arguments SCMP_CMP_LT 10)$(
  arguments SCMP_CMP_LE 10)$(arguments SCMP_CMP_LE 9)$(arguments SCMP_CMP_MASKED_EQ 8 8)$(arguments SCMP_CMP_MASKED_EQ 8 0)" 10101010101010 'all seven comparisons'

# Hooks: all six points, in the order that the specification has, with the state on stdin; and their time.
bundle hooks '.annotations = {"org.example.key": "value"}'
for name in prestart createRuntime createContainer poststart poststop; do
  change hooks "$(printf '.hooks.%s = [{path: "/bin/sh", args: ["named", "-c", "printf %%s \\"$0 $WORD $(pwd) %s \\" >> %s; cat >> %s; echo >> %s"], env: ["WORD=word"], timeout: 20}]' \
    $name $name "$work/log" "$work/log" "$work/log")"
done
change hooks '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat > /state"]}]'
(cd "$work/hooks" && rt create hooks < /dev/null > "$work/out" 2>&1 && rt start hooks)
for _ in $(seq 100); do [ "$(rt state hooks | jq -r .status)" = stopped ] && break; sleep 0.02; done
rt delete hooks
states=$(while read -r name word dir point state; do
  jq -r "\"$name $word $point \" + .status + \" \" + .id + \" \" + .annotations[\"org.example.key\"] + \" \" + .bundle" <<< "$state"
done < "$work/log")
is "$states" "named word prestart creating hooks value $work/hooks
named word createRuntime creating hooks value $work/hooks
named word createContainer creating hooks value $work/hooks
named word poststart running hooks value $work/hooks
named word poststop stopped hooks value $work/hooks" 'each hook has its arguments, its environment alone, and the state'
is "$(jq -r '.status + " " + .id' "$work/hooks/rootfs/state")" 'created hooks' 'startContainer inside the container'
for name in prestart createRuntime createContainer startContainer; do
  bundle slow ".hooks.$name = [{path: \"/bin/sleep\", args: [\"sleep\", \"100\"], timeout: 1}]"
  run_in slow
  is "$status $(grep -c "$name: /bin/sleep: the hook took longer than 1 s" <<< "$out")" '1 1' "$name: what takes longer than its timeout ends the creation"
done

# What is not done is refused, by its place.
refused() { # JQ WORDS
  bundle refuses "$1"
  run_in refuses
  is "$status $(grep -c "$2" <<< "$out")" '1 1' "refused: $2"
}
refused '.linux.mountLabel = "system_u:object_r:x"' 'linux.mountLabel'
refused '.linux.intelRdt = {closID: "x"}' 'linux.intelRdt'
refused '.linux.resources.rdma = {mlx: {hcaHandles: 1}}' 'linux.resources.rdma'
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/x"}' 'linux.seccomp.listenerPath'
refused '.process.execCPUAffinity = {initial: "0"}' 'process.execCPUAffinity'
refused '.process.apparmorProfile = "no-such-profile"' 'pparmor'
refused '.process.selinuxLabel = "system_u:system_r:x"' 'elinux'
refused '.process.capabilities.bounding += ["CAP_NONSENSE"]' 'CAP_NONSENSE'
refused '.process.rlimits = [{type: "RLIMIT_NONSENSE", soft: 1, hard: 1}]' 'process.rlimits\[0\].type: "RLIMIT_NONSENSE"'
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_NONSENSE"}' 'linux.seccomp.defaultAction'
refused '.linux.namespaces |= map(select(.type != "mount"))' 'a mount namespace is required'
refused '.linux.namespaces += [{type: "mount"}]' 'stands here twice'
refused '.linux.namespaces += [{type: "user"}]' 'linux.uidMappings\|user namespace'
refused '.linux.cgroupsPath = "/../../out"' 'linux.cgroupsPath must not go up'
refused '.ociVersion = "2.0.0"' 'ociVersion'
refused '.process.cwd = "relative"' 'process.cwd'

finish
