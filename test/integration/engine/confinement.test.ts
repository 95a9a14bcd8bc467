import { chmodSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CreateOptions, EngineLab, failure } from './engine-lab.ts';

/** What a process finds out about itself by each option that confines it, or sets it free. */
describe('confinement', () => {
  const lab = new EngineLab();
  before(async () => {
    await lab.open();
    mkdirSync(out, { mode: 0o777 });
    chmodSync(out, 0o777);
  });
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  let count = 0;
  const out = join(lab.folder, 'out');
  /** The output of a shell line as the container's own process, not as one that joins. */
  async function asProcess(
    line: string,
    host: CreateOptions['HostConfig'] = {},
    more: CreateOptions = {},
  ): Promise<string> {
    const result = join(out, `${count}`);
    // Written by any user.
    writeFileSync(result, '');
    chmodSync(result, 0o666);
    const container = await lab.run(`c${count++}`, {
      ...more,
      Cmd: ['sh', '-c', `{ ${line}; } > /result 2>&1`],
      HostConfig: { Init: false, Binds: [`${result}:/result`], ...host },
    });
    await container.wait();
    return readFileSync(result, 'utf8').trim();
  }

  const capabilities = 'sed -n "s/^CapEff:\\t//p" /proc/self/status';
  /** Docker's fourteen. */
  const usual = 0xa80425fbn;

  it('gives Docker’s capabilities, and those that are added and dropped', async () => {
    const effective = async (host: CreateOptions['HostConfig']) =>
      BigInt(`0x${await asProcess(capabilities, host)}`);
    expect(await effective({})).to.equal(usual);
    expect(await effective({ CapAdd: ['NET_ADMIN'], CapDrop: ['CAP_CHOWN'] })).to.equal(
      (usual | (1n << 12n)) & ~1n,
    );
    expect(await effective({ CapDrop: ['ALL'], CapAdd: ['NET_BIND_SERVICE'] })).to.equal(1n << 10n);
    const everything = await effective({ CapAdd: ['ALL'] });
    expect(everything & (1n << 21n), 'CAP_SYS_ADMIN').not.to.equal(0n);
    expect(await effective({ Privileged: true })).to.equal(everything);
  });

  it('filters system calls, unless told otherwise', async () => {
    const filter = 'sed -n "s/^Seccomp:\\t//p" /proc/self/status';
    const call = 'unshare -U true 2>&1 | sed "s/.*: //"; mkdir /made 2>&1 | sed "s/.*: //"';
    expect(await asProcess(`${filter}; ${call}`)).to.equal('2\nOperation not permitted');
    expect(await asProcess(filter, { SecurityOpt: ['seccomp=unconfined'] })).to.equal('0');
    expect(await asProcess(filter, { Privileged: true })).to.equal('0');
    const profile = join(lab.folder, 'profile.json');
    const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }];
    writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
    expect(await asProcess(call, { SecurityOpt: [`seccomp=${profile}`] })).to.equal(
      'Operation not supported',
    );
  });

  it('takes no new privileges where it is told so', async () => {
    const flag = 'sed -n "s/^NoNewPrivs:\\t//p" /proc/self/status';
    expect(await asProcess(flag)).to.equal('0');
    expect(await asProcess(flag, { SecurityOpt: ['no-new-privileges:true'] })).to.equal('1');
  });

  it('masks what Docker masks; privileged and systempaths=unconfined do not', async () => {
    const look =
      'wc -c < /proc/interrupts; echo 1 2> /dev/null > /proc/sys/kernel/core_uses_pid || echo read-only';
    expect(await asProcess(look)).to.equal('0\nread-only');
    const free = await asProcess('wc -c < /proc/interrupts', {
      SecurityOpt: ['systempaths=unconfined'],
    });
    expect(Number(free)).to.be.greaterThan(0);
    const privileged = await asProcess('wc -c < /proc/interrupts; touch /sys/x 2>&1', {
      Privileged: true,
    });
    expect(privileged).not.to.match(/^0\n|Read-only/);
  });

  it('opens the devices that it is given, and no others', async () => {
    // Major 1, minor 7 is /dev/full, which is among the usual ones; 10:200 is the tunnels' device.
    const open = 'mknod /tmp/tun c 10 200; (: < /tmp/tun) 2>&1 | sed "s/.*: //"; ls /dev/net 2>&1';
    expect(await asProcess(open)).to.match(/^Operation not permitted/);
    const made = 'test -c /dev/lab && dd if=/dev/lab bs=4 count=1 2> /dev/null | wc -c';
    const device = { PathOnHost: '/dev/zero', PathInContainer: '/dev/lab', CgroupPermissions: 'r' };
    expect(await asProcess(made, { Devices: [device] })).to.equal('4');
    const rule = '(: < /tmp/tun) 2>&1 | sed "s/.*: //"';
    const allowed = await asProcess(`mknod /tmp/tun c 10 200; ${rule}`, {
      DeviceCgroupRules: ['c 10:200 rwm'],
    });
    expect(allowed).not.to.match(/not permitted/);
    const every = await asProcess(`mknod /tmp/tun c 10 200; ${rule}`, { Privileged: true });
    expect(every).not.to.match(/not permitted/);
  });

  it('adds groups, by name and number', async () => {
    expect(await asProcess('id', { GroupAdd: ['web', '1234'] })).to.equal(
      'uid=0(root) gid=0(root) groups=0(root),33(web),1234',
    );
    expect(await asProcess('id', { GroupAdd: ['1234'] }, { User: 'web' })).to.match(
      /^uid=33\(web\) gid=33\(web\) groups=33\(web\),1234$/,
    );
  });

  it('keeps the root file system, tmpfs aside', async () => {
    expect(
      await asProcess('touch /x 2>&1 | sed "s/.*: //"; touch /tmp/x && echo tmp', {
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': '' },
      }),
    ).to.equal('Read-only file system\ntmp');
  });

  it('knows its names on a read-only root too, and writes none there', async () => {
    const script =
      'grep -c localhost /etc/hosts; hostname; cat /etc/hostname; grep -c nameserver /etc/resolv.conf; ' +
      'for f in hosts hostname resolv.conf; do (echo >>/etc/$f) 2>&1 | sed "s/.*: //"; done';
    const inspect = { ExtraHosts: ['up:192.0.2.7'], ReadonlyRootfs: true };
    const output = await asProcess(`grep up /etc/hosts; ${script}`, inspect, { Hostname: 'named' });
    expect(output.replace(/\s+/g, ' ')).to.match(
      /^192\.0\.2\.7 up \d named named 1( Read-only file system){3}$/,
    );
    // Docker's are writable where the root is, and so are ours.
    expect(await asProcess('echo "192.0.2.8 own" >>/etc/hosts && grep -c own /etc/hosts')).to.equal(
      '1',
    );
  });

  it('sets what belongs to its namespaces, and nothing of the host', async () => {
    const read = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_unprivileged_port_start';
    // Docker's own defaults let any user bind any port.
    expect(await asProcess(`${read} | tail -1`, {}, { User: 'web' })).to.equal('0');
    expect(
      await asProcess(read, {
        Sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.ip_unprivileged_port_start': '80' },
      }),
    ).to.equal('1\n80');
    const container = await lab.create('host', {
      HostConfig: { Sysctls: { 'vm.swappiness': '1' } },
    });
    expect((await failure(container.start())).message).to.match(/vm\.swappiness/);
  });

  it('limits', async () => {
    expect(
      await asProcess('ulimit -Sn; ulimit -Hn; ulimit -c', {
        Ulimits: [
          { Name: 'nofile', Soft: 100, Hard: 200 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
      }),
    ).to.equal('100\n200\n0');
    const many = 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait';
    expect(await asProcess(many, { PidsLimit: 5 })).to.match(/can't fork/);
  });

  it('shares the host’s namespaces where it is told so', async () => {
    const own = async (kind: string, host: CreateOptions['HostConfig']) =>
      (await asProcess(`readlink /proc/self/ns/${kind}`, host)) ===
      readlinkSync(`/proc/self/ns/${kind}`);
    expect(await own('user', { UsernsMode: 'host' })).to.equal(true);
    expect(await own('ipc', { IpcMode: 'host' })).to.equal(true);
    expect(await own('ipc', {})).to.equal(false);
    expect(await own('uts', { UTSMode: 'host' })).to.equal(true);
    expect(await own('pid', { PidMode: 'host' })).to.equal(true);
    expect(await own('pid', {})).to.equal(false);
  });
});
