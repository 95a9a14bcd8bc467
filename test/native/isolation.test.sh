# What a container sees, and what it must not.
. ./support.sh

bundle plain
sh_in plain 'for n in mnt pid net uts ipc cgroup; do readlink /proc/self/ns/$n; done'
inside=$out
outside=$(for n in mnt pid net uts ipc cgroup; do readlink /proc/self/ns/$n; done)
out=$(comm -12 <(sort <<< "$inside") <(sort <<< "$outside"))
[ "$(wc -l <<< "$inside")" = 6 ] && [ -z "$out" ]
ok 'every namespace is its own'

sh_in plain 'echo $$; ls /proc | grep -c "^[0-9]*$"; hostname'
is "$(head -1 <<< "$out") $(tail -1 <<< "$out")" '1 coracle' 'the process is pid 1 and has its host name'

sh_in plain 'cat /proc/self/cgroup | sed "s/.*://" | grep -vx / || echo rooted'
is "$out" rooted 'the cgroup namespace is rooted at the container'

sh_in plain 'ls /proc/self/fd | wc -l'
is "$out" 4 'no descriptor leaks in (three, and the one that ls reads)'

exec 9< /root
sh_in plain 'ls -l /proc/self/fd 2> /dev/null | grep -c /root'
exec 9<&-
is "$out" 0 'a descriptor that the caller leaks does not reach the container'

sh_in plain 'grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status | sed "s/.*\t//" | sort -u | tr "\n" " "'
is "$out" '0000000000000000 0000000020000420 ' 'the five capability sets are the spec'"'"'s'

change plain '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_NET_RAW"], effective: ["CAP_CHOWN"],
  permitted: ["CAP_CHOWN", "CAP_NET_RAW"], inheritable: ["CAP_NET_RAW"], ambient: ["CAP_NET_RAW"]}
  | .process.user = {uid: 1000, gid: 1001, additionalGids: [2000]}'
sh_in plain 'grep -E "^(Cap|Groups|Uid|Gid)" /proc/self/status | tr "\t\n" "  "'
is "$out" 'Uid: 1000 1000 1000 1000 Gid: 1001 1001 1001 1001 Groups: 2000 '\
' CapInh: 0000000000002000 CapPrm: 0000000000002000 CapEff: 0000000000002000 CapBnd: 0000000000002001 CapAmb: 0000000000002000 ' \
  'a user keeps exactly the ambient capabilities over execve'

bundle masked
sh_in masked 'cat /proc/keys /proc/timer_list 2> /dev/null | wc -c; ls -A /sys/firmware | wc -l; touch /sys/firmware/x 2>&1'
answer=$out
is "$(head -2 <<< "$out" | tr '\n' ' ')" '0 0 ' 'masked files and folders are empty'
grep -q 'Read-only' <<< "$answer"
ok 'and a masked folder cannot be written'
sh_in masked 'echo x > /proc/sys/kernel/hostname; chmod 777 /proc/bus'
[ $status != 0 ] && [ "$(grep -c 'Read-only' <<< "$out")" = 2 ]
ok 'read-only paths cannot be written'

change masked '.root.readonly = true'
sh_in masked 'touch /x; touch /dev/shm/y && echo shm'
grep -q 'Read-only' <<< "$out" && grep -q shm <<< "$out"
ok 'a read-only root is read-only, a tmpfs in it is not'

bundle limits '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 123, hard: 456}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]
  | .process.user.umask = 63 | .process.cwd = "/made/here" | .process.env += ["A=b c"]'
sh_in limits 'ulimit -Sn; ulimit -Hn; umask; pwd; echo "$A"; echo $HOME'
is "$(tr '\n' ' ' <<< "$out")" '123 456 0077 /made/here b c /root ' 'limits, umask, working directory, environment, HOME'

bundle dev
sh_in dev 'for f in null zero full random urandom tty; do stat -c "%n %t:%T %a" /dev/$f; done; readlink /dev/ptmx; readlink /dev/fd;
  echo x > /dev/null && echo written'
is "$(tr '\n' ' ' <<< "$out")" '/dev/null 1:3 666 /dev/zero 1:5 666 /dev/full 1:7 666 /dev/random 1:8 666 '\
'/dev/urandom 1:9 666 /dev/tty 5:0 666 pts/ptmx /proc/self/fd written ' 'the default devices and links'
change dev '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]
  | .process.capabilities.effective += ["CAP_MKNOD"]'
sh_in dev 'mknod /tmp/disk b 254 0 && cat /tmp/disk | head -c 1'
grep -q 'Operation not permitted' <<< "$out"
ok 'a device that is not allowed cannot be opened, even by its own node'

bundle seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95},
             {names: ["no_such_call"], action: "SCMP_ACT_ERRNO"},
             {names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]}]}'
sh_in seccomp 'grep Seccomp: /proc/self/status | sed "s/.*\t//"; mkdir /tmp/x'
is "$(tr '\n' ' ' <<< "$out")" "2 mkdir: can't create directory '/tmp/x': Operation not supported " 'seccomp answers as the spec says'
change seccomp '.process.noNewPrivileges = false'
sh_in seccomp 'grep -E "Seccomp:|NoNewPrivs" /proc/self/status | sed "s/.*\t//"; mkdir /tmp/x'
is "$(head -2 <<< "$out" | tr '\n' ' ')" '0 2 ' 'also without no_new_privs'
change seccomp '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY" | del(.linux.seccomp.syscalls[0].errnoRet)'
run_in seccomp
[ $status = 1 ] && grep -q 'linux.seccomp.syscalls\[0\].action: SCMP_ACT_NOTIFY is not supported' <<< "$out"
ok 'what is not supported is an error that names its place'

# A container whose program is the runtime itself (CVE-2019-5736): joining it runs the host's file, which waits for a tar
# on its stdin; a process of the container opens that file meanwhile, and writes to it once it has ended.
if readelf -lW "$CORACLE_RUNTIME" | grep -q INTERP; then
  skip "the runtime cannot be written through /proc/PID/exe" "a dynamic build cannot run in the container"
else
bundle selfexe '.process.args = ["/bin/sh", "/watch"]'
cat > "$work/selfexe/rootfs/watch" << 'END'
while :; do
  for process in /proc/[0-9]*; do
    case $(readlink $process/exe) in / | *coracle*)
      exec 3< $process/exe
      while test -d $process; do sleep 0.02; done
      echo evil 2> /result > /proc/self/fd/3
      test -s /result || echo written > /result
      exit 0
      ;;
    esac
  done
done
END
before=$(sha256sum < "$CORACLE_RUNTIME")
rt run --detach --bundle "$work/selfexe" selfexe > /dev/null 2>&1
sleep 0.5 | rt exec selfexe /proc/self/exe untar --root /tmp > "$work/joined" 2>&1
for _ in $(seq 100); do [ -s "$work/selfexe/rootfs/result" ] && break; sleep 0.02; done
rt delete --force selfexe
is "$(sed 's/.*: //' "$work/selfexe/rootfs/result")" 'Read-only file system' 'the runtime cannot be written through /proc/PID/exe'
is "$(sha256sum < "$CORACLE_RUNTIME")" "$before" 'and is what it was'
fi

finish
