# update, ps and events; the cgroup's place; mounts that map ids.
. ./support.sh

v2=$([ -f /sys/fs/cgroup/cgroup.controllers ] && echo 1 || echo)
# limit CONTROLLER V1_FILE V2_FILE: what the container's cgroup says; the path stands in $path.
limit() {
  if [ -n "$v2" ]; then cat "/sys/fs/cgroup$path/$3"; else cat "/sys/fs/cgroup/$1$path/$2"; fi
}

path=/coracle-oci/test-limits
bundle limits '.process.args = ["/bin/sh", "-c", "sleep 1000 & wait"] | .linux.cgroupsPath = "'$path'"
  | .linux.resources.memory.limit = 67108864 | .linux.resources.pids.limit = 50'
rt run --detach --bundle "$work/limits" limits < /dev/null > "$work/out" 2>&1
is $? 0 'a container with limits runs'
is "$(limit memory memory.limit_in_bytes memory.max) $(limit pids pids.max pids.max)" '67108864 50' 'its limits are the cgroup'"'"'s'
out=$(rt update --memory 128m --pids-limit 60 limits 2>&1)
is "$? $(limit memory memory.limit_in_bytes memory.max) $(limit pids pids.max pids.max)" '0 134217728 60' 'update changes them'
out=$(echo '{"cpu":{"shares":512,"quota":50000,"period":100000}}' | rt update --resources - limits 2>&1)
is "$? $(limit cpu cpu.cfs_quota_us cpu.max)" "0 $([ -n "$v2" ] && echo 50000 100000 || echo 50000)" 'update takes resources on stdin'
is "$(limit memory memory.limit_in_bytes memory.max)" 134217728 'and leaves what it does not name'
is "$(jq -c '.linux.resources | [.memory.limit, .pids.limit, .cpu.quota]' "$root/limits/config.json")" '[134217728,60,50000]' \
  'the limits in force are kept with the container'
out=$(echo '{"pids":{"limit":70},"cpu":{"cpus":"4096"}}' | rt update --resources - limits 2>&1)
is "$? $(limit pids pids.max pids.max) $(grep -c 'cpuset.cpus' <<< "$out")" '1 60 1' \
  'an update that is refused names what was, and leaves no half of it'
out=$(echo '{"devices":[{"allow":true,"access":"rwm"}]}' | rt update --resources - limits 2>&1)
is "$? $(grep -c 'linux.resources.devices' <<< "$out")" '1 1' 'devices cannot be changed'
out=$(rt update --memory 12q limits 2>&1)
is $? 1 'a number that is none is refused'

is "$(rt ps --format json limits | jq length)" 2 'ps lists every process'
is "$(rt ps limits | awk 'NR == 1 {print $NF} /sleep 1000/ && !/-c/ {print "found"}' | tr '\n' ' ')" 'CMD found ' 'with its command'
rt exec --detach limits sh -c 'exec -a "$(printf "a\033[31mb")" sleep 999' 2> /dev/null || true
is "$(rt ps limits | grep -c "$(printf '\033')")" 0 'no control character of a command reaches the terminal'
is "$(rt events --stats limits | jq -r '.type + " " + (.data.pids.limit | tostring) + " " + (.data.memory.usage.limit | tostring)
  + " " + (.data.cpu.usage.total > 0 | tostring)')" 'stats 60 134217728 true' 'events --stats tells use and limits'
(rt events --interval 10ms limits > "$work/events") &
events=$!
for _ in $(seq 250); do [ "$(wc -l < "$work/events")" -ge 2 ] && break; sleep 0.02; done
rt delete --force limits
wait $events
ok 'events ends with the container'
rt ps limits 2> /dev/null
is $? 1 'ps of a container that is gone is an error'

# The place that systemd would give it.
bundle scope '.linux.cgroupsPath = "corales-test.slice:cor:one" | .process.args = ["/bin/sleep", "1000"]'
rt --systemd-cgroup run --detach --bundle "$work/scope" scope < /dev/null > "$work/out" 2>&1
path=/corales.slice/corales-test.slice/cor-one.scope
is "$? $(limit pids cgroup.procs cgroup.procs | wc -l)" '0 1' 'slice:prefix:name is a scope in its slices'
is "$(rt ps --format json scope | jq length)" 1 'later commands find it without the flag'
rt delete --force scope
for dir in /sys/fs/cgroup /sys/fs/cgroup/*; do
  rmdir "$dir/corales.slice/corales-test.slice" "$dir/corales.slice" 2> /dev/null
done
change scope '.linux.cgroupsPath = "corales-test:cor:one"'
out=$(rt --systemd-cgroup run --bundle "$work/scope" scope 2>&1 < /dev/null)
is "$? $(grep -c 'slice:prefix:name' <<< "$out")" '1 1' 'what is no slice is refused'

# Owners that a mount shifts.
mkdir -p "$work/shared"
touch "$work/shared/zero" "$work/shared/five"
chown 5:5 "$work/shared/five"
maps='[{"containerID":0,"hostID":1000,"size":10}]'
bundle shifted '.mounts += [{"destination":"/mnt","type":"bind","source":"'"$work/shared"'","options":["rbind","rw","idmap"],
  "uidMappings":'"$maps"',"gidMappings":'"$maps"'}]'
sh_in shifted 'stat -c %u:%g /mnt/zero /mnt/five | tr "\n" " "'
if grep -q 'does not map ids' <<< "$out"; then
  skip 'an id-mapped mount shows the mapped owners' 'the file system of /tmp does not'
else
  is "$out" '1000:1000 1005:1005 ' 'an id-mapped mount shows the mapped owners'
fi
user='.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":1000}]
  | .linux.gidMappings = .linux.uidMappings | .linux.cgroupsPath = null'
change shifted "$user"' | .mounts[-1] |= (del(.uidMappings, .gidMappings))'
chmod 755 "$work" "$work/shifted"
chown -R 100000:100000 "$work/shifted/rootfs"
sh_in shifted 'touch /mnt/new && stat -c %u:%g /mnt/zero /mnt/new | tr "\n" " "'
if grep -q 'does not map ids' <<< "$out"; then
  skip 'in a user namespace its root owns what the host'"'"'s does' 'the file system of /tmp does not'
else
  is "$out $(stat -c %u "$work/shared/new")" '0:0 0:0  0' 'in a user namespace its root owns what the host'"'"'s does'
fi
change shifted '.mounts[-1] = {"destination":"/mnt","type":"tmpfs","source":"tmpfs","options":["idmap"]}'
run_in shifted
is "$status $(grep -c 'only a bind mount' <<< "$out")" '1 1' 'what cannot map ids is an error that names it'
finish
