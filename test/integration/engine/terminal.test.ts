/** Terminals as a person uses them: our commands on a pseudo terminal, keys typed, windows resized. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { coracleProgram } from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, image, nativeBinary } from './engine-lab.ts';

type Step =
  | { readonly wait: string }
  | { readonly send: string }
  | { readonly size: readonly [number, number] }
  | { readonly run: readonly string[] };

const driver = fileURLToPath(new URL('../../support/terminal.py', import.meta.url));
const ctrl = { c: '\x03', p: '\x10', q: '\x11' };

describe('a container on a terminal', function () {
  this.timeout(60_000);
  const lab = new EngineLab();
  before(async function () {
    if (spawnSync('python3', ['--version']).status !== 0) {
      console.log('      left out: no python3');
      this.skip();
    }
    await lab.open();
  });
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const env = {
    ...process.env,
    CORACLE_DATA: lab.roots.data,
    CORACLE_RUN: lab.roots.run,
    CORACLE_NATIVE: dirname(nativeBinary),
  };
  const coracle = (...args: string[]) => [process.execPath, coracleProgram, ...args];

  function onTerminal(steps: readonly Step[], command: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(
      'python3',
      [driver, '30', '100', JSON.stringify(steps), '--', ...command],
      { env, encoding: 'utf8', timeout: 50_000 },
    );
    if (status !== 0) throw new Error(stderr);
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    return JSON.parse(last) as { code: number; output: string; cooked: boolean };
  }

  const shell = ['sh', '-c', 'stty -echo; PS1="# " exec sh'];
  const running = async (name: string) => {
    const { State } = await lab.engine.getContainer(name).inspect();
    return State.Running;
  };

  it('has the window’s size, hears of changes, and its exit code is the command’s', () => {
    const script = 'trap "stty size" WINCH; stty size; while :; do read line && exit $line; done';
    const { code, cooked } = onTerminal(
      [{ wait: '30 100' }, { size: [41, 132] }, { wait: '41 132' }, { send: '7\n' }],
      coracle('run', '-it', '--rm', '--name', 'sized', image, 'sh', '-c', script),
    );
    expect({ code, cooked }).to.deep.equal({ code: 7, cooked: true });
  });

  it('gets Ctrl-C as a key, which ends what runs in it and not the container', () => {
    const { code, cooked } = onTerminal(
      [
        { wait: '# ' },
        { send: 'sleep 100; echo over $?\n' },
        { send: ctrl.c },
        { wait: '# ' },
        { send: 'echo still here; exit 3\n' },
        { wait: 'still here' },
      ],
      coracle('run', '-it', '--rm', '--name', 'keys', image, ...shell),
    );
    expect({ code, cooked }).to.deep.equal({ code: 3, cooked: true });
  });

  it('is left running by Ctrl-P Ctrl-Q, and attached to again, with nothing lost in between', async () => {
    const left = onTerminal(
      [{ wait: '# ' }, { send: 'a=kept\n' }, { wait: '# ' }, { send: ctrl.p }, { send: ctrl.q }],
      coracle('run', '-it', '--name', 'left', image, ...shell),
    );
    expect(left).to.include({ code: 0, cooked: true });
    expect(left.output).to.match(/read escape sequence/);
    expect(await running('left')).to.equal(true);
    const back = onTerminal(
      [{ send: `echo $a${ctrl.p}\n` }, { wait: 'kept' }, { send: 'exit 5\n' }],
      coracle('attach', 'left'),
    );
    expect(back).to.include({ code: 5, cooked: true });
  });

  it('is left by other keys that are asked for, which are its own until they are complete', async () => {
    const { code } = onTerminal(
      [
        { wait: '# ' },
        { send: `echo x${ctrl.p}${ctrl.q}y\n` },
        { wait: '# ' },
        { send: 'echo az\n' },
        { wait: 'az' },
        { send: 'ab' },
      ],
      coracle('run', '-it', '--name', 'other', '--detach-keys', 'a,b', image, ...shell),
    );
    expect(code).to.equal(0);
    expect(await running('other')).to.equal(true);
  });

  it('shows the same to all who are attached', async () => {
    await lab.run('many', {
      Tty: true,
      OpenStdin: true,
      Cmd: ['sh', '-c', 'stty -echo; while read line; do echo "<$line>"; done'],
    });
    const watcher = await lab.engine.attach('many', { stdin: false });
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { data } of watcher) heard.push(data.toString());
    })();
    const typed = onTerminal(
      [{ send: 'one\n' }, { wait: '<one>' }, { send: ctrl.p }, { send: ctrl.q }],
      coracle('attach', 'many'),
    );
    expect(typed.code).to.equal(0);
    await eventually(() => expect(heard.join('')).to.include('<one>'), 3000);
    await lab.engine.getContainer('many').stop();
    await listening;
  });

  it('gives exec a terminal of its own, with user, folder, variables and size', async () => {
    await lab.run('exec');
    const { code, output, cooked } = onTerminal(
      [
        { wait: '33 /tmp blue 30 100 /dev/pts/\\d' },
        { size: [20, 60] },
        { wait: '20 60' },
        { send: ctrl.c },
      ],
      coracle(
        ...['exec', '-it', '-u', 'web', '-w', '/tmp', '-e', 'COLOUR=blue', 'exec', 'sh', '-c'],
        'trap "stty size" WINCH; echo $(id -u) $(pwd) $COLOUR $(stty size) $(tty); while :; do sleep 0.1; done',
      ),
    );
    expect({ code, cooked }, output).to.deep.equal({ code: 130, cooked: true });
    expect(await running('exec')).to.equal(true);
  });

  it('gives exec all rights where it is asked for, and leaves it alone where it is detached', async () => {
    await lab.run('rights');
    const caps = 'grep CapEff /proc/self/status';
    const plain = onTerminal([], coracle('exec', '-t', 'rights', 'sh', '-c', caps));
    expect(plain.output).to.match(/CapEff:\s+00000000a80425fb/);
    const all = onTerminal([], coracle('exec', '-t', '--privileged', 'rights', 'sh', '-c', caps));
    expect(all.output).to.match(/CapEff:\s+[0-9a-f]*1ff/);
    const started = onTerminal(
      [],
      coracle('exec', '-d', 'rights', 'sh', '-c', 'sleep 0.2; echo late > /made'),
    );
    expect(started).to.include({ code: 0 });
    await eventually(
      async () => expect(await lab.sh('rights', 'cat /made')).to.equal('late'),
      5000,
    );
  });

  it('without a terminal gets Ctrl-C as the signal that it is', () => {
    const { code } = onTerminal(
      [{ wait: 'ready' }, { send: ctrl.c }, { wait: 'caught' }],
      coracle(
        ...['run', '--rm', '--name', 'signal', image, 'sh', '-c'],
        'trap "echo caught; exit 4" INT; echo ready; while :; do sleep 0.1; done',
      ),
    );
    expect(code).to.equal(4);
  });
});
