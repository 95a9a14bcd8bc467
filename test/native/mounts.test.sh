# Mounts, and roots whose links and files are set as traps.
. ./support.sh

host=$work/host
mkdir -p "$host/dir"
echo secret > "$host/file"

bind() { # DESTINATION SOURCE OPTIONS...
  local destination=$1 source=$2
  shift 2
  printf '.mounts += [{destination: "%s", source: "%s", type: "bind", options: %s}]' "$destination" "$source" \
    "$(jq -nc '$ARGS.positional' --args -- "$@")"
}

bundle binds
change binds "$(bind /mnt/new/deep "$host/dir" rbind rprivate)"
change binds "$(bind /etc/one "$host/file" bind ro)"
sh_in binds 'echo in > /mnt/new/deep/x; cat /etc/one; echo no > /etc/one; grep " /etc/one " /proc/self/mountinfo | grep -c "ro,"'
answer=$out
is "$(cat "$host/dir/x")" in 'a folder is bound, its mount point made'
is "$(sed -n '1p;$p' <<< "$answer" | tr '\n' ' ')" 'secret 1 ' 'a file is bound read-only'
is "$(cat "$host/file")" secret 'and could not be written'

# A root that leads every mount point out of itself.
bundle trap
mkdir -p "$work/outside"
echo untouched > "$work/outside/file"
ln -s "$work/outside" "$work/trap/rootfs/srv"
ln -s ../../../../../../../../..$work/outside "$work/trap/rootfs/opt"
ln -s "$work/outside/file" "$work/trap/rootfs/etc/victim"
ln -s /loop "$work/trap/rootfs/loop"
mkdir "$work/outside/there"
change trap "$(bind /srv/there "$host/dir" rbind)"
change trap "$(bind /srv/a "$host/dir" rbind)"
change trap "$(bind /opt/b/c "$host/dir" rbind)"
change trap "$(bind /etc/victim "$host/file" bind)"
sh_in trap 'echo x > /srv/a/y; echo x > /srv/there/z; echo ok'
is "$out$(ls "$host/dir/y" "$host/dir/z" 2>&1 | grep -c '^/')" ok2 'links of the root are followed inside the root'
is "$(ls -R "$work/outside" | tr '\n' ' ')" "$work/outside: file there  $work/outside/there: " 'nothing was made where they point on the host'
is "$(cat "$work/outside/file")" untouched 'and nothing covered there'
[ -d "$work/trap/rootfs$work/outside/a" ]
ok 'the mount point was made in the root instead'
change trap "$(bind /loop/x "$host/dir" rbind)"
run_in trap
[ $status = 1 ] && grep -q 'Too many levels of symbolic links' <<< "$out"
ok 'a link that loops is an error'

bundle proc
change proc "$(bind /proc/sys/kernel "$host/dir" rbind)"
run_in proc
[ $status = 1 ] && grep -q 'nothing but proc may be mounted at or inside /proc' <<< "$out"
ok 'nothing is mounted over a part of /proc'

# A root whose /dev/null and /proc/self are false.
bundle fake '.mounts |= map(select(.destination != "/dev" and (.destination | startswith("/dev/") | not)))'
rm -rf "$work/fake/rootfs/dev"
mkdir -p "$work/fake/rootfs/dev"
echo evil > "$work/fake/rootfs/dev/null"
run_in fake
[ $status = 1 ] && grep -q '/dev/null' <<< "$out"
ok 'a file in the place of /dev/null is refused'

bundle kinds '.mounts += [
  {destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=1m", "mode=0700", "noexec", "nodev"]},
  {destination: "/tro", type: "tmpfs", source: "tmpfs", options: ["ro"]}]'
sh_in kinds 'grep -E " /(t|tro) " /proc/self/mountinfo | sed "s/ - .*//; s/.* \/t/t/"; touch /tro/x; stat -c %a /t'
is "$(sed 's/ *$//' <<< "$out" | tr '\n' ' ')" "t rw,nodev,noexec,relatime tro ro,relatime touch: /tro/x: Read-only file system 700 " \
  'tmpfs with options, and read-only'

change kinds '.mounts += [{destination: "/bad", type: "tmpfs", source: "tmpfs", options: ["nonsense=1"]}]'
run_in kinds
[ $status = 1 ] && grep -q 'nonsense=1' <<< "$out"
ok 'an option that the file system does not know is named'

bundle copyup '.mounts += [{destination: "/srv/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro"]}]'
mkdir -p "$work/copyup/rootfs/srv/data/sub"
echo image > "$work/copyup/rootfs/srv/data/sub/file"
chown 1000:1001 "$work/copyup/rootfs/srv/data"
sh_in copyup 'cat /srv/data/sub/file; stat -c %u:%g /srv/data; touch /srv/data/x; stat -f -c %T /srv/data'
is "$(tr '\n' ' ' <<< "$out")" 'image 1000:1001 touch: /srv/data/x: Read-only file system tmpfs ' 'tmpcopyup begins with what the image has'

bundle userns '.linux.namespaces += [{type: "user"}]
  | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
chmod 711 "$work"
sh_in userns 'id -u; cat /proc/self/uid_map | sed "s/  */ /g"; echo x > /dev/null && stat -c %t:%T /dev/null; cat /proc/keys | wc -c'
is "$(tr '\n' ' ' <<< "$out")" '0  0 100000 65536 1:3 0 ' 'a new user namespace, with the host'"'"'s devices bound in it'

mount -t tmpfs tmpfs "$host/dir"
mkdir "$host/dir/sub"
mount -t tmpfs tmpfs "$host/dir/sub"
bundle rec
change rec "$(bind /a "$host/dir" rbind ro)"
change rec "$(bind /b "$host/dir" rbind rro)"
sh_in rec 'touch /a/sub/x && echo written; touch /b/sub/x; touch /a/x'
is "$(grep -c Read-only <<< "$out") $(head -1 <<< "$out")" '2 written' 'ro is of one mount, rro of all below'
umount "$host/dir/sub" "$host/dir"

bundle cwd '.process.cwd = "/proc/self/fd/7/../../.."'
run_in cwd
[ $status = 1 ]
ok 'a working directory through a leaked descriptor is refused'

finish
