/** `coracle system df | prune | fsck` on a store in use. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownIdentity } from '../../src/state/index.ts';
import { coracleProgram } from '../support/command.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, imageCache, TOOLS_IMAGE } from '../support/test-images.ts';
import { inContainer } from '../support/watch-session.ts';

const FILE = `
services:
  web:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sleep", "infinity"]
    volumes: [data:/data, /scratch]
volumes: {data: {}}
`;

describe('what takes the disk', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  // A store of its own: what is damaged and pruned here is nobody else's.
  let archive: string;

  before(async () => {
    await ensureToolsImage();
    archive = join(mkdtempSync(join(tmpdir(), 'coracle-disk-')), 'tools.tar');
    execFileSync(process.execPath, [coracleProgram, 'save', '-o', archive, TOOLS_IMAGE], {
      env: { ...process.env, CORACLE_DATA: imageCache },
    });
  });
  after(() => rmSync(join(archive, '..'), { recursive: true }));
  beforeEach(async () => {
    scenario = Scenario.open('disk', { 'compose.yaml': FILE }, { empty: true });
    await scenario.coracle('load', '-q', '-i', archive);
    await scenario.mustCompose('up', '-d');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  async function usage(): Promise<Record<string, Record<string, string>>> {
    const { stdout } = await scenario.coracle('system', 'df', '--format', 'json');
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return Object.fromEntries(rows.map((row) => [row.Type, row]));
  }

  it('must be told by kind, and thing by thing', async () => {
    const { Images, Containers, 'Local Volumes': volumes } = await usage();
    expect(Images).to.include({ TotalCount: '1', Active: '1' });
    expect(Images?.Reclaimable).to.equal('0B (0%)');
    expect(Containers).to.include({ TotalCount: '1', Active: '1' });
    expect(volumes).to.include({ TotalCount: '2', Active: '2' });
    const { stdout } = await scenario.coracle('system', 'df', '-v');
    expect(stdout).to.match(/^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID/);
    expect(stdout).to.match(/^disk_data +1 +/m);
    expect(stdout).to.match(/^[0-9a-f]{12} +test\/tools:1 .* disk-web-1/m);
  });

  it('must be pruned of what nothing uses, and of nothing else', async () => {
    const unused = await scenario.coracle('system', 'prune', '-af', '--volumes');
    expect(unused.stdout).to.equal('Total reclaimed space: 0B\n');
    await scenario.mustCompose('stop', '-t', '0');
    const { code, stdout } = await scenario.coracle('system', 'prune', '-af', '--volumes');
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Networks:\ndisk_default\n/,
    );
    expect(stdout).to.match(/Deleted Volumes:\n[0-9a-f]{64}\n/);
    expect(stdout).to.match(/Deleted Images:\nuntagged: test\/tools:1\ndeleted: sha256:/);
    expect(stdout).to.match(/Total reclaimed space: [\d.]+MB\n$/);
    // A volume with a name is the user's.
    expect((await scenario.coracle('volume', 'ls', '-q')).stdout).to.equal('disk_data\n');
  });

  it('must not lose the images under a build', async () => {
    await scenario.mustCompose('down', '-v', '-t', '0');
    const { pid, start } = ownIdentity();
    const building = join(scenario.roots.data, 'build/work', `1.${pid}-${start}.new`);
    mkdirSync(building, { recursive: true });
    const { stdout, stderr } = await scenario.coracle('image', 'prune', '-af');
    expect(stdout).to.equal('Total reclaimed space: 0B\n');
    expect(stderr).to.include('while a build is under way');
    rmSync(building, { recursive: true });
    expect((await scenario.coracle('image', 'prune', '-af')).stdout).to.include(
      'untagged: test/tools:1',
    );
  });

  it('must be found damaged, and repaired once nobody runs on it', async () => {
    const { id } = scenario.state('disk-web-1');
    const shim = join(scenario.roots.data, 'containers', id, 'shim.json');
    const [layer = ''] = JSON.parse(readFileSync(shim, 'utf8')).overlay.lower;
    writeFileSync(join(layer, 'etc/passwd'), '');
    const seen = await scenario.coracle('system', 'fsck', '--check');
    expect(seen.code).to.equal(1);
    expect(seen.stdout).to.match(
      /^FAULT +layer sha256:.* \(test\/tools:1\): etc\/passwd has another size$/m,
    );
    const used = await scenario.coracle('system', 'fsck');
    expect(used.stdout).to.include('Stop disk-web-1 and check again.');
    await scenario.mustCompose('stop', '-t', '0');
    const { code, stdout } = await scenario.coracle('system', 'fsck', '--format', 'json');
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).faults).to.have.length(1);
    await scenario.mustCompose('start');
    expect(inContainer(scenario, 'disk-web-1', '/etc/passwd')).to.be.a('string');
    const again = await scenario.coracle('system', 'fsck');
    expect(again.stdout).to.match(/: no faults\n$/);
  });
});
