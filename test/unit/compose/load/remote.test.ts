import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { parseGitAddress } from '../../../../src/compose/load/git-remote.ts';
import {
  type DetailedLoadResult,
  gitRemoteFiles,
  loadProjectDetailed,
  type RemoteFiles,
  systemFileReader,
} from '../../../../src/compose/load/index.ts';
import { findingsOf } from '../../../support/compose-files.ts';

describe('parseGitAddress', () => {
  it('takes branch and path apart', () => {
    expect(parseGitAddress('https://h/a.git#v1:sub/c.yaml')).to.deep.equal({
      repository: 'https://h/a.git',
      ref: 'v1',
      path: 'sub/c.yaml',
    });
    expect(parseGitAddress('github.com/a/b')).to.deep.equal({
      repository: 'https://github.com/a/b',
      ref: 'HEAD',
      path: '',
    });
  });

  for (const fragment of [
    '--upload-pack=x',
    'a..b',
    'v1:../x',
    'v1:.git/config',
    'a b',
    ':a/../../b',
  ]) {
    it(`refuses #${fragment}`, () => {
      expect(parseGitAddress(`git://h/a.git#${fragment}`)).to.equal(undefined);
    });
  }
});

describe('remote files', () => {
  let folder: string;
  let checkout: string;
  let remote: RemoteFiles;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'coracle-remote-')));
    checkout = join(folder, 'checkout');
    put('secret.env', 'TOKEN=local\n');
    remote = {
      fetch: () => ({ folder: checkout, path: checkout, revision: 'commit c0ffee' }),
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(name: string, text: string): void {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }

  function load(text: string, allowed = true): DetailedLoadResult {
    put('local/compose.yaml', text);
    return loadProjectDetailed({
      cwd: join(folder, 'local'),
      env: { HOME: folder },
      reader: systemFileReader,
      ...(allowed ? { remote } : {}),
    });
  }

  const including = 'include: ["git://h/a.git"]\n';
  const extending = 'services: {a: {extends: {file: "git://h/a.git", service: a}}}\n';

  it('are refused unless asked for, and the way to ask is told', () => {
    for (const text of [including, extending]) {
      const { diagnostics } = load(text, false);
      expect(diagnostics.map(({ code }) => code)).to.deep.equal(['COMPOSE_REMOTE_DISABLED']);
      expect(diagnostics[0]?.hint).to.include('--allow-remote').and.include('CORACLE_ALLOW_REMOTE');
    }
  });

  it('read the files of their own repository', () => {
    put('checkout/vars.env', 'A=1\n');
    put('checkout/.env', 'TAG=7\n');
    put('checkout/base.yaml', 'services: {base: {image: "x:$TAG"}}\n');
    put(
      'checkout/compose.yaml',
      'services:\n  a: {extends: {file: base.yaml, service: base}, env_file: vars.env, volumes: ["./d:/d"]}\n',
    );
    const { project, diagnostics } = load(including);
    expect(diagnostics).to.deep.equal([]);
    expect(project?.services.a?.image).to.equal('x:7');
    expect(project?.services.a?.environment).to.deep.equal({ A: '1' });
    expect(project?.services.a?.volumes?.[0]?.source).to.equal(join(checkout, 'd'));
    put('checkout/compose.yaml', 'services: {a: {image: y, env_file: vars.env}}\n');
    expect(load(extending).project?.services.a?.environment).to.deep.equal({ A: '1' });
  });

  for (const [what, service] of [
    ['env_file', 'env_file: ../secret.env'],
    ['env_file in the long form', 'env_file: [{path: ../secret.env, required: false}]'],
    ['an absolute env_file', 'env_file: /etc/hostname'],
    ['a path from the home folder', 'env_file: ~/secret.env'],
    ['label_file', 'label_file: ../secret.env'],
    ['extends', 'extends: {file: ../local/compose.yaml, service: a}'],
    ['a build context', 'build: ..'],
    ['a Dockerfile', 'build: {context: ., dockerfile: ../Dockerfile}'],
    ['another build context', 'build: {context: ., additional_contexts: {b: /etc}}'],
    ['an SSH key', 'build: {context: ., ssh: [k=/root/.ssh/id_rsa]}'],
    ['a bind mount', 'volumes: ["/:/host"]'],
    ['a bind mount in the long form', 'volumes: [{type: bind, source: .., target: /h}]'],
    ['a watched folder', 'develop: {watch: [{action: rebuild, path: ..}]}'],
    ['a symbolic link', 'env_file: link.env'],
    ['a folder that is a symbolic link', 'env_file: up/secret.env'],
    ['two slashes', 'volumes: ["//etc:/host"]'],
  ] as const) {
    it(`cannot lead out by ${what}`, () => {
      put('checkout/compose.yaml', `services:\n  a:\n    image: x\n    ${service}\n`);
      symlinkSync('../secret.env', join(checkout, 'link.env'));
      symlinkSync('..', join(checkout, 'up'));
      for (const text of [including, extending]) {
        const { project, diagnostics } = load(text);
        expect(project, text).to.equal(undefined);
        expect(
          diagnostics.map(({ code }) => code),
          text,
        ).to.include('COMPOSE_REMOTE_CONFINED');
      }
    });
  }

  for (const [what, text] of [
    ['a config', 'configs: {c: {file: ../secret.env}}'],
    ['a secret', 'secrets: {c: {file: /etc/shadow}}'],
    ['a volume', 'volumes: {v: {driver: local, driver_opts: {o: bind, type: none, device: /etc}}}'],
    ['a volume with options', 'volumes: {v: {driver_opts: {o: "rbind,ro", device: /etc}}}'],
    ['include', 'include: [../local/other.yaml]'],
    ['include with a folder', 'include: [{path: more.yaml, project_directory: ..}]'],
    ['include with variables', 'include: [{path: more.yaml, env_file: ../secret.env}]'],
    ['another repository', 'include: ["git://h/b.git"]'],
  ] as const) {
    it(`cannot lead out by ${what}`, () => {
      put('local/other.yaml', 'services: {b: {image: x}}\n');
      put('checkout/more.yaml', 'services: {b: {image: x}}\n');
      put('checkout/compose.yaml', `services: {a: {image: x}}\n${text}\n`);
      const { project, diagnostics } = load(including);
      expect(project).to.equal(undefined);
      expect(diagnostics.map(({ code }) => code)).to.deep.equal(['COMPOSE_REMOTE_CONFINED']);
    });
  }

  it('cannot be links themselves, nor have a .env that is one', () => {
    put('local/other.yaml', 'services: {a: {image: x}}\n');
    mkdirSync(checkout);
    symlinkSync('../local/other.yaml', join(checkout, 'compose.yaml'));
    expect(findingsOf(load(including))[0]).to.include('COMPOSE_REMOTE_CONFINED');
    rmSync(join(checkout, 'compose.yaml'));
    put('checkout/compose.yaml', 'services: {a: {image: "x:$TOKEN"}}\n');
    symlinkSync('../secret.env', join(checkout, '.env'));
    expect(findingsOf(load(including))[0]).to.include('COMPOSE_REMOTE_CONFINED');
  });
});

/** Serves a folder's files, the simplest server that git takes; its own process, as loading waits for git. */
const fileServer = `
  const { createServer } = require('node:http');
  const { readFileSync } = require('node:fs');
  createServer(({ url }, response) => {
    try {
      response.end(readFileSync(process.argv[1] + url.split('?')[0].replace('/a.git', '')));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

describe('gitRemoteFiles', function () {
  this.timeout(20_000);
  let folder: string;
  let server: ChildProcess;
  let address: string;
  let first: string;
  let second: string;

  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      cwd: join(folder, 'work'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();

  function commit(tag: string): string {
    writeFileSync(join(folder, 'work/compose.yaml'), `services: {a: {image: "x:${tag}"}}\n`);
    git('add', '.');
    git('commit', '-qm', tag);
    git('update-server-info');
    return git('rev-parse', 'HEAD');
  }

  function load(fragment: string): DetailedLoadResult {
    writeFileSync(join(folder, 'compose.yaml'), `include: ["${address}${fragment}"]\n`);
    return loadProjectDetailed({
      cwd: folder,
      env: {},
      reader: systemFileReader,
      remote: gitRemoteFiles(join(folder, 'cache'), { PATH: process.env.PATH }),
    });
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-git-'));
    mkdirSync(join(folder, 'work'));
    git('init', '-q', '-b', 'main');
    first = commit('1');
    git('tag', 'v1');
    second = commit('2');
    server = spawn(process.execPath, ['-e', fileServer, join(folder, 'work/.git')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = await once(server.stdout as NodeJS.ReadableStream, 'data');
    address = `http://127.0.0.1:${String(port).trim()}/a.git`;
  });
  after(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fetches the newest commit and shows which it is', () => {
    const result = load('');
    expect(findingsOf(result)).to.deep.equal([
      `warning COMPOSE_REMOTE_UNPINNED 1:11 "${address}" is at commit ${second}`,
    ]);
    expect(result.project?.services.a?.image).to.equal('x:2');
  });

  it('fetches a branch, a tag and a file by its path', () => {
    expect(load('#main').project?.services.a?.image).to.equal('x:2');
    expect(load('#v1').project?.services.a?.image).to.equal('x:1');
    expect(load('#v1:compose.yaml').project?.services.a?.image).to.equal('x:1');
  });

  it('says nothing of a pinned commit, and has it without the server the next time', () => {
    const result = load(`#${first}`);
    expect(result.diagnostics).to.deep.equal([]);
    expect(result.project?.services.a?.image).to.equal('x:1');
    rmSync(join(folder, 'work/.git/info/refs'));
    expect(load(`#${first}`).project?.services.a?.image).to.equal('x:1');
    git('update-server-info');
  });

  it('reports what cannot be fetched', () => {
    const [unknown] = load('#nothing').diagnostics;
    expect(unknown?.code).to.equal('COMPOSE_REMOTE_UNREACHABLE');
    expect(unknown?.message).to.include(`cannot fetch "${address}#nothing"`);
    expect(load('#v1:none.yaml').diagnostics.map(({ code }) => code)).to.deep.equal([
      'COMPOSE_FILE_NOT_FOUND',
    ]);
  });
});
