# Sourced by the tests: TAP output, bundles made of busybox, and a check that nothing is left behind.
#
# Each file gets a folder of its own in $work with a root file system $work/rootfs, and a --root of its own.

set -u
count=0
failures=0
work=$(mktemp -d /tmp/coracle-native.XXXXXX)
root=$work/run

skip_all() {
  echo "1..0 # SKIP $1"
  rm -rf "$work"
  exit 0
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
busybox=$(command -v busybox) || skip_all "needs busybox"
command -v jq > /dev/null || skip_all "needs jq"

ok() { # DESCRIPTION: the last command's status decides
  local status=$?
  count=$((count + 1))
  if [ $status = 0 ]; then
    echo "ok $count - $1"
  else
    failures=$((failures + 1))
    echo "not ok $count - $1"
    [ -z "${out:-}" ] || sed 's/^/#   /' <<< "$out"
  fi
}

is() { # GOT WANTED DESCRIPTION
  out="got:    $1"$'\n'"wanted: $2"
  [ "$1" = "$2" ]
  ok "$3"
}

skip() { # DESCRIPTION REASON
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}

rt() { "$CORACLE_RUNTIME" --root "$root" "$@"; }

make_rootfs() { # FOLDER
  local name
  mkdir -p "$1"/{bin,proc,sys,dev,etc,tmp,root}
  cp "$busybox" "$1/bin/busybox"
  for name in sh true cat ls mount umount id echo sleep ps hostname readlink env stat grep touch mkdir mknod kill \
    ulimit test head wc dd tty stty ln rm chroot chmod unshare sed; do
    ln -sf busybox "$1/bin/$name"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' > "$1/etc/passwd"
  echo 'app:x:1000:1001:app:/home/app:/bin/sh' >> "$1/etc/passwd"
  printf 'root:x:0:\napp:x:1001:\nextra:x:2000:app\n' > "$1/etc/group"
}

# bundle NAME [JQ_FILTER]: a bundle in $work/NAME with a root of its own that is writable, without a terminal.
bundle() {
  local dir=$work/$1
  rm -rf "$dir"
  mkdir -p "$dir"
  make_rootfs "$dir/rootfs"
  rt spec --bundle "$dir"
  change "$1" '.process.terminal = false | .root.readonly = false'
  [ $# -lt 2 ] || change "$1" "$2"
}

change() { # NAME JQ_FILTER
  jq "$2" "$work/$1/config.json" > "$work/$1/config.new" && mv "$work/$1/config.new" "$work/$1/config.json"
}

# sh_in NAME SCRIPT: runs a shell script as the container's process; its output and errors in $out, its status in $status.
sh_in() {
  change "$1" "$(printf '.process.args = ["/bin/sh", "-c", %s]' "$(jq -Rs . <<< "$2")")"
  out=$(rt run --bundle "$work/$1" "$1-$RANDOM" 2>&1)
  status=$?
}

run_in() { # NAME: runs the bundle as it is
  out=$(rt run --bundle "$work/$1" "$1-$RANDOM" 2>&1)
  status=$?
}

# Facts about the host that a container must leave as they were.
leftovers() {
  grep -c "$work" /proc/self/mountinfo
  find /sys/fs/cgroup -path '*/coracle-oci/*' -name "*$1*" -type d 2> /dev/null | wc -l
  ls -A "$root" 2> /dev/null | grep -v '^\.seccomp$' | wc -l
}

finish() {
  out=$(leftovers "")
  [ "$(tr '\n' ' ' <<< "$out")" = '0 0 0 ' ]
  ok 'no mount, no cgroup, no state is left'
  echo "1..$count"
  rm -rf "$work"
  [ $failures = 0 ]
  exit
}
