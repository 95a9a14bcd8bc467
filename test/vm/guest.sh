# Runs inside the machine, with the words of the command line as arguments.
mkdir -p /dev/pts /dev/shm /dev/mqueue /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin && ln -s fd/1 /dev/stdout && ln -s fd/2 /dev/stderr
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf 2> /dev/null
mkdir -p /run/modules-tree && mount --bind "$modules" /lib/modules 2> /dev/null || { mkdir -p /lib/modules; mount --bind "$modules" /lib/modules; }
chmod 1777 /tmp
ulimit -n 65536
ip link set lo up
hostname coracle-vm
for module in bridge veth nf_tables nft_chain_nat nft_masq nft_redir nft_reject_inet nft_ct tun; do modprobe -q "$module"; done
for control in +cpu +cpuset +memory +pids +io +hugetlb; do echo "$control" > /sys/fs/cgroup/cgroup.subtree_control; done
echo "test/vm: $(uname -r), controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
failed=0
# The emulation takes ten times as long.
integration() {
  local options=(--config test/mocharc.integration.json)
  # Files that are named stand for all; with the configuration mocha would add them to it.
  [[ " $*" != *.test.ts* ]] || options=(--no-config --node-option import=tsx)
  node_modules/.bin/mocha "${options[@]}" --timeout 900000 "$@" || failed=1
}
native() { test/native/run.sh native/build || failed=1; }

# As in a container, or for a user that systemd or an admin has given a subtree to: this process is in the root of all that
# it may see.
delegated() {
  mkdir -p /sys/fs/cgroup/delegated
  (
    echo "$BASHPID" > /sys/fs/cgroup/delegated/cgroup.procs
    unshare --mount --cgroup bash -c 'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec test/native/run.sh native/build'
  ) || failed=1
}

case $1 in
  --) shift; "$@" || failed=$? ;;
  native) native ;;
  delegated) delegated ;;
  integration) shift; integration "$@" ;;
  all)
    native
    delegated
    integration
    ;;
  *) echo "test/vm: unknown \"$1\""; failed=2 ;;
esac
exit "$failed"
