/**
 * A shim that restarts its container again and again keeps its size: memory, descriptors, and under the sanitizers' build
 * (`npm run test:sanitizers`) every byte. `CORACLE_RESTARTS` is how often, 500 by default.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { nativeBinary, RuntimeLab, unableReason } from './runtime-lab.ts';

const restarts = Number(process.env.CORACLE_RESTARTS ?? 500);
/** Where the sanitizers write what they find; as ASAN_OPTIONS of the wrapper says. */
const findings = process.env.CORACLE_SANITIZER_LOG;

/** Half a second each, on the busiest machine. */
const patienceMs = Math.max(1_700_000, restarts * 500);

describe('a shim over many restarts', function () {
  this.timeout(patienceMs + 100_000);
  let lab: RuntimeLab;
  before(function () {
    const reason = unableReason();
    if (reason === undefined) return;
    console.log(`      skipped: ${reason}`);
    this.skip();
  });
  beforeEach(() => {
    lab = new RuntimeLab();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  it(`keeps its memory and its descriptors over ${restarts}`, async () => {
    // Under the sanitizers in the host's pid namespace, as they look for their own threads in /proc.
    const id = lab.create('echo run; echo err >&2; exit 1', {
      restart: { policy: 'on-failure', maxRetries: restarts, delayMs: 0 },
      log: { driver: 'cri', maxSizeBytes: 4096, maxFiles: 3, compress: true },
      healthcheck: {
        test: ['CMD', 'true'],
        intervalMs: 5,
        timeoutMs: 1000,
        retries: 3,
        startPeriodMs: 0,
        startIntervalMs: 5,
      },
    });
    await lab.start(id, findings !== undefined);
    const { shimPid } = lab.state(id);
    const size = () => ({
      // Kilobytes; also those that a child shares at this moment.
      memory: Number(
        /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${shimPid}/status`, 'utf8'))?.[1],
      ),
      files: readdirSync(`/proc/${shimPid}/fd`).length,
    });
    const reach = (count: number) =>
      eventually(() => expect(lab.state(id).restartCount).to.be.at.least(count), patienceMs);
    await reach(Math.min(100, restarts / 5));
    const early = size();
    console.log(`      after ${lab.state(id).restartCount}: ${JSON.stringify(early)}`);
    await reach(restarts - Math.min(100, restarts / 5));
    const late = size();
    console.log(`      after ${lab.state(id).restartCount}: ${JSON.stringify(late)}`);
    // Some twenty more are open for a moment while a container is launched; a leak of one a restart would be hundreds.
    expect(late.files).to.be.below(early.files + 30);
    // The heap is cut up more and more for a while; bytes are looked for by the sanitizers.
    if (findings === undefined) expect(late.memory).to.be.below(early.memory + 256);
    await eventually(() => expect(lab.state(id).status).to.equal('exited'), 60_000);
    expect(lab.state(id)).to.include({ restartCount: restarts, gaveUp: true });
    if (findings === undefined) return;
    // They look after its last words.
    await eventually(() => expect(existsSync(`/proc/${shimPid}`)).to.equal(false), 60_000);
    const own = readdirSync(dirname(findings)).filter((name) =>
      join(dirname(findings), name).startsWith(findings),
    );
    const reports = own.map((name) => readFileSync(join(dirname(findings), name), 'utf8'));
    expect(reports.join('\n'), nativeBinary).to.equal('');
  });

  it('leaves its maker as it was, also where a start fails or the shim is killed', async () => {
    const start = async (kind: number) => {
      const id = lab.create('sleep 60', kind === 0 ? { args: ['/bin/nope'] } : {});
      await lab.start(id).catch(() => undefined);
      if (kind === 1) process.kill(lab.state(id).shimPid, 'SIGKILL');
      await lab.removeContainers();
    };
    for (const kind of [0, 1, 2]) await start(kind);
    const [client] = readdirSync('/proc').filter(
      (pid) =>
        /^\d+$/.test(pid) &&
        new RegExp(`^\\d+ \\(coracle-client\\) \\S ${process.pid} `).test(stat(pid)),
    );
    if (client === undefined) throw new Error('there is no native client');
    const files = () => readdirSync(`/proc/${client}/fd`).length;
    const before = files();
    for (let round = 0; round < 30; round += 1) await start(round % 3);
    await eventually(() => expect(files()).to.equal(before));
  });
});

function stat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has ended since /proc was listed.
    return '';
  }
}
