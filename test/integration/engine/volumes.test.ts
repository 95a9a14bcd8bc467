import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EngineLab, failure } from './engine-lab.ts';

describe('volumes and binds', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  let folder: string;
  before(async () => {
    await lab.open();
    folder = mkdtempSync(join(tmpdir(), 'coracle-bind-'));
  });
  afterEach(() => lab.expectClean());
  after(async () => {
    rmSync(folder, { recursive: true });
    await lab.close();
  });

  it('fills a new volume from the image once, and keeps what a container wrote', async () => {
    const HostConfig = { Binds: ['lab_data:/seed'] };
    const first = await lab.run('first', { HostConfig });
    expect(await lab.sh('first', 'cat /seed/deep/file; echo more >/seed/more')).to.equal(
      'from the image',
    );
    const { Mountpoint } = await engine.getVolume('lab_data').inspect();
    expect(readFileSync(join(Mountpoint, 'deep/file'), 'utf8')).to.equal('from the image\n');
    expect(statSync(join(Mountpoint, 'deep/file')).mode & 0o777).to.equal(0o640);
    rmSync(join(Mountpoint, 'deep'), { recursive: true });
    expect(await failure(engine.getVolume('lab_data').remove())).to.include({
      code: 'VOLUME_IN_USE',
      statusCode: 409,
    });
    await first.remove({ force: true, v: true });
    await lab.run('second', { HostConfig });
    expect(await lab.sh('second', 'ls /seed')).to.equal('more');
  });

  it('leaves a volume empty where it is told not to copy', async () => {
    await lab.run('empty', { HostConfig: { Binds: ['lab_empty:/seed:nocopy'] } });
    expect(await lab.sh('empty', 'ls /seed')).to.equal('');
  });

  it('removes anonymous volumes with their container, and only with `v`', async () => {
    const container = await lab.run('anon', { Volumes: { '/seed': {} } });
    const [mount] = (await container.inspect()).Mounts;
    expect(mount).to.include({ Type: 'volume', Destination: '/seed', RW: true });
    expect(mount?.Name).to.match(/^[0-9a-f]{64}$/);
    await lab.sh('anon', 'echo kept >/seed/kept');
    await container.remove({ force: true });
    // As a recreated container names the anonymous volume that it keeps.
    const again = await lab.run('anon', { HostConfig: { Binds: [`${mount?.Name}:/seed`] } });
    expect(await lab.sh('anon', 'cat /seed/kept')).to.equal('kept');
    await again.remove({ force: true, v: true });
    expect((await engine.listVolumes()).Volumes).to.deep.equal([]);
  });

  it('does not leave an anonymous volume of a creation that failed', async () => {
    await failure(
      lab.create('fails', {
        Volumes: { '/seed': {} },
        HostConfig: { Mounts: [{ Type: 'image', Source: 'missing:1', Target: '/z/z' }] },
      }),
    );
    expect((await engine.listVolumes()).Volumes).to.deep.equal([]);
  });

  it('binds files and folders, read-only where asked, and makes missing folders of short binds', async () => {
    writeFileSync(join(folder, 'file'), 'host\n');
    await lab.run('bind', {
      HostConfig: {
        Binds: [`${folder}:/both`, `${folder}/file:/etc/one:ro`, `${folder}/made/deep:/made`],
      },
    });
    expect(await lab.sh('bind', 'echo x >/both/new; cat /etc/one; echo y >/etc/one')).to.match(
      /^host\n.*Read-only file system/,
    );
    expect(readFileSync(join(folder, 'new'), 'utf8')).to.equal('x\n');
    expect(statSync(join(folder, 'made/deep')).isDirectory()).to.equal(true);
  });

  it('mounts a folder of a volume, an image, and the volumes of another container', async () => {
    await lab.run('giver', { HostConfig: { Binds: ['lab_sub:/v'] } });
    await lab.sh('giver', 'mkdir -p /v/a/b; echo deep >/v/a/b/f');
    await lab.run('taker', {
      HostConfig: {
        VolumesFrom: ['giver:ro'],
        Mounts: [
          {
            Type: 'volume',
            Source: 'lab_sub',
            Target: '/sub',
            VolumeOptions: { Subpath: 'a/b' },
          },
          { Type: 'image', Source: 'lab/busybox:1', Target: '/img' },
        ] as never,
      },
    });
    expect(await lab.sh('taker', 'cat /sub/f /v/a/b/f /img/seed/deep/file')).to.equal(
      'deep\ndeep\nfrom the image',
    );
    expect(await lab.sh('taker', 'touch /v/x /img/x')).to.match(
      /v\/x: Read-only file system\n.*img\/x: Read-only file system/,
    );
  });

  it('finds volumes by label and by whether anybody uses them', async () => {
    await engine.createVolume({ Name: 'lab_one', Labels: { tier: 'db' } });
    await engine.createVolume({ Name: 'lab_two' });
    await lab.create('user', { HostConfig: { Binds: ['lab_two:/x'] } });
    const names = async (filters: Record<string, string[]>) =>
      (await engine.listVolumes({ filters })).Volumes.map(({ Name }) => Name);
    expect(await names({ label: ['tier=db'] })).to.deep.equal(['lab_one']);
    expect(await names({ dangling: ['true'] })).to.deep.equal(['lab_one']);
    expect(await names({ dangling: ['false'] })).to.deep.equal(['lab_two']);
  });
});
