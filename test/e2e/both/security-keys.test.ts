/** What a process finds out about itself by each key of a compose file that confines it, or sets it free. */
import { existsSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../../support/test-images.ts';

interface Row {
  readonly keys: Readonly<Record<string, unknown>>;
  /** A shell line; what it prints is compared. */
  readonly asks: string;
  readonly answer: string | RegExp;
  /** Where a Docker Engine answers otherwise; docs/docker-engine.md says why. */
  readonly onDocker?: RegExp;
}

const field = (name: string) => `sed -n "s/^${name}:\\t//p" /proc/self/status`;
const words = (error: string) => `(${error}) 2>&1 | sed "s/.*: //"`;
/** The tunnels' device, which nobody has by default. */
const tunnel = `mknod /tmp/tun c 10 200; ${words(': < /tmp/tun')}`;
const limit = (v1: string, v2: string) => `cd /sys/fs/cgroup; cat ${v1} ${v2} 2>/dev/null`;
/** A device that is not among the usual ones, which may be read and written by all. */
const rare = ['/dev/loop-control', '/dev/fuse', '/dev/kmsg'].find((path) => existsSync(path));
const filter = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
};
const mkdir = words('mkdir /tmp/made');

const table: Readonly<Record<string, Row>> = {
  none: {
    keys: {},
    asks: `${field('CapEff')}; ${field('Seccomp')}; ${field('NoNewPrivs')}; ${tunnel}; wc -c </proc/interrupts`,
    answer: '00000000a80425fb 2 0 Operation not permitted 0',
    onDocker: /^00000000a80425fb 2 0 (Operation not permitted )?0$/,
  },
  privileged: {
    keys: { privileged: true },
    // CAP_SYS_ADMIN is bit 21.
    asks:
      `echo $((0x$(${field('CapEff')}) >> 21 & 1)); ${field('Seccomp')}; ` +
      'grep " /sys sysfs " /proc/mounts | cut -d" " -f4 | cut -d, -f1; test -c /dev/kmsg && echo kmsg',
    answer: existsSync('/dev/kmsg') ? '1 0 rw kmsg' : '1 0 rw',
  },
  'caps-some': {
    keys: { cap_add: ['NET_ADMIN'], cap_drop: ['CHOWN'] },
    asks: field('CapEff'),
    answer: '00000000a80435fa',
  },
  'caps-one': {
    keys: { cap_drop: ['ALL'], cap_add: ['NET_BIND_SERVICE'] },
    asks: `${field('CapEff')}; ${field('CapBnd')}`,
    answer: '0000000000000400 0000000000000400',
  },
  'no-new-privileges': {
    keys: { security_opt: ['no-new-privileges:true'] },
    asks: field('NoNewPrivs'),
    answer: '1',
  },
  'seccomp-file': {
    keys: { security_opt: ['seccomp:./profile.json'] },
    asks: `${field('Seccomp')}; ${mkdir}`,
    answer: '2 Operation not supported',
  },
  'seccomp-off': {
    keys: { security_opt: ['seccomp:unconfined'] },
    asks: `${field('Seccomp')}; ${mkdir}`,
    answer: '0',
  },
  apparmor: {
    keys: { security_opt: ['apparmor:unconfined'] },
    asks: 'cat /proc/self/attr/apparmor/current 2>/dev/null || echo unconfined',
    answer: 'unconfined',
  },
  label: { keys: { security_opt: ['label:disable'] }, asks: 'echo runs', answer: 'runs' },
  userns: {
    keys: { userns_mode: 'host' },
    asks: 'readlink /proc/self/ns/user',
    answer: readlinkSync('/proc/self/ns/user'),
  },
  devices: {
    keys: { devices: [`${rare}:/dev/lab:r`] },
    asks: `(: < /dev/lab) && echo opened; ${words(': > /dev/lab')}`,
    answer: 'opened Operation not permitted',
  },
  rules: {
    keys: { device_cgroup_rules: ['c 10:200 rwm'] },
    asks: `${tunnel} | grep -c permitted`,
    answer: '0',
  },
  groups: {
    keys: { user: 'nobody', group_add: ['1234', 'nogroup'] },
    asks: 'id -u; id -G | tr " " "\\n" | sort -n',
    answer: '65534 1234 65534',
  },
  'read-only': {
    keys: { read_only: true, tmpfs: ['/tmp'] },
    asks: `${words('touch /x')}; touch /tmp/x && echo tmp`,
    answer: 'Read-only file system tmp',
  },
  sysctls: {
    keys: { sysctls: { 'net.core.somaxconn': 321, 'net.ipv4.ip_unprivileged_port_start': 80 } },
    asks: 'cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_unprivileged_port_start',
    answer: '321 80',
  },
  ulimits: {
    keys: { ulimits: { nofile: { soft: 100, hard: 200 }, nproc: 77, core: 0 } },
    asks: 'ulimit -Sn; ulimit -Hn; ulimit -u; ulimit -c',
    answer: '100 200 77 0',
  },
  pids: { keys: { pids_limit: 9 }, asks: limit('pids/pids.max', 'pids.max'), answer: '9' },
  'pids-deploy': {
    keys: { deploy: { resources: { limits: { pids: 8 } } } },
    asks: limit('pids/pids.max', 'pids.max'),
    answer: '8',
  },
  memory: {
    keys: { mem_limit: '64m' },
    asks: limit('memory/memory.limit_in_bytes', 'memory.max'),
    answer: '67108864',
  },
  cpus: {
    keys: { cpus: 0.5 },
    asks: limit('cpu/cpu.cfs_quota_us', 'cpu.max'),
    answer: /^50000( 100000)?$/,
  },
  oom: { keys: { oom_score_adj: 321 }, asks: 'cat /proc/self/oom_score_adj', answer: '321' },
};

const services = Object.fromEntries(
  Object.entries(table).map(([name, { keys, asks }]) => [
    name,
    {
      image: TOOLS_IMAGE,
      ...(name === 'sysctls' ? {} : { network_mode: 'none' }),
      command: ['sh', '-c', `${asks.replaceAll('$', '$$$$')}; true`],
      ...keys,
    },
  ]),
);

describe('keys that confine a service, or set it free', function () {
  this.timeout(120_000);
  let scenario: Scenario;
  /** By service, its lines in one. */
  const answers = new Map<string, string>();

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('keys', {
      'compose.yaml': JSON.stringify({ services }),
      'profile.json': JSON.stringify(filter),
    });
    await scenario.mustCompose('up', '-d');
    await scenario.compose(['wait', ...Object.keys(services)]);
    const { stdout } = await scenario.mustCompose('logs', '--no-color');
    for (const [, name = '', text = ''] of stdout.matchAll(/^(\S+)-1 +\| ?(.*)$/gm)) {
      const before = answers.get(name);
      answers.set(name, before === undefined ? text : `${before} ${text}`);
    }
  });
  after(async function () {
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  for (const [name, { keys, answer: ours, onDocker }] of Object.entries(table)) {
    it(JSON.stringify(keys), () => {
      const answer = scenario.engine === 'docker' ? (onDocker ?? ours) : ours;
      const found = answers.get(name) ?? '';
      if (typeof answer === 'string') expect(found).to.equal(answer);
      else expect(found).to.match(answer);
    });
  }
});
