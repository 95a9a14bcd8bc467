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

# A volume is filled from an image while a container has it, and puts links in the way. On a tmpfs, where folders are
# read from the newest entry to the oldest.
mkdir "$work/disk"
mount -t tmpfs -o size=600m tmpfs "$work/disk"
mkdir -p "$work/disk/"{layer/data,volume,host}
seed() { out=$("$CORACLE_RUNTIME" seed "$work/disk/volume" /data "$work/disk/layer" 2>&1); }
when_there() { # FILE COMMAND...
  local file=$1
  shift
  while [ ! -e "$file" ]; do :; done
  "$@"
}
swap_file() { ln -sf "$work/disk/host/victim" "$work/disk/volume/.new" && mv "$work/disk/volume/.new" "$work/disk/volume/large"; }
echo private > "$work/disk/host/victim"
chmod 600 "$work/disk/host/victim"
head -c 200000000 /dev/zero > "$work/disk/layer/data/large"
chmod 4777 "$work/disk/layer/data/large"
when_there "$work/disk/volume/large" swap_file &
seed
[ $? = 1 ] && grep -q 'replaced while it was copied' <<< "$out"
ok 'a file that is replaced by a link while it is copied into a volume is an error'
wait
is "$(stat -c '%a %s' "$work/disk/host/victim")" '600 8' 'and the file on the host keeps its mode'

rm -rf "$work/disk/volume" "$work/disk/layer/data"
mkdir -p "$work/disk/volume" "$work/disk/layer/data"
echo image > "$work/disk/layer/data/second"
mkdir "$work/disk/layer/data/folder"
head -c 200000000 /dev/zero > "$work/disk/layer/data/folder/large"
ln "$work/disk/layer/data/second" "$work/disk/layer/data/folder/victim"
swap_folder() { mv "$work/disk/volume/folder" "$work/disk/volume/moved" && ln -s "$work/disk/host" "$work/disk/volume/folder"; }
when_there "$work/disk/volume/folder/large" swap_folder &
seed
wait
is "$? $(stat -c %h "$work/disk/host/victim")" '0 1' 'no link to a file of the host gets into the volume'
umount "$work/disk"

finish
