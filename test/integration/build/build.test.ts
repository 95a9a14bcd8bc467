/** Builds that run for real: steps in containers, layers in the store. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectImage, resolveImage } from '../../../src/image/index.ts';
import { image as base } from '../engine/engine-lab.ts';
import { BuildLab } from './build-lab.ts';

describe('building an image', () => {
  let lab: BuildLab;
  beforeEach(async () => {
    lab = new BuildLab();
    await lab.open();
  });
  afterEach(async () => {
    expect(
      existsSync(join(lab.roots.data, 'build', 'work'))
        ? readdirSync(join(lab.roots.data, 'build', 'work'))
        : [],
      'work folders',
    ).to.deep.equal([]);
    await lab.expectClean();
    await lab.close();
  });

  it('runs stages, copies between them and keeps what is configured', async () => {
    await lab.build(
      [
        `FROM ${base} AS builder`,
        'ARG WHO=nobody',
        'WORKDIR /work',
        'COPY src ./',
        'RUN cat greeting > out && echo $WHO >> out',
        `FROM ${base} AS unused`,
        'RUN false',
        `FROM ${base}`,
        'ENV A=1 B="two words"',
        'COPY --from=builder /work/out /data/',
        'LABEL kind=test',
        'EXPOSE 80',
        'USER web',
        'ENTRYPOINT ["cat"]',
        'CMD ["/data/out"]',
      ].join('\n'),
      { 'src/greeting': 'hello\n' },
      { args: { WHO: 'world' } },
    );
    const { Config: config } = inspectImage(lab.roots, 'lab/built');
    expect(config.Env).to.include.members(['A=1', 'B=two words', 'LAB=1']);
    expect(config.Labels).to.deep.equal({ kind: 'test' });
    expect(config.User).to.equal('web');
    expect(config.Entrypoint).to.deep.equal(['cat']);
    expect(await lab.outputOf('/data/out')).to.equal('hello\nworld\n');
  });

  it('does again only what has changed, by contents and modes and not by times', async () => {
    const dockerfile = `FROM ${base}\nCOPY a /a\nRUN cat /a > /b\nCOPY c /c\n`;
    const folder = lab.context({ a: 'a', c: 'c' });
    const first = await lab.build(dockerfile, folder);
    expect(first.done).to.have.length(3);
    utimesSync(join(folder, 'a'), 1, 1);
    const same = await lab.build(dockerfile, folder);
    expect(same.done).to.deep.equal([]);
    expect(same.image.id).to.equal(first.image.id);
    writeFileSync(join(folder, 'c'), 'other');
    expect((await lab.build(dockerfile, folder)).done).to.deep.equal(['[4/4] COPY c /c']);
    chmodSync(join(folder, 'a'), 0o755);
    const changed = await lab.build(dockerfile, folder);
    expect(changed.done).to.have.length(3);
    expect((await lab.build(dockerfile, folder, { noCache: true })).done).to.have.length(3);
    expect((await lab.build(dockerfile, folder)).done).to.deep.equal([]);
  });

  it('makes layers whose archives have the digests that the image names', async () => {
    await lab.build(
      `FROM ${base}\nRUN mkdir /d && echo x > /d/f && ln /d/f /d/g && ln -s f /d/l && rm -r /seed\n`,
    );
    const info = inspectImage(lab.roots, 'lab/built');
    const diffId = info.RootFS?.Layers?.at(-1) ?? '';
    const blob = join(lab.roots.data, 'images/blobs/sha256', diffId.slice('sha256:'.length));
    const digest = createHash('sha256').update(readFileSync(blob)).digest('hex');
    expect(`sha256:${digest}`).to.equal(diffId);
    const listed = execFileSync('tar', ['-tvf', blob], { encoding: 'utf8' });
    expect(listed)
      .to.match(/d\/$/m)
      .and.to.match(/\.wh\.seed$/m);
    expect(listed).to.include('d/g link to d/f').and.to.include('d/l -> f');
    expect(await lab.outputOf('ls', '/d', '/seed')).to.include('/seed: No such file');
  });

  it('leaves no trace of mounts in the layer, and none of secrets anywhere', async () => {
    const { output } = await lab.build(
      [
        `FROM ${base}`,
        'RUN --mount=type=cache,target=/cache --mount=type=bind,source=in,target=/in \\',
        '  --mount=type=secret,id=token --mount=type=tmpfs,target=/scratch --mount=type=secret,id=key,env=KEY \\',
        '  cat /in/x /run/secrets/token && echo kept >> /cache/log && touch /scratch/y && echo "$KEY" && wc -l < /cache/log',
      ].join('\n'),
      { 'in/x': 'bound\n', 'in/no': 'ignored', '.dockerignore': '**/no\n' },
      {
        secrets: {
          token: { kind: 'value', value: 'secret-token\n' },
          key: { kind: 'value', value: 'secret-key' },
        },
      },
    );
    expect(output).to.equal('bound\nsecret-token\nsecret-key\n1\n');
    expect(resolveImage(lab.roots, 'lab/built').layerPaths).to.have.length(1);
    const { stdout } = spawnSync('grep', ['-rl', 'secret-', lab.roots.data, lab.roots.run]);
    expect(stdout.toString()).to.equal('');
  });

  it('keeps a cache mount from build to build', async () => {
    const step =
      'RUN --mount=type=cache,id=lab,target=/cache echo x >> /cache/log && wc -l < /cache/log';
    const first = await lab.build(`FROM ${base}\n${step}\n`);
    const second = await lab.build(`FROM ${base}\n${step}\n`, {}, { noCache: true });
    expect([first.output, second.output]).to.deep.equal(['1\n', '2\n']);
  });

  it('never follows a link out of the context or out of the image', async () => {
    const files = { out: '-> /etc', 'a/up': '-> ../../../../etc/passwd', file: 'x' };
    await lab.failure(
      'BUILD_SOURCE_MISSING',
      lab.build(`FROM ${base}\nCOPY out/hostname /x\n`, files),
    );
    await lab.failure('BUILD_SOURCE_MISSING', lab.build(`FROM ${base}\nCOPY a/up /x\n`, files));
    const marker = join(lab.folder, 'host');
    await lab.build(
      `FROM ${base}\nRUN ln -s ${marker} /esc && ln -s ../../../../../tmp /up\nCOPY file /esc/\nCOPY file /up/here/\n`,
      files,
    );
    expect(existsSync(marker)).to.equal(false);
    expect(await lab.outputOf('cat', `${marker}/file`, '/tmp/here/file')).to.equal('xx\n');
  });

  it('shows a failed step with its place, its output and its exit code', async () => {
    const error = await lab.failure(
      'BUILD_STEP_FAILED',
      lab.build(`FROM ${base}\n\nRUN echo one && \\\n  exit 7\n`),
    );
    expect(error.details.range).to.deep.include({
      file: 'Dockerfile',
      start: { line: 3, column: 1 },
    });
    expect(error.details.log).to.equal('one\n');
    expect(error.details.stepExitCode).to.equal(7);
    expect(error.message).to.include('exit code: 7');
  });

  it('unpacks local archives, and gives files the owners that are asked for', async () => {
    const folder = lab.context({ 't/x': 'x', plain: 'p' });
    execFileSync('tar', [
      '-C',
      join(folder, 't'),
      '--owner=33',
      '--group=33',
      '-czf',
      join(folder, 't.tgz'),
      'x',
    ]);
    await lab.build(
      `FROM ${base}\nADD t.tgz /unpacked/\nCOPY --chown=web:33 --chmod=u=rw,go= plain /owned\nCOPY --parents t/x /p/\n`,
      folder,
    );
    expect(
      await lab.outputOf('stat', '-c', '%n %u:%g %a', '/unpacked/x', '/owned', '/p/t/x'),
    ).to.equal('/unpacked/x 33:33 644\n/owned 33:33 600\n/p/t/x 0:0 644\n');
  });

  it('takes heredocs as scripts and as files', async () => {
    const { output } = await lab.build(
      [
        `FROM ${base}`,
        'ENV NAME=paddle',
        'RUN <<EOF',
        'echo first',
        'echo second',
        'EOF',
        'RUN <<-"SCRIPT"',
        '\t#!/bin/busybox cat',
        '\tthird $NAME',
        '\tSCRIPT',
        'COPY <<one <<"two" /etc/made/',
        'expanded $NAME',
        'one',
        'kept $NAME',
        'two',
      ].join('\n'),
    );
    expect(output).to.equal('first\nsecond\n#!/bin/busybox cat\nthird $NAME\n');
    expect(await lab.outputOf('cat', '/etc/made/one', '/etc/made/two')).to.equal(
      'expanded paddle\nkept $NAME\n',
    );
  });

  it('runs the triggers of a base image, once', async () => {
    await lab.build(`FROM ${base}\nONBUILD RUN echo triggered > /t\n`, {}, { tags: ['lab/base'] });
    await lab.build('FROM lab/base\nRUN cat /t\n');
    expect(inspectImage(lab.roots, 'lab/built').Config).to.not.have.property('OnBuild');
    expect(await lab.outputOf('cat', '/t')).to.equal('triggered\n');
  });

  it('builds from nothing, and stages side by side', async () => {
    const { done } = await lab.build(
      [
        `FROM ${base} AS a`,
        'RUN --network=none echo a > /a',
        `FROM ${base} AS b`,
        'RUN --network=none echo b > /b',
        'FROM scratch',
        'COPY --link --from=a /a /',
        'COPY --link --from=b /b /x/',
      ].join('\n'),
    );
    expect(done).to.have.length(4);
    expect(lab.topLayer()).to.deep.equal(['x', 'x/b']);
    expect(resolveImage(lab.roots, 'lab/built').layerPaths).to.have.length(2);
  });

  it('refuses what a step may not do unless it is allowed', async () => {
    const insecure = `FROM ${base}\nRUN --security=insecure mount -t tmpfs none /tmp\n`;
    await lab.failure('BUILD_NOT_ALLOWED', lab.build(insecure));
    await lab.build(insecure, {}, { entitlements: new Set(['security.insecure']) });
    await lab.failure(
      'BUILD_STEP_FAILED',
      lab.build(`FROM ${base}\nRUN mount -t tmpfs none /tmp\n`),
    );
    await lab.failure('BUILD_NOT_ALLOWED', lab.build(`FROM ${base}\nRUN --network=host true\n`));
  });

  it('ends at once when it is interrupted', async () => {
    const abort = new AbortController();
    const build = lab.build(
      `FROM ${base}\nRUN echo up && sleep 1000\n`,
      {},
      {
        signal: abort.signal,
        onProgress: ({ kind }) => {
          if (kind === 'output') abort.abort();
        },
      },
    );
    const error = await build.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect((error as Error).name).to.equal('AbortError');
  });
});
