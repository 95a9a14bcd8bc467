/** Steps that were done elsewhere: caches in a folder and in a registry, images of an OCI layout as contexts. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CachePlace, CacheTarget } from '../../../src/build/index.ts';
import { removeImage, resolveImage } from '../../../src/image/index.ts';
import { type RegistryServer, startRegistry } from '../../support/registry/registry-server.ts';
import { image as base } from '../engine/engine-lab.ts';
import { BuildLab } from './build-lab.ts';

const dockerfile = [
  `FROM ${base} AS tools`,
  'RUN mkdir /t && echo tool > /t/tool && chown 33:33 /t/tool && chmod 4750 /t/tool',
  'RUN rm -r /seed',
  `FROM ${base}`,
  'COPY in /in',
  'RUN true',
  'COPY --from=tools /t /t',
  'RUN rm /in && rm -r /seed && mkdir /seed && echo new > /seed/file',
].join('\n');
const files = { in: 'input\n' };

describe('a build cache of other machines', () => {
  let lab: BuildLab;
  beforeEach(async () => {
    lab = new BuildLab();
    await lab.open();
  });
  afterEach(async () => {
    await lab.expectClean();
    await lab.close();
  });

  const target = (place: CachePlace, mode: 'min' | 'max' = 'min'): CacheTarget => ({
    place,
    mode,
    ignoreError: false,
  });

  /** As a machine that has the base image and nothing else. */
  function forget(): void {
    removeImage(lab.roots, 'lab/built', { force: true, usedBy: () => [] });
    rmSync(join(lab.roots.data, 'build'), { recursive: true });
  }

  async function expectSameFrom(place: CachePlace, done: readonly string[]): Promise<void> {
    const diffIds = () => resolveImage(lab.roots, 'lab/built').layerPaths;
    const before = diffIds();
    forget();
    const again = await lab.build(dockerfile, files, { cacheFrom: [place] });
    expect(again.done).to.deep.equal(done);
    expect(diffIds()).to.deep.equal(before);
    expect(await lab.outputOf('stat', '-c', '%u %a', '/t/tool')).to.equal('33 4750\n');
    expect(await lab.outputOf('ls', '/seed', '/in')).to.include('/in: No such file');
  }

  it('gives all steps of the image from a folder, and those of other stages with mode=max', async () => {
    const place: CachePlace = { kind: 'folder', path: join(lab.folder, 'cache'), tag: 'latest' };
    await lab.build(dockerfile, files, { cacheTo: [target(place, 'max')] });
    await expectSameFrom(place, []);
    forget();
    const least: CachePlace = { kind: 'folder', path: join(lab.folder, 'least'), tag: 'v1' };
    await lab.build(dockerfile, files, { cacheTo: [target(least)] });
    // What COPY --from takes has to be made again before it can be known to be the same.
    await expectSameFrom(least, [
      '[tools 2/3] RUN mkdir /t && echo tool > /t/tool && chown 33:33 /t/tool && chmod 4750 /t/tool',
      '[tools 3/3] RUN rm -r /seed',
    ]);
  });

  it('gives them from a registry', async () => {
    const registry: RegistryServer = await startRegistry(join(lab.folder, 'registry'));
    try {
      const place: CachePlace = { kind: 'registry', reference: `${registry.host}/team/app:cache` };
      await lab.build(dockerfile, files, { cacheTo: [target(place, 'max')] });
      await expectSameFrom(place, []);
    } finally {
      await registry.stop();
    }
  });

  it('does the steps where a layer is damaged, and says what is no cache of its own', async () => {
    const path = join(lab.folder, 'cache');
    const place: CachePlace = { kind: 'folder', path, tag: 'latest' };
    await lab.build(dockerfile, files, { cacheTo: [target(place, 'max')] });
    const blobs = join(path, 'blobs/sha256');
    for (const name of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, name));
      if (bytes[0] === 0x1f) writeFileSync(join(blobs, name), bytes.subarray(0, bytes.length - 9));
    }
    forget();
    const { done, image } = await lab.build(dockerfile, files, { cacheFrom: [place] });
    expect(done).to.have.length(5);
    const events: string[] = [];
    const other = await lab.build(dockerfile, files, {
      noCache: ['tools'],
      cacheFrom: [{ kind: 'folder', path: join(lab.folder, 'none'), tag: 'latest' }],
      onProgress: (event) => event.kind === 'failed' && events.push(event.error),
    });
    expect(other.image.id).to.equal(image.id);
    expect(events).to.deep.equal([]);
    forget();
    await lab.build(dockerfile, files, {
      cacheFrom: [{ kind: 'folder', path: join(lab.folder, 'none'), tag: 'latest' }],
      onProgress: (event) => event.kind === 'failed' && events.push(event.error),
    });
    expect(events).to.have.length(1);
    expect(events[0]).to.include('is no build cache of coracle');
  });

  it('fails where a cache cannot be written, unless that does not count', async () => {
    const place: CachePlace = { kind: 'registry', reference: 'localhost:1/app:cache' };
    const options = { cacheTo: [target(place)] };
    await lab.failure('REGISTRY_UNREACHABLE', lab.build(dockerfile, files, options));
    await lab.build(dockerfile, files, { cacheTo: [{ ...target(place), ignoreError: true }] });
  });

  it('takes an image of an OCI layout as a named context', async () => {
    await lab.build(`FROM ${base}\nRUN echo laid > /laid\n`);
    const layout = join(lab.folder, 'layout');
    execFileSync('skopeo', [
      ...['copy', '-q', `oci:${join(lab.roots.data, 'images')}:lab/built:latest`],
      `oci:${layout}:v1`,
    ]);
    await lab.build(
      'FROM mine\nCOPY --from=mine /laid /copied\n',
      {},
      {
        contexts: { mine: { kind: 'oci-layout', path: layout, tag: 'v1' } },
      },
    );
    expect(await lab.outputOf('cat', '/laid', '/copied')).to.equal('laid\nlaid\n');
    expect(existsSync(join(layout, 'index.json'))).to.equal(true);
    const error = await lab.failure(
      'BUILD_CONTEXT_INVALID',
      lab.build(
        'FROM mine\n',
        {},
        {
          contexts: { mine: { kind: 'oci-layout', path: layout, tag: 'v2' } },
        },
      ),
    );
    expect(error.message).to.include('no image v2, but v1');
  });
});
