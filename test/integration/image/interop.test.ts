/** The same image here, in a registry, and in the hands of skopeo and umoci: digests and files agree both ways. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  inspectImage,
  loadImages,
  type PullOptions,
  pullImage,
  pushImage,
  resolveImage,
  tagImage,
} from '../../../src/image/index.ts';
import { RegistryLab } from '../../support/registry/registry-lab.ts';
import { type RegistryServer, startRegistry } from '../../support/registry/registry-server.ts';

const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

/**
 * A digest of all that a container sees of the files in `.`: names, kinds, owners, modes, contents, links, attributes.
 * Times are left out: umoci gives folders the time at which it made them.
 */
const digestOfFolder =
  'tar --sort=name --mtime=@0 --numeric-owner --format=pax --pax-option=delete=atime,delete=ctime ' +
  "--xattrs --xattrs-include='user.*' --xattrs-include=security.capability -c . | sha256sum";

describe('images of other tools', function () {
  this.timeout(60_000);
  let lab: RegistryLab;
  let registry: RegistryServer;
  let layout: string;

  before(async () => {
    lab = new RegistryLab();
    registry = await startRegistry(join(lab.folder, 'registry'));
    layout = join(lab.folder, 'layout');
    makeImage();
  });
  after(async () => {
    await registry.stop();
    lab.remove();
  });

  /** By umoci, in two layers; the second one removes, replaces and hides what is in the first. */
  function makeImage(): void {
    const image = `${layout}:1`;
    const bundle = join(lab.folder, 'making');
    run('umoci', 'init', '--layout', layout);
    run('umoci', 'new', '--image', image);
    run('umoci', 'unpack', '--image', image, bundle);
    const root = join(bundle, 'rootfs');
    const change = (script: string) => run('sh', '-ec', script, root);
    change(`cd "$0"
      mkdir -p etc usr/bin old/deep swap 'with space' ${'long/'.repeat(40)}
      echo one > etc/name; echo gone > etc/gone; echo deep > old/deep/file; echo x > swap/file
      echo program > usr/bin/program; chmod 4755 usr/bin/program; chown 12:34 usr/bin/program
      cp usr/bin/program usr/bin/net; chmod 755 usr/bin/net
      ln usr/bin/program usr/bin/linked; ln -s ../etc/name etc/link; ln -s /nowhere dangling
      mkfifo pipe; mknod null c 1 3
      printf x > "$(printf 'caf\\351')"; touch '${'n'.repeat(255)}'
      truncate -s 3M sparse; printf end >> sparse; chmod 1777 'with space'`);
    const attribute =
      'import os,sys; os.setxattr(sys.argv[1],sys.argv[2],bytes.fromhex(sys.argv[3]))';
    const set = (path: string, name: string, hex: string) =>
      run('python3', '-c', attribute, join(root, path), name, hex);
    set('etc/name', 'user.note', '68656c6c6f');
    // cap_net_raw, effective.
    set('usr/bin/net', 'security.capability', `0100000200200000${'0'.repeat(24)}`);
    run('umoci', 'repack', '--refresh-bundle', '--image', image, bundle);
    change(`cd "$0"
      rm -r etc/gone old swap; echo two > etc/name; echo file now > swap; mkdir old; echo new > old/new`);
    run('umoci', 'repack', '--image', image, bundle);
    run('umoci', 'config', '--image', image, '--config.label', 'a=b', '--config.cmd', 'sh');
  }

  /** What a container would see as its root. */
  function merged(options: PullOptions, name: string): string {
    const { layerPaths } = resolveImage(options.roots, name);
    const point = join(lab.folder, 'merged');
    mkdirSync(point, { recursive: true });
    const mount = `mount -t overlay overlay -o "lowerdir=$1" "$0"; cd "$0"; ${digestOfFolder}`;
    const nothing = join(lab.folder, 'nothing');
    mkdirSync(nothing, { recursive: true });
    // An overlay without a writable layer needs two.
    const lower = [...layerPaths, nothing].join(':');
    return run('unshare', '--mount', 'sh', '-ec', mount, point, lower);
  }

  function unpackedByUmoci(of: string): string {
    const bundle = join(lab.folder, `bundle-${Math.random()}`);
    run('umoci', 'unpack', '--image', of, bundle);
    return run('sh', '-ec', `cd "$0"; ${digestOfFolder}`, join(bundle, 'rootfs'));
  }

  const toRegistry = (name: string, ...flags: string[]) =>
    run(
      'skopeo',
      'copy',
      '-q',
      ...tls,
      ...flags,
      `oci:${layout}:1`,
      `docker://${registry.host}/${name}`,
    );
  const seenAt = (name: string, ...flags: string[]) =>
    run('skopeo', 'inspect', '--tls-verify=false', ...flags, `docker://${name}`);

  it('hold the same files for us as for umoci', async () => {
    toRegistry('umoci:1');
    const options = lab.store();
    const name = `${registry.host}/umoci:1`;
    const { digest } = await pullImage(name, options);
    expect(digest).to.equal(JSON.parse(seenAt(name)).Digest);
    expect(merged(options, name)).to.equal(unpackedByUmoci(`${layout}:1`));
    const { Config } = inspectImage(options.roots, name);
    expect(Config).to.deep.include({ Cmd: ['sh'], Labels: { a: 'b' } });
  });

  for (const [what, flags, layerType] of [
    ['by Docker’s version 2', ['--format', 'v2s2'], /docker.*tar\.gzip$/],
    ['with layers by zstd', ['--dest-compress-format', 'zstd'], /tar\+zstd$/],
    ['by OCI', ['--format', 'oci'], /oci.*tar\+gzip$/],
  ] as const) {
    it(`go on as they came: ${what}`, async () => {
      // Uncompressed in between, and into an empty registry: skopeo else takes layers as they are, or were once.
      const folder = join(lab.folder, layerType.source.replace(/\W/g, ''));
      const fresh = await startRegistry(join(folder, 'registry'));
      try {
        const name = `${fresh.host}/as:1`;
        const plain = `dir:${join(folder, 'plain')}`;
        run('skopeo', 'copy', '-q', '--dest-decompress', `oci:${layout}:1`, plain);
        run('skopeo', 'copy', '-q', ...tls, ...flags, plain, `docker://${name}`);
        const raw = seenAt(name, '--raw');
        for (const { mediaType } of JSON.parse(raw).layers) expect(mediaType).to.match(layerType);
        const options = lab.store();
        const pulled = await pullImage(name, options);
        expect(merged(options, name)).to.equal(unpackedByUmoci(`${layout}:1`));
        const other = `${fresh.host}/onward:1`;
        await tagImage(options.roots, name, other);
        expect((await pushImage(other, options)).digest).to.equal(pulled.digest);
        expect(seenAt(other, '--raw')).to.equal(raw);
      } finally {
        await fresh.stop();
      }
    });
  }

  it('and ours in theirs: pushed, copied by skopeo, unpacked by umoci', async () => {
    const options = lab.store();
    const name = `${registry.host}/ours:1`;
    await lab.importTree(options, name, {
      'etc/name': 'ours',
      'bin/tool': Buffer.alloc(70_000, 7),
    });
    const { digest } = await pushImage(name, options);
    const copy = join(lab.folder, 'copied');
    run('skopeo', 'copy', '-q', ...tls, `docker://${name}`, `oci:${copy}:1`);
    const index = JSON.parse(readFileSync(join(copy, 'index.json'), 'utf8'));
    expect(index.manifests[0].digest).to.equal(digest);
    expect(unpackedByUmoci(`${copy}:1`)).to.equal(merged(options, name));
    // The store itself is a layout as well: under the same digest as the registry's.
    const own = `oci:${join(options.roots.data, 'images')}:${name}`;
    expect(JSON.parse(run('skopeo', 'inspect', own)).Digest).to.equal(digest);
    const history = JSON.parse(run('umoci', 'stat', '--json', '--image', `${copy}:1`)).history;
    expect(history.filter(({ layer }: { layer: unknown }) => layer !== null)).to.have.length(1);
  });

  it('come and go as archives, several in one', async () => {
    const options = lab.store();
    toRegistry('one:1');
    const name = `${registry.host}/one:1`;
    const { id } = await pullImage(name, options);
    const archive = join(lab.folder, 'two.tar');
    const saved = await lab.coracle(options, ['image', 'save', '-o', archive, name]);
    expect([saved.code, saved.stderr]).to.deep.equal([0, '']);
    const back = join(lab.folder, 'back');
    run('skopeo', 'copy', '-q', `docker-archive:${archive}`, `oci:${back}:1`);
    expect(unpackedByUmoci(`${back}:1`)).to.equal(merged(options, name));
    const oci = join(lab.folder, 'oci.tar');
    run('skopeo', 'copy', '-q', `oci:${layout}:1`, `oci-archive:${oci}:again:1`);
    const [loaded] = await loadImages(oci, options);
    expect(loaded).to.deep.equal({ id, references: ['again:1'] });
  });
});
