# podman with this program as its runtime: run, exec, logs, pause, update, stop, healthcheck, a terminal.
. ./support.sh

command -v podman > /dev/null || skip_all "needs podman"
# A mount and a network namespace of its own: podman's mounts and files in /run stay in there.
if [ -z "${CORACLE_PODMAN_UNSHARED:-}" ]; then
  rm -rf "$work"
  CORACLE_PODMAN_UNSHARED=1 exec unshare --mount --net --propagation private bash "$0"
fi
mount -t tmpfs tmpfs /run
mkdir /run/containers
mkdir -p "$work/libpod" "$work/config"
printf '{"default":[{"type":"insecureAcceptAnything"}]}\n' > "$work/config/policy.json"
printf '[containers]\nlog_driver = "k8s-file"\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nno_pivot_root = false\n' > "$work/config/containers.conf"
export CONTAINERS_CONF=$work/config/containers.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
pm() {
  timeout 60 podman --root "$work/store" --runroot "$work/runroot" --tmpdir "$work/libpod" --storage-driver vfs \
    --cgroup-manager cgroupfs --runtime "$CORACLE_RUNTIME" "$@" 2>> "$work/podman.log"
}
make_rootfs "$work/image"
tar -C "$work/image" -c . | pm import - coracle-test:1 > /dev/null
ok 'an image is imported'
options=(--network none --pull never)

is "$(pm run --rm "${options[@]}" coracle-test:1 echo hello)" hello 'run'
pm run --rm "${options[@]}" coracle-test:1 sh -c 'exit 7' > /dev/null
is $? 7 'its exit status'
pm run --rm "${options[@]}" coracle-test:1 nope > /dev/null
is $? 127 'a program that is not there: 127'
is "$(pm run --rm -t "${options[@]}" coracle-test:1 tty | tr -d '\r')" /dev/pts/0 'run -t has a terminal'
is "$(echo typed | pm run --rm -i "${options[@]}" coracle-test:1 head -n 1)" typed 'run -i reads stdin'

id=$(pm run -d --name box --memory 64m --pids-limit 40 --health-cmd 'test -f /tmp/well' "${options[@]}" coracle-test:1 \
  sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done')
is "${#id}" 64 'run -d'
is "$(pm exec box sh -c 'echo in; exit 4') $?" 'in 4' 'exec'
is "$(pm exec -t box tty | tr -d '\r')" /dev/pts/0 'exec -t'
is "$(pm exec -u app box id -u)" 1000 'exec as a user'
is "$(pm logs box)" started 'logs'
pid=$(pm inspect --format '{{.State.Pid}}' box)
group=$(awk -F: '$2 ~ /memory/ || $2 == "" {print $2 ":" $3}' "/proc/$pid/cgroup" | sort -r | head -1)
case $group in
  memory:*) limit=/sys/fs/cgroup/memory${group#*:}/memory.limit_in_bytes ;;
  *) limit=/sys/fs/cgroup${group#*:}/memory.max ;;
esac
is "$(cat "$limit")" 67108864 '--memory'
if pm update --help > /dev/null 2>&1; then
  pm update --memory 96m box > /dev/null
  is "$(cat "$limit")" 100663296 'update'
else
  skip 'update' 'this podman has no such command'
fi
pm healthcheck run box > /dev/null
is $? 1 'a healthcheck that fails'
pm exec box touch /tmp/well
pm healthcheck run box > /dev/null
is $? 0 'and one that passes'
pm pause box > /dev/null
is "$? $(pm inspect --format '{{.State.Status}}' box)" '0 paused' 'pause'
pm unpause box > /dev/null
is "$? $(pm inspect --format '{{.State.Status}}' box)" '0 running' 'unpause'
is "$(pm stats --no-stream --format '{{.Name}} {{.PIDS}}' box | grep -c '^box [1-9]')" 1 'stats'
# One more line where it stands between fork and exec of sleep.
is "$(pm top box args | grep -q 'sh -c' && echo there)" there 'top'
pm stop box > /dev/null
is "$? $(pm inspect --format '{{.State.ExitCode}}' box)" '0 3' 'stop sends SIGTERM, and the status is kept'
pm start box > /dev/null
is "$? $(pm inspect --format '{{.State.Status}}' box)" '0 running' 'start once more'
pm kill box > /dev/null
pm wait box > /dev/null
pm rm -f box > /dev/null
is "$? $(pm ps -aq | wc -l)" '0 0' 'kill and rm leave none'
out=$(tail -20 "$work/podman.log")
umount -R "$work/store" 2> /dev/null
[ $failures = 0 ] || sed 's/^/# /' "$work/podman.log"
echo "1..$count"
rm -rf "$work"
[ $failures = 0 ]
