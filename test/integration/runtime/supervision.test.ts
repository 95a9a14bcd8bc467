/** One container under its shim, driven through the native client. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { isAppError } from '../../../src/core/index.ts';
import { type Attachment, attachContainer } from '../../../src/runtime/index.ts';
import { eventually } from '../../support/eventually.ts';
import { plainContainer } from '../../support/runtime-container.ts';
import { nativeBinary, RuntimeLab, unableReason } from './runtime-lab.ts';

describe('a container under its shim', function () {
  this.timeout(20_000);
  let lab: RuntimeLab;

  before(function () {
    const reason = unableReason();
    if (reason !== undefined) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
  });
  beforeEach(() => {
    lab = new RuntimeLab();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  const control = (id: string, request: Parameters<typeof lab.native.control>[1]) =>
    lab.native.control<Record<string, unknown>>(lab.paths(id).run, request);
  const exec = (id: string, ...args: string[]) => {
    const { dir, run } = lab.paths(id);
    return spawnSync(nativeBinary, ['exec', '--run', run, '--dir', dir, ...args], {
      encoding: 'utf8',
    });
  };

  /** A container that runs until its one client has left. */
  const attachable = async (script: string) => {
    const id = lab.create(script, { stdinOpen: true, stdinOnce: true });
    await lab.start(id);
    return { id, run: lab.paths(id).run };
  };

  /** A bare connection to the control socket, whose path may be longer than a socket's address. */
  const connect = (run: string) =>
    new Promise<Socket>((resolve, reject) => {
      const folder = openSync(run, 'r');
      const client = createConnection(`/proc/self/fd/${folder}/ctl`);
      client.once('connect', () => {
        closeSync(folder);
        resolve(client);
      });
      client.once('error', reject);
    });

  it('keeps what it writes, in order, and its exit code', async () => {
    const { exitCode, output, id } = await lab.run('echo one; echo two >&2; echo -n three; exit 7');
    expect(exitCode).to.equal(7);
    expect(output.split('\n').sort()).to.deep.equal(['', 'one', 'three', 'two']);
    expect(lab.state(id)).to.include({ status: 'exited', exitCode: 7, pid: 0, error: '' });
  });

  it('loses nothing of a hundred thousand lines over rotations', async () => {
    const id = lab.create('yes 0123456789012345678901234567890123456789 | head -n 100000', {
      log: { driver: 'cri', maxSizeBytes: 3_000_000, maxFiles: 10 },
    });
    await lab.start(id);
    await control(id, { op: 'wait', condition: 'exit' }).catch(() => undefined);
    expect((await lab.output(id)).length).to.equal(41 * 100_000);
  });

  it('reports a command that is not there by code and exit code, and leaves nothing running', async () => {
    const id = lab.create('', { args: ['/bin/nope'] });
    let error: unknown;
    await lab.start(id).catch((reason) => {
      error = reason;
    });
    expect(isAppError(error, 'NATIVE_COMMAND_NOT_FOUND')).to.equal(true);
    expect(lab.state(id)).to.include({ status: 'created', exitCode: 127, pid: 0 });
  });

  it('looks a user up by name in the container’s own files', async () => {
    const { output } = await lab.run(
      'id -u; id -g; id -G; grep CapEff /proc/self/status; echo $HOME',
      {
        user: 'app',
        groupAdd: ['extra', '77'],
      },
    );
    const [uid, gid, groups] = output.split('\n');
    expect([uid, gid]).to.deep.equal(['1000', '1001']);
    expect(groups?.split(' ')).to.include.members(['1001', '29', '2000', '77']);
  });

  it('takes a capability from a user who is not root', async () => {
    const script =
      'while read key value; do [ $key = CapEff: ] && echo $value; done < /proc/self/status';
    expect((await lab.run(script, { user: '1000' })).output).to.equal('0000000000000000\n');
    expect((await lab.run(script)).output).to.equal('00000000a80425fb\n');
  });

  it('is killed when it does not heed the stop signal, and not restarted', async () => {
    const id = lab.create("trap '' TERM; echo up; while :; do sleep 1; done", {
      restart: { policy: 'always', maxRetries: 0 },
    });
    await lab.start(id);
    await eventually(async () => expect(await lab.output(id)).to.equal('up\n'));
    expect(await control(id, { op: 'stop', timeoutMs: 200 })).to.include({ exitCode: 137 });
    expect(lab.state(id)).to.include({ status: 'exited', stoppedByUser: true, restartCount: 0 });
  });

  it('is restarted with a growing pause, at most as often as asked for', async () => {
    const begin = Date.now();
    const { id, output } = await lab.run('echo run; exit 1', {
      restart: { policy: 'on-failure', maxRetries: 3 },
    });
    expect(output).to.equal('run\n'.repeat(4));
    expect(lab.state(id)).to.include({ restartCount: 3, exitCode: 1, status: 'exited' });
    // Pauses of 100, 200 and 400 ms: a lower bound, which a loaded machine cannot break.
    expect(Date.now() - begin).to.be.at.least(700);
  });

  it('is started again after the pause that was asked for, and after a success too', async () => {
    const begin = Date.now();
    const { id, output } = await lab.run('echo run', {
      restart: { policy: 'always', maxRetries: 2, delayMs: 400 },
    });
    expect(output).to.equal('run\n'.repeat(3));
    expect(lab.state(id)).to.include({ restartCount: 2, shortRuns: 3, gaveUp: true, exitCode: 0 });
    expect(Date.now() - begin).to.be.at.least(800);
  });

  it('gets its attempts back by a run that lasts the window', async () => {
    // The third run succeeds, so two more failures are allowed before the policy gives up.
    const script = 'echo run >> /runs; [ $(grep -c run /runs) = 3 ] && sleep 1; exit 1';
    const { id } = await lab.run(script, {
      restart: { policy: 'on-failure', maxRetries: 2, delayMs: 0, windowMs: 500 },
    });
    expect(lab.state(id)).to.include({ restartCount: 4, shortRuns: 2, gaveUp: true });
  });

  it('stays down after a success where only failures are restarted', async () => {
    const { id } = await lab.run('exit 0', { restart: { policy: 'on-failure', maxRetries: 0 } });
    expect(lab.state(id)).to.include({ restartCount: 0, status: 'exited' });
  });

  it('keeps its network namespace over a restart', async () => {
    const id = lab.create('ls -l /proc/self/ns/net; sleep 60', {
      stop: { signal: 'SIGKILL', timeoutMs: 0 },
    });
    await lab.start(id);
    await eventually(async () => expect((await lab.output(id)).split('\n')).to.have.lengthOf(2));
    const { pid } = lab.state(id);
    const answer = await control(id, { op: 'restart' });
    expect(answer.pid).to.be.a('number').and.not.equal(pid);
    await eventually(async () => {
      const [first, second] = (await lab.output(id)).match(/net:\[\d+\]/g) ?? [];
      expect(second).to.equal(first).and.be.a('string');
    });
  });

  it('shares its network namespace, also while it is down between two runs', async () => {
    const owner = lab.create('ls -l /proc/self/ns/net; sleep 0.1; exit 1', {
      restart: { policy: 'always', maxRetries: 0 },
    });
    await lab.start(owner);
    await eventually(() => expect(lab.state(owner).status).to.equal('restarting'));
    const { network } = plainContainer();
    const guest = await lab.run('ls -l /proc/self/ns/net', {
      network: { ...network, mode: 'join', joinContainer: owner },
    });
    const own = (await lab.output(owner)).match(/net:\[\d+\]/)?.[0];
    expect(guest.output).to.include(own ?? 'a namespace');
    await control(owner, { op: 'stop', timeoutMs: 0 });
  });

  it('dies with its shim', async () => {
    const id = lab.create('sleep 60');
    const { pid } = await lab.start(id);
    process.kill(lab.state(id).shimPid, 'SIGKILL');
    await eventually(() => expect(() => process.kill(pid, 0)).to.throw('ESRCH'));
    let error: unknown;
    await control(id, { op: 'state' }).catch((reason) => {
      error = reason;
    });
    expect(isAppError(error, 'NATIVE_NOT_RUNNING')).to.equal(true);
  });

  it('is judged by its healthcheck, with the last results kept', async () => {
    const id = lab.create('sleep 60', {
      healthcheck: {
        test: ['CMD-SHELL', 'echo looked; test -e /tmp/ready'],
        intervalMs: 60,
        timeoutMs: 2000,
        retries: 2,
        startPeriodMs: 0,
        startIntervalMs: 60,
      },
    });
    await lab.start(id);
    expect(await control(id, { op: 'wait', condition: 'health' })).to.deep.equal({
      status: 'unhealthy',
    });
    const { health } = lab.state(id);
    expect(health.failingStreak).to.equal(2);
    expect(health.log[0]).to.include({ exitCode: 1, output: 'looked\n' });
    expect(exec(id, '--', 'touch', '/tmp/ready').status).to.equal(0);
    await eventually(() => expect(lab.state(id).health.status).to.equal('healthy'));
  });

  it('has a check that takes too long killed', async () => {
    const id = lab.create('sleep 60', {
      healthcheck: {
        test: ['CMD', 'sleep', '50'],
        intervalMs: 50,
        timeoutMs: 100,
        retries: 1,
        startPeriodMs: 0,
        startIntervalMs: 50,
      },
    });
    await lab.start(id);
    await control(id, { op: 'wait', condition: 'health' });
    expect(lab.state(id).health.log[0]).to.include({
      exitCode: -1,
      output: 'Health check exceeded timeout (100ms)',
    });
  });

  it('stands still while it is paused', async () => {
    const id = lab.create('while :; do echo tick; sleep 0.02; done');
    await lab.start(id);
    await control(id, { op: 'pause' });
    expect(lab.state(id).status).to.equal('paused');
    const before = await lab.output(id);
    await sleep(150);
    expect(await lab.output(id)).to.equal(before);
    await control(id, { op: 'resume' });
    await eventually(async () => expect((await lab.output(id)).length).to.be.above(before.length));
  });

  it('runs commands inside, with their exit codes, as any user', async () => {
    const id = lab.create('sleep 60', { env: ['COLOUR=red'] });
    await lab.start(id);
    expect(
      exec(id, '--env', 'SIZE=big', '--', 'sh', '-c', 'echo $COLOUR $SIZE; exit 9'),
    ).to.include({
      status: 9,
      stdout: 'red big\n',
    });
    expect(exec(id, '--user', 'app', '--', 'id', '-u').stdout).to.equal('1000\n');
    expect(exec(id, '--', 'nope').status).to.equal(127);
    expect(exec(id, '--', '/etc/passwd').status).to.equal(126);
    expect(exec(id, '--', 'sh', '-c', 'kill -TERM $$').status).to.equal(143);
    expect(exec(id, '--cwd', '/tmp', '--detach', '--', 'touch', 'made').status).to.equal(0);
    await eventually(() => expect(exec(id, '--', 'test', '-e', '/tmp/made').status).to.equal(0));
  });

  it('does not hand a command the files of its caller', async () => {
    const id = lab.create('sleep 60');
    await lab.start(id);
    const { dir, run } = lab.paths(id);
    const [input, output] = [join(run, 'input'), join(run, 'output')];
    writeFileSync(input, 'question\n');
    const stdio = [openSync(input, 'r'), openSync(output, 'w')];
    const script = 'cat; readlink /proc/self/fd/0 | cut -c1-5; echo changed > /proc/self/fd/0';
    const { status } = spawnSync(
      nativeBinary,
      ['exec', '--run', run, '--dir', dir, '--user', 'app', '--', 'sh', '-c', script],
      { stdio: [...stdio, 'ignore'], timeout: 5000 },
    );
    stdio.forEach(closeSync);
    expect(status).to.equal(0);
    expect(readFileSync(output, 'utf8')).to.equal('question\npipe:\n');
    expect(readFileSync(input, 'utf8')).to.equal('question\n');
    expect([statSync(input).uid, statSync(output).uid]).to.deep.equal([0, 0]);
  });

  it('talks to attached clients both ways, and to a terminal', async () => {
    const id = lab.create('stty -echo; read line; echo "got $line"; stty size; exit 4', {
      tty: true,
      stdinOpen: true,
    });
    await lab.start(id);
    const { run } = lab.paths(id);
    const [writer, listener] = await Promise.all([
      attachContainer(run, { stdin: true }),
      attachContainer(run, { stdin: false }),
    ]);
    writer.resize(33, 111);
    await writer.write(Buffer.from('hello\n'));
    const [written, heard] = await Promise.all([collect(writer), collect(listener)]);
    expect(written).to.include('got hello').and.include('33 111');
    expect(heard).to.equal(written);
    expect(lab.state(id).exitCode).to.equal(4);
  });

  it('ends the input of a container that was made for one client', async () => {
    const id = lab.create('cat; echo end >&2', { stdinOpen: true, stdinOnce: true });
    await lab.start(id);
    const client = await attachContainer(lab.paths(id).run, { stdin: true });
    const big = 'x'.repeat(300_000);
    const output = collect(client);
    await client.write(Buffer.from(big));
    await client.write(Buffer.alloc(0));
    expect(await output)
      .to.have.lengthOf(big.length + 4)
      .and.include('end');
  });

  it('refuses what no request has, and goes on', async () => {
    const id = lab.create('sleep 60');
    await lab.start(id);
    const wrong: [object, RegExp][] = [
      [{ op: 'state', '': 1 }, /unknown member/],
      [{ op: 'stop', timeout: 1 }, /unknown member/],
      [{ op: 'stop', timeoutMs: 'x' }, /must be an integer/],
      [{ op: 'signal', signal: 'SIGNOPE' }, /no such signal/],
      [{ op: 'nothing' }, /unknown request/],
    ];
    for (const [request, message] of wrong) {
      const error = await control(id, request as never).then(
        () => 'accepted',
        (reason: Error) => reason.message,
      );
      expect(error, JSON.stringify(request)).to.match(message);
    }
    expect(await control(id, { op: 'state' })).to.include({ status: 'running' });
  });

  it('takes what a client sent before it broke the form, once', async () => {
    const { id, run } = await attachable('cat');
    const client = await connect(run);
    const frame = (stream: number, text: string) => {
      const head = Buffer.alloc(5);
      head.writeUInt8(stream);
      head.writeUInt32LE(text.length, 1);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    client.write(
      Buffer.concat([
        Buffer.from('{"op":"attach","stdin":true}\n'),
        frame(1, 'hello\n'),
        frame(9, 'no such stream'),
      ]),
    );
    await control(id, { op: 'wait', condition: 'exit' }).catch(() => undefined);
    expect(await lab.output(id)).to.equal('hello\n');
    client.destroy();
  });

  it('waits for a client that lags behind, and loses nothing', async () => {
    const id = lab.create('read go; yes 0123456789 | head -n 400000', { stdinOpen: true });
    await lab.start(id);
    const client = await attachContainer(lab.paths(id).run, { stdin: true });
    await client.write(Buffer.from('go\n'));
    await sleep(300);
    expect((await control(id, { op: 'state' })).status).to.equal('running');
    expect(await collect(client)).to.have.lengthOf(11 * 400_000);
  });

  it('is not filled by a client that takes no answers', async () => {
    const id = lab.create('sleep 60');
    await lab.start(id);
    const client = await connect(lab.paths(id).run);
    client.pause();
    client.write('{"op":"state"}\n'.repeat(150_000));
    await sleep(500);
    const memory = readFileSync(`/proc/${lab.state(id).shimPid}/status`, 'utf8');
    expect(Number(/VmRSS:\s*(\d+)/.exec(memory)?.[1])).to.be.below(16 * 1024);
    expect(await control(id, { op: 'state' })).to.include({ status: 'running' });
    client.destroy();
  });

  it('serves so many clients at a time that its descriptors last', async () => {
    const id = lab.create('sleep 60');
    await lab.start(id);
    const { run } = lab.paths(id);
    const clients = await Promise.all(Array.from({ length: 300 }, () => connect(run)));
    const folder = `/proc/${lab.state(id).shimPid}/fd`;
    await eventually(() => expect(readdirSync(folder).length).to.be.within(256, 290));
    const late = control(id, { op: 'state' });
    for (const client of clients) client.destroy();
    expect(await late).to.include({ status: 'running' });
    await eventually(() => expect(readdirSync(folder).length).to.be.below(40));
  });

  it('is told of in the events, in Docker’s form', async () => {
    const { id } = await lab.run('exit 3', { labels: { team: 'blue' } });
    const events = readFileSync(`${lab.roots.run}/events`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ Action }) => Action)).to.deep.equal(['start', 'die']);
    expect(events[1].Actor).to.deep.include({ ID: id });
    expect(events[1].Actor.Attributes).to.include({ team: 'blue', exitCode: '3' });
  });

  it('starts beside fifty others', async () => {
    const ids = Array.from({ length: 50 }, () => lab.create('sleep 60'));
    const answers = await Promise.all(ids.map((id) => lab.start(id)));
    expect(new Set(answers.map(({ pid }) => pid)).size).to.equal(50);
  });

  it('cannot run twice', async () => {
    const id = lab.create('sleep 60');
    await lab.start(id);
    let message = '';
    await lab.start(id).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.include('running already');
  });
});

async function collect(client: Attachment): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { data } of client) chunks.push(data);
  return Buffer.concat(chunks).toString();
}
