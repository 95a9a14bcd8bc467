# create, start, exec, kill, delete; exit codes; and what is left when something is killed.
. ./support.sh

bundle codes
sh_in codes 'exit 7'
is $status 7 'the exit status is the process'"'"'s'
sh_in codes 'kill -9 $$; sleep 1'
[ $status = 0 ] || [ $status = 137 ]
ok 'pid 1 cannot kill itself, or counts as killed'
change codes '.process.args = ["nope"]'
run_in codes
is $status 127 'a program that is not in PATH: 127'
change codes '.process.args = ["/etc/passwd"]'
run_in codes
is $status 126 'a file that is not executable: 126'
printf 'not a program' > "$work/codes/rootfs/bin/garbage"
chmod 755 "$work/codes/rootfs/bin/garbage"
change codes '.process.args = ["garbage"]'
run_in codes
is "$status $(grep -c 'Exec format error' <<< "$out")" '126 1' 'a file of no known format: 126'

bundle life '.process.args = ["/bin/sleep", "1000"]'
rt create --bundle "$work/life" --pid-file "$work/pid" life
is "$(rt state life | jq -r .status) $(cat "$work/pid")" "created $(rt state life | jq .pid)" 'create leaves it created'
is "$(tr '\0' ' ' < /proc/"$(cat "$work/pid")"/cmdline | grep -c sleep)" 0 'the program does not run yet'
out=$(rt create --bundle "$work/life" life 2>&1)
[ $? = 1 ] && grep -q 'exists' <<< "$out"
ok 'an id is used once'
rt start life
is "$(rt state life | jq -r .status)" running 'start runs it'
is "$(tr '\0' ' ' < /proc/"$(cat "$work/pid")"/cmdline)" '/bin/sleep 1000 ' 'with its arguments'
rt start life 2> /dev/null
is $? 1 'a second start is an error'
rt delete life 2> /dev/null
is $? 1 'a running container is not deleted'

is "$(rt exec life sh -c 'echo $$ > /dev/null; readlink /proc/1/exe; cat /proc/self/cgroup | sed "s/.*://" | grep -vx / | wc -l')" \
  $'/bin/busybox\n0' 'exec joins its namespaces and cgroup'
rt exec life sh -c 'exit 9'
is $? 9 'exec ends with the status of its process'
rt exec life nope 2> /dev/null
is $? 127 'exec of what is not there: 127'
rt exec life /etc/passwd 2> /dev/null
is $? 126 'exec of what is not executable: 126'
rt exec life sh -c 'kill -15 $$'
is $? 143 'exec ended by a signal: 128 + n'
is "$(rt exec --user app --env A=1 --cwd /tmp life sh -c 'id; echo $A $HOME; pwd; grep CapEff /proc/self/status | sed "s/.*\t//"' | tr '\n' ' ')" \
  'uid=1000(app) gid=1001(app) groups=1001(app),2000(extra) 1 /home/app /tmp 0000000000000000 ' 'user, environment, cwd'
is "$(rt exec life grep -E 'Cap(Eff|Bnd)' /proc/self/status | sed 's/.*\t//' | sort -u)" 0000000020000420 'exec has no more capabilities'
is "$(rt exec -t life tty | tr -d '\r')" /dev/pts/0 'a terminal of the container'"'"'s own'
is "$(rt exec life ls /proc/self/fd | wc -l)" 4 'exec leaks no descriptor'
is "$(rt list --format json | jq -r '.[] | .id + " " + .status')" 'life running' 'list'
for key in ociVersion id status pid bundle rootfs created owner; do
  rt state life | jq -e "has(\"$key\")" > /dev/null && rt list -f json | jq -e ".[0] | has(\"$key\")" > /dev/null || break
done
is "$key $(rt state life | jq -r '.rootfs + " " + .owner')" "owner $work/life/rootfs root" 'state and list tell what runc and crun tell'
is "$(rt list | tail -1 | awk '{print $1, $3, $4, $6}')" "life running $work/life root" 'list as a table'
rt kill life 0
is $? 0 'signal 0 asks whether it lives'

rt pause life
is "$? $(rt state life | jq -r .status)" '0 paused' 'pause freezes it'
out=$(rt exec life true 2>&1)
is "$? $(grep -c 'paused, not running' <<< "$out")" '1 1' 'exec into a paused container is an error, not a hang'
rt resume life
is "$? $(rt state life | jq -r .status)" '0 running' 'resume lets it go on'

rt kill life KILL
for _ in $(seq 100); do [ "$(rt state life | jq -r .status)" = stopped ] && break; sleep 0.02; done
is "$(rt state life | jq -r .status)" stopped 'kill ends it'
out=$(rt exec life true 2>&1)
is $? 1 'no exec into a stopped container'
rt delete life
is $? 0 'and delete removes it'
rt state life 2> /dev/null
is $? 1 'then there is no such container'
rt delete --force life
is $? 0 'delete --force of what is not there is success'

rt create --bundle "$work/life" forced && rt start forced && rt delete --force forced
is "$? $(ls "$root" | grep -c forced)" '0 0' 'delete --force of a running container'

bundle failstart '.process.args = ["/bin/vanish"]'
cp "$busybox" "$work/failstart/rootfs/bin/vanish"
rt create --bundle "$work/failstart" failstart
rm "$work/failstart/rootfs/bin/vanish"
out=$(rt start failstart 2>&1)
is "$? $(grep -c 'execve: /bin/vanish' <<< "$out")" '127 1' 'start tells that execve failed'
rt delete --force failstart

# Processes that outlive pid 1 where there is no pid namespace die with the container.
bundle hostpid '.linux.namespaces |= map(select(.type != "pid"))'
sh_in hostpid 'sleep 4321 & echo $!'
sleep 0.1
out=$(cat /proc/"$out"/cmdline 2> /dev/null | tr '\0' ' ')
[ "$out" != 'sleep 4321 ' ]
ok 'leftover processes are killed'

bundle pidlimit '.linux.resources.pids = {limit: 5}'
sh_in pidlimit 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
grep -q "can't fork" <<< "$out"
ok 'the limit of processes holds'

bundle memory '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
sh_in memory 'dd if=/dev/zero of=/dev/null bs=64M count=1'
is $status 137 'the memory limit kills'

bundle hooks
log=$work/hooks.log
for name in prestart createRuntime createContainer startContainer poststart poststop; do
  change hooks "$(printf '.hooks.%s = [{path: "/bin/sh", args: ["sh", "-c", "echo %s $(cat) >> %s"]}]' $name $name "$log")"
done
# startContainer's runs inside, and cannot write to the host's file.
change hooks '.hooks.startContainer[0].args[2] = "cat > /started"'
sh_in hooks 'cat /started'
is "$(jq -r .status <<< "$out")" created 'a startContainer hook runs inside'
is "$(sed 's/ .*//' "$log" | tr '\n' ' ')" 'prestart createRuntime createContainer poststart poststop ' 'hooks run in their order'
is "$(sed -n 's/^poststop //p' "$log" | jq -r .status)" stopped 'with the state on their stdin'
change hooks '.hooks.createRuntime[0].args[2] = "exit 3"'
run_in hooks
[ $status = 1 ] && grep -q 'createRuntime: /bin/sh: the hook ended with status 3' <<< "$out"
ok 'a hook that fails ends the creation'

# The hook's parent is the runtime.
bundle killed '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID"]}]'
(rt create --bundle "$work/killed" killed) > /dev/null 2>&1
is "$? $(rt list --quiet) $(ls "$root/killed" | tr '\n' ' ')" '137  config.json start ' 'a create that is killed makes no container'
rt delete --force killed
is "$? $(ls "$root" | grep -c killed) $(find /sys/fs/cgroup -type d -path '*coracle-oci/killed*' | wc -l)" '0 0 0' \
  'and delete --force removes what it left'

bundle badjson
change badjson '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: "x", hard: 1}]'
run_in badjson
grep -q 'process.rlimits\[0\].soft: must be an integer' <<< "$out"
ok 'a wrong type is named by its path'

"$CORACLE_INIT" -- sh -c 'exit 5'
is $? 5 'coracle-init hands the status on'
"$CORACLE_INIT" -- sh -c 'kill -TERM $$'
is $? 143 'and a signal as 128 + n'
"$CORACLE_INIT" -- sh -c 'trap "exit 3" TERM; sleep 5 & wait' &
init=$!
sleep 0.1
kill -TERM $init
wait $init
is $? 3 'and hands signals on'

finish
