# Every limit of linux.resources, read back from the cgroup that it was written to, in either version; and what the device
# list lets through.
. ./support.sh

v2=$([ -f /sys/fs/cgroup/cgroup.controllers ] && echo 1 || echo)
path=/coracle-oci/test-resources
number=0

# resource NAME JQ_VALUE V1_CONTROLLER/FILE V1_WANTED V2_FILE V2_WANTED: the value of linux.resources with which a container runs,
# and what the file then says; "-": not in that version, and refused there with an error that names it. Lines of the
# file are one line here.
resource() {
  local what=$1 value=$2 file=$3 wanted=$4 got top
  [ -z "$v2" ] || { file=$5 wanted=$6; }
  number=$((number + 1))
  bundle limited ".linux.cgroupsPath = \"$path\" | .process.args = [\"/bin/sleep\", \"1000\"] | .linux.resources = $value"
  if [ "$file" = - ]; then
    out=$(rt run --bundle "$work/limited" "limited-$number" 2>&1 < /dev/null)
    [ $? = 1 ] && grep -q "$wanted" <<< "$out"
    ok "$what: refused by name"
    return
  fi
  top=/sys/fs/cgroup${v2:+$path/$file}
  [ -n "$v2" ] || top=/sys/fs/cgroup/${file%%/*}$path/${file#*/}
  rt run --detach --bundle "$work/limited" "limited-$number" < /dev/null > "$work/out" 2>&1
  out=$(cat "$work/out")
  if [ ! -e "$top" ] && ! rt state "limited-$number" > /dev/null 2>&1 && grep -q 'cgroups cannot limit that\|not mounted' <<< "$out"; then
    skip "$what" "this kernel has no $file"
  else
    got=$(tr '\n' ' ' < "$top" | sed 's/ *$//')
    is "${out:+$out: }$got" "$wanted" "$what"
  fi
  rt delete --force "limited-$number"
}

# A whole disk for the limits of block devices; partitions take none.
disk=
for block in /sys/block/*; do
  case $block in *loop* | *ram* | *zram*) ;; *) [ -e "$block/queue" ] && disk=$(cat "$block/dev") && break ;; esac
done
major=${disk%:*} minor=${disk#*:}

resource cpu.shares '{cpu: {shares: 512}}' cpu/cpu.shares 512 cpu.weight 20
resource 'cpu.shares, least' '{cpu: {shares: 2}}' cpu/cpu.shares 2 cpu.weight 1
resource 'cpu.shares, most' '{cpu: {shares: 262144}}' cpu/cpu.shares 262144 cpu.weight 10000
resource 'cpu.quota and period' '{cpu: {quota: 20000, period: 50000}}' cpu/cpu.cfs_quota_us 20000 cpu.max '20000 50000'
resource cpu.period '{cpu: {period: 50000}}' cpu/cpu.cfs_period_us 50000 cpu.max 'max 50000'
resource 'cpu.quota without end' '{cpu: {quota: -1}}' cpu/cpu.cfs_quota_us -1 cpu.max 'max 100000'
resource cpu.burst '{cpu: {quota: 20000, period: 50000, burst: 10000}}' cpu/cpu.cfs_burst_us 10000 cpu.max.burst 10000
resource cpu.idle '{cpu: {idle: 1}}' cpu/cpu.idle 1 cpu.idle 1
resource cpu.cpus '{cpu: {cpus: "0"}}' cpuset/cpuset.cpus 0 cpuset.cpus.effective 0
resource cpu.mems '{cpu: {mems: "0"}}' cpuset/cpuset.mems 0 cpuset.mems 0
resource memory.limit '{memory: {limit: 67108864}}' memory/memory.limit_in_bytes 67108864 memory.max 67108864
resource memory.reservation '{memory: {reservation: 33554432}}' memory/memory.soft_limit_in_bytes 33554432 memory.low 33554432
resource memory.swap '{memory: {limit: 67108864, swap: 100663296}}' memory/memory.memsw.limit_in_bytes 100663296 memory.swap.max 33554432
resource 'memory.swap as much as memory' '{memory: {limit: 67108864, swap: 67108864}}' memory/memory.memsw.limit_in_bytes 67108864 memory.swap.max 0
resource 'memory.swap without end' '{memory: {limit: 67108864, swap: -1}}' memory/memory.limit_in_bytes 67108864 memory.swap.max max
resource memory.swappiness '{memory: {swappiness: 10}}' memory/memory.swappiness 10 - 'swappiness'
resource pids.limit '{pids: {limit: 77}}' pids/pids.max 77 pids.max 77
resource 'pids.limit without end' '{pids: {limit: -1}}' pids/pids.max max pids.max max
resource hugepageLimits '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}' hugetlb/hugetlb.2MB.limit_in_bytes 4194304 hugetlb.2MB.max 4194304
if [ -e /sys/fs/cgroup/blkio/coracle-oci/blkio.bfq.weight ] || [ -e /sys/fs/cgroup/coracle-oci/io.bfq.weight ]; then
  resource blockIO.weight '{blockIO: {weight: 100}}' blkio/blkio.bfq.weight 100 io.bfq.weight 'default 100'
else
  resource blockIO.weight '{blockIO: {weight: 100}}' blkio/blkio.weight 100 io.weight 'default 910'
fi
if [ -n "$disk" ]; then
  resource blockIO.throttleReadBpsDevice "{blockIO: {throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 1048576}]}}" \
    blkio/blkio.throttle.read_bps_device "$disk 1048576" io.max "$disk rbps=1048576 wbps=max riops=max wiops=max"
  resource blockIO.throttleWriteBpsDevice "{blockIO: {throttleWriteBpsDevice: [{major: $major, minor: $minor, rate: 2097152}]}}" \
    blkio/blkio.throttle.write_bps_device "$disk 2097152" io.max "$disk rbps=max wbps=2097152 riops=max wiops=max"
  resource blockIO.throttleReadIOPSDevice "{blockIO: {throttleReadIOPSDevice: [{major: $major, minor: $minor, rate: 100}]}}" \
    blkio/blkio.throttle.read_iops_device "$disk 100" io.max "$disk rbps=max wbps=max riops=100 wiops=max"
  resource blockIO.throttleWriteIOPSDevice "{blockIO: {throttleWriteIOPSDevice: [{major: $major, minor: $minor, rate: 200}]}}" \
    blkio/blkio.throttle.write_iops_device "$disk 200" io.max "$disk rbps=max wbps=max riops=max wiops=200"
else
  skip 'blockIO, throttles' 'there is no disk'
fi
resource unified '{unified: {"memory.high": "50331648"}}' - unified memory.high 50331648
resource 'unified, over what is translated' '{memory: {limit: 67108864}, unified: {"memory.max": "50331648"}}' - unified memory.max 50331648
if [ -n "$v2" ]; then
  resource 'unified, a file that does not exist' '{unified: {"memory.nonsense": "1"}}' - - - memory.nonsense
  resource 'unified, a way out of the cgroup' '{unified: {"../cgroup.procs": "1"}}' - - - '\.\./cgroup.procs'
fi

# The list is what counts, in its order: the last rule that fits.
bundle devices '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
  | .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "r"},
      {allow: true, type: "c", major: 1, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "rw"}]'
try() { # NODE MAJOR MINOR: what the container answers to reading and writing
  printf 'mknod /tmp/%s c %d %d 2>&1 | sed "s/.*: //"; (: < /tmp/%s) 2>&1 | sed "s/.*: //"; (: > /tmp/%s) 2>&1 | sed "s/.*: //";' \
    "$1" "$2" "$3" "$1" "$1"
}
denied='Operation not permitted'
if [ -n "$v2" ]; then
  sh_in devices "$(try null 1 3) echo; $(try kmsg 1 11) echo; $(try fuse 10 229) echo; $(try tun 10 200)"
  is "$(sed '/No such device/d' <<< "$out" | tr '\n' ',')" ",$denied,$denied,,$denied,,$denied,$denied," \
    'devices: allowed, taken back, readable only, never named'
else
  run_in devices
  is "$status $(grep -c 'linux.resources.devices\[3\].*earlier rule (devices\[2\])' <<< "$out")" '1 1' \
    'devices: version 1 cannot take a part of a rule back, and says so'
  change devices '.linux.resources.devices |= .[:3]'
  sh_in devices "$(try null 1 3) echo; $(try fuse 10 229) echo; $(try tun 10 200)"
  is "$(sed '/No such device/d' <<< "$out" | tr '\n' ',')" ",$denied,,$denied,$denied," \
    'devices: allowed, readable only, never named'
fi
change devices '.linux.resources.devices = [{allow: true, access: "rwm"}, {allow: false, type: "c", major: 10, minor: 200, access: "w"}]'
sh_in devices "$(try tun 10 200) : < /tmp/tun 2>&1 | grep -c 'not permitted'"
is "$(grep -c "$denied" <<< "$out")" 1 'devices: all but writing to one'

finish
