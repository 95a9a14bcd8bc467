# The known ways out of a container, tried. Each fails against code that does the obvious thing.
. ./support.sh

mkdir -p "$work/host"
echo secret > "$work/host/secret"
chmod 711 "$work"

# CVE-2024-21626: a descriptor of a host folder, entered by the working directory.
exec 9< /
bundle leaked
for fd in $(seq 3 12); do
  change leaked "$(printf '.process.cwd = "/proc/self/fd/%d"' "$fd")"
  sh_in leaked "cat .$work/host/secret"
  [ $status != 0 ] && ! grep -q '^secret' <<< "$out" || break
done
is $fd 12 'run: no descriptor of the caller or the runtime can be the working directory'
change leaked '.process.cwd = "/" | .process.args = ["/bin/sleep", "1000"]'
rt run --detach --bundle "$work/leaked" leaked > /dev/null 2>&1
for fd in $(seq 3 12); do
  out=$(rt exec --cwd "/proc/self/fd/$fd" leaked cat ".$work/host/secret" 2>&1)
  [ $? != 0 ] && ! grep -q '^secret' <<< "$out" || break
done
is $fd 12 'exec: nor with --cwd'
exec 9<&-
rt delete --force leaked

# Joining in the wrong order, or dumpable: for a moment a process that holds the host's descriptors, folder and root is in
# reach of the container's own, which may trace. One scans without end while others are started.
bundle joined '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"]) | .linux.maskedPaths = []'
cat > "$work/joined/rootfs/scan" << END
echo ready > /ready
while :; do
  for process in /proc/[0-9]*; do
    if [ -e \$process/root$work/host/secret ] || [ -e \$process/cwd$work/host/secret ]; then echo root >> /reached; fi
    for fd in \$process/fd/*; do
      if [ -e \$fd$work/host/secret ] || [ -e \$fd/host/secret ]; then echo \$fd >> /reached; fi
    done
  done
done
END
change joined '.process.args = ["/bin/sh", "/scan"]'
rt run --detach --bundle "$work/joined" joined > /dev/null 2>&1
for _ in $(seq 100); do [ -e "$work/joined/rootfs/ready" ] && break; sleep 0.02; done
(
  cd "$work" || exit
  # The caller's own, too, is nothing that the joining process may still have when it is seen.
  exec 9< /
  for _ in $(seq 150); do rt exec joined true; done
)
out=$(sort "$work/joined/rootfs/reached" 2>&1 | uniq -c)
[ -e "$work/joined/rootfs/ready" ] && [ ! -e "$work/joined/rootfs/reached" ]
ok 'no process that joins shows the host to those inside'
rt delete --force joined

# CVE-2025-31133: what masks is /dev/null as the container has it.
core=$(cat /proc/sys/kernel/core_pattern)
bundle null '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/proc/kcore", "/etc/victim"]'
echo victim > "$work/null/rootfs/etc/victim"
rm -f "$work/null/rootfs/dev/null"
ln -s /proc/sys/kernel/core_pattern "$work/null/rootfs/dev/null"
sh_in null 'cat /etc/victim; echo "|evil" > /etc/victim; echo "|evil" > /proc/kcore'
is "$(grep -c victim <<< "$out") $(cat /proc/sys/kernel/core_pattern)" "0 $core" 'a link in the place of /dev/null masks nothing with what it points to'

# CVE-2025-52565: the terminal is bound over /dev/console by its name in the container's /dev/pts.
bundle pts '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not))'
mkdir -p "$work/pts/rootfs/dev/pts"
for name in ptmx 0 1 2; do ln -s /proc/sys/kernel/core_pattern "$work/pts/rootfs/dev/pts/$name"; done
change pts '.process.args = ["/bin/sh", "-c", "echo evil > /dev/console; cat /dev/console"]'
out=$(script -qec "timeout 10 $CORACLE_RUNTIME --root $root run --bundle $work/pts pts" /dev/null 2>&1 < /dev/null)
grep -q '/dev/pts/ptmx' <<< "$out" && [ "$(cat /proc/sys/kernel/core_pattern)" = "$core" ]
ok 'a terminal comes from devpts alone'
bundle console '.process.terminal = true'
mkdir -p "$work/console/rootfs/mnt"
change console ".mounts += [{destination: \"/dev/console\", source: \"$work/host/secret\", type: \"bind\", options: [\"bind\"]}]"
change console '.process.args = ["/bin/sh", "-c", "stat -c %t:%T /dev/console"]'
out=$(script -qec "timeout 10 $CORACLE_RUNTIME --root $root run --bundle $work/console console" /dev/null 2>&1 < /dev/null)
grep -q '88:0' <<< "$out" && [ "$(cat "$work/host/secret")" = secret ]
ok '/dev/console is the terminal, whatever lies there'

# CVE-2025-52881, CVE-2019-19921: what the runtime writes to proc goes where the container's proc leads.
bundle proc '.mounts |= map(select(.destination != "/proc")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}
  | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.oomScoreAdj = 500'
fake=$work/proc/rootfs/proc
mkdir -p "$fake/sys/net/ipv4" "$fake/self/attr"
echo untouched > "$work/proc/rootfs/etc/trap"
for name in sys/net/ipv4/ip_forward self/oom_score_adj self/attr/exec; do ln -s /etc/trap "$fake/$name"; done
change proc '.process.args = ["/bin/sh", "-c", "mkdir /tmp/proc; mount -t proc proc /tmp/proc; cat /tmp/proc/sys/net/ipv4/ip_forward /tmp/proc/self/oom_score_adj /etc/trap"]
  | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
run_in proc
is "$(tr '\n' ' ' <<< "$out")" '1 500 untouched ' 'settings are made through the real proc, not the container'"'"'s'

# CVE-2019-16884: a volume over /proc would hide what masks and labels are set by.
for path in /proc /proc/ /proc/self/attr /proc/sys /proc/self/../self/attr /lnk/attr; do
  bundle over ".mounts += [{destination: \"$path\", source: \"$work/host\", type: \"bind\", options: [\"rbind\"]}]"
  ln -s /proc/self "$work/over/rootfs/lnk"
  run_in over
  [ $status = 1 ] && grep -q 'nothing but proc may be mounted at or inside /proc' <<< "$out" || break
done
is "$path" /lnk/attr 'nothing of /proc is covered by a volume, under any name'

# The cgroup tree: neither moved out of, nor its release agent set.
bundle group
sh_in group 'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -d $d ] || continue
    mkdir $d/mine 2> /dev/null && echo "made $d"; echo $$ > $d/../cgroup.procs && echo "moved $d"; echo /x > $d/release_agent && echo "agent $d"
  done 2> /dev/null; cat /proc/self/cgroup | grep -c "\.\."; mount -t cgroup cgroup /tmp 2> /dev/null && echo mounted
  unshare -C true 2> /dev/null && echo unshared'
is "$out" 0 'with the default capabilities the cgroup tree is read-only and its own'
sh_in group 'grep -E " /sys/fs/cgroup" /proc/self/mountinfo | cut -d" " -f4 | sort -u | grep -vx / | grep -v "^/$"'
[ -z "$(grep -F .. <<< "$out")" ]
ok 'and shows nothing above the container'"'"'s own'

# A hard link or a link among the mounts of one spec: the second mount's target is what the first one brought.
bundle chain ".mounts += [{destination: \"/data\", source: \"$work/volume\", type: \"bind\", options: [\"rbind\"]},
  {destination: \"/data/link/deep\", source: \"$work/host\", type: \"bind\", options: [\"rbind\"]}]"
mkdir -p "$work/volume" "$work/target/deep"
ln -s "../../../../../..$work/target" "$work/volume/link"
sh_in chain "ls /data/link/deep $work/target/deep"
is "$(ls "$work/target/deep") $(grep -c secret <<< "$out")" ' 2' 'a link in a volume leads into the container, also for a mount below it'

# A runtime that is itself in a chroot: pivot_root would leave the namespace's own root, the host's tree, above the container.
bundle jailed '.process.args = ["/bin/sleep", "1000"]'
echo container > "$work/jailed/rootfs/etc/whose"
mkdir "$work/jail"
cat > "$work/jailed/try" << END
mount --rbind / "$work/jail"
cd "$work/jail"
exec chroot . /bin/sh -c 'cd / && $CORACLE_RUNTIME --root $root run --detach --bundle $work/jailed jailed > /dev/null 2>&1 &&
  $CORACLE_RUNTIME --root $root exec jailed cat /etc/whose $work/host/secret'
END
out=$(unshare --mount sh "$work/jailed/try" 2>&1)
[ "$(grep -cx container <<< "$out") $(grep -cx secret <<< "$out")" = '1 0' ]
ok 'in a chroot too, the container is all that exec finds'
rt delete --force jailed

finish
