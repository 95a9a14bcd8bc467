# What a container that runs may try against the host, by what is done on its behalf later.
. ./support.sh

mkdir -p "$work/host"
echo secret > "$work/host/secret"

wait_for() { # COMMAND...: at most five seconds
  for _ in $(seq 100); do
    "$@" > /dev/null 2>&1 && return
    sleep 0.05
  done
  return 1
}

# Its /dev/shm is wanted by a second container, and it has moved to a root where dev/shm leads to the host.
bundle owner '.process.capabilities |= map_values(. + ["CAP_SYS_CHROOT"])'
mkdir -p "$work/owner/rootfs/cage/dev"
cp -a "$work/owner/rootfs/bin" "$work/owner/rootfs/cage/bin"
ln -s "$work/host" "$work/owner/rootfs/cage/dev/shm"
change owner '.process.args = ["/bin/sh", "-c", "echo mine > /dev/shm/real; exec chroot /cage /bin/sleep 1000"]'
rt create --bundle "$work/owner" --pid-file "$work/pid" owner && rt start owner
pid=$(cat "$work/pid")
wait_for test -e "/proc/$pid/root/dev/shm/secret"
bundle guest ".mounts |= map(select(.destination != \"/dev/shm\"))
  | .mounts += [{destination: \"/dev/shm\", source: \"/proc/$pid/root/dev/shm\", type: \"bind\", options: [\"rbind\"]}]"
sh_in guest 'ls /dev/shm; cat /dev/shm/real; echo guest > /dev/shm/answer'
is "$(tr '\n' ' ' <<< "$out")" 'real mine ' 'shared memory is bound out of its owner'"'"'s mounts, wherever the owner has gone'
is "$(nsenter -t "$pid" -m cat /dev/shm/answer) $(ls "$work/host")" 'guest secret' 'and is the very same'
rt delete --force owner

finish
