/** Contexts and sources that are no folder: archives, addresses, repositories, descriptors. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { image as base } from '../engine/engine-lab.ts';
import { BuildLab } from './build-lab.ts';

const modified = 'Thu, 02 Jan 2020 03:04:05 GMT';

describe('what a build takes files from', () => {
  let lab: BuildLab;
  let server: Server;
  let address: string;
  let requests: string[];

  beforeEach(async () => {
    lab = new BuildLab();
    await lab.open();
    requests = [];
    mkdirSync(join(lab.folder, 'www'));
    server = createServer((request, response) => {
      const isKnown = request.headers['if-none-match'] === '"one"';
      requests.push(`${request.url} ${isKnown ? 304 : 200}`);
      response.writeHead(isKnown ? 304 : 200, { etag: '"one"', 'last-modified': modified });
      response.end(isKnown ? '' : readFileSync(join(lab.folder, 'www', request.url ?? '')));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
    await lab.expectClean();
    await lab.close();
  });

  const serve = (name: string, content: string | Buffer) =>
    writeFileSync(join(lab.folder, 'www', name), content);
  const archive = (folder: string): Buffer => execFileSync('tar', ['-C', folder, '-cz', '.']);
  const contents = (...paths: string[]) => lab.outputOf('cat', ...paths);

  /** A repository with a branch, a tag, and a folder `sub`; its address. */
  function repository(): { readonly url: string; readonly commit: string } {
    const folder = lab.context({
      Dockerfile: `FROM ${base}\nCOPY . /all/\n`,
      'sub/Dockerfile': `FROM ${base}\nCOPY . /sub/\n`,
      'sub/file': 'in the folder\n',
    });
    const git = (...argv: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...argv]);
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    git('tag', '-a', '-m', 'one', 'v1');
    const bare = join(lab.folder, 'bare.git');
    git('clone', '-q', '--bare', folder, bare);
    return { url: `file://${bare}`, commit: git('rev-parse', 'HEAD').toString().trim() };
  }

  it('is an archive or a Dockerfile at an address', async () => {
    const folder = lab.context({ Dockerfile: `FROM ${base}\nCOPY f /f\n`, f: 'fetched\n' });
    serve('context.tgz', archive(folder));
    const dockerfile = { dockerfile: { kind: 'path', path: 'Dockerfile' } } as const;
    await lab.build(
      '',
      {},
      {
        context: { kind: 'url', url: `${address}/context.tgz` },
        ...dockerfile,
      },
    );
    expect(await contents('/f')).to.equal('fetched\n');
    serve('Dockerfile', `FROM ${base}\nRUN echo alone > /f\n`);
    await lab.build(
      '',
      {},
      {
        context: { kind: 'url', url: `${address}/Dockerfile` },
        ...dockerfile,
      },
    );
    expect(await contents('/f')).to.equal('alone\n');
  });

  it('is an archive or a Dockerfile on a descriptor', async () => {
    const folder = lab.context({ Dockerfile: `FROM ${base}\nCOPY f /f\n`, f: 'piped\n' });
    for (const [content, expected] of [
      [archive(folder), 'piped\n'],
      [`FROM ${base}\nRUN echo typed > /f\n`, 'typed\n'],
    ] as const) {
      const path = join(lab.folder, 'input');
      writeFileSync(path, content);
      const fd = openSync(path, 'r');
      try {
        await lab.build(
          '',
          {},
          {
            context: { kind: 'archive', archive: fd },
            dockerfile: { kind: 'path', path: 'Dockerfile' },
          },
        );
      } finally {
        closeSync(fd);
      }
      expect(await contents('/f')).to.equal(expected);
    }
  });

  it('is a folder of a repository at a branch, a tag or a commit', async () => {
    const { url, commit } = repository();
    for (const ref of ['main', 'v1', commit]) {
      await lab.build(
        '',
        {},
        {
          context: { kind: 'git', url: `${url}#${ref}:sub` },
          dockerfile: { kind: 'path', path: 'Dockerfile' },
        },
      );
      expect(await contents('/sub/file')).to.equal('in the folder\n');
    }
    const unknown = { context: { kind: 'git', url: `${url}#nosuch` } } as const;
    const error = await lab.failure('BUILD_CONTEXT_INVALID', lab.build('', {}, unknown));
    expect(error.message).to.include('no reference "nosuch"');
  });

  it('adds a file from an address, once, with its time, and only with the right digest', async () => {
    serve('file.txt', 'file\n');
    serve('tree.tgz', archive(lab.context({ x: 'unpacked\n' })));
    const digest = createHash('sha256').update('file\n').digest('hex');
    const dockerfile = [
      `FROM ${base}`,
      `ADD --checksum=sha256:${digest} --chmod=640 --chown=3:4 ${address}/file.txt /u/`,
      `ADD ${address}/tree.tgz /kept/`,
      `ADD --unpack=true ${address}/tree.tgz /tree/`,
    ].join('\n');
    await lab.build(dockerfile);
    expect(await lab.outputOf('stat', '-c', '%u:%g %a %Y', '/u/file.txt')).to.equal(
      `3:4 640 ${Date.parse(modified) / 1000}\n`,
    );
    expect(await contents('/tree/x')).to.equal('unpacked\n');
    expect(await lab.outputOf('ls', '/kept')).to.equal('tree.tgz\n');
    requests = [];
    expect((await lab.build(dockerfile)).done).to.deep.equal([]);
    expect(requests.every((line) => line.endsWith('304'))).to.equal(true);
    const wrong = dockerfile.replace(digest, digest.replace(/./g, '0'));
    const error = await lab.failure('BUILD_FETCH_FAILED', lab.build(wrong));
    expect(error.message).to.include(`sha256:${digest}`);
  });

  it('adds a repository, with its history only where that is asked for', async () => {
    const { url, commit } = repository();
    await lab.build(
      `FROM ${base}\nADD ${url}#v1:sub /sub\nADD --keep-git-dir --checksum=${commit} ${url}#main /whole\n`,
    );
    expect(await lab.outputOf('ls', '-A', '/sub', '/whole')).to.equal(
      '/sub:\nDockerfile\nfile\n\n/whole:\n.git\nDockerfile\nsub\n',
    );
    const other = commit.replace(/./g, 'a');
    const error = await lab.failure(
      'BUILD_FETCH_FAILED',
      lab.build(`FROM ${base}\nADD --checksum=${other} ${url}#main /whole\n`),
    );
    expect(error.message).to.include(commit);
  });
});
