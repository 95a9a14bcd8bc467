/** What BuildKit does where several answers would make sense; each was looked at in an image that Docker 28 built of the same file. */
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { imageHistory } from '../../../src/image/index.ts';
import { image as base } from '../engine/engine-lab.ts';
import { BuildLab } from './build-lab.ts';

describe('a build, beside BuildKit', () => {
  let lab: BuildLab;
  beforeEach(async () => {
    lab = new BuildLab();
    await lab.open();
  });
  afterEach(async () => {
    await lab.expectClean();
    await lab.close();
  });

  it('copies what is in a folder, and makes the folder itself anew', async () => {
    const made = 'RUN mkdir /s && chown 33:33 /s && chmod 2750 /s && echo x > /s/f';
    await lab.build(
      [
        `FROM ${base} AS b`,
        made,
        `FROM ${base}`,
        'COPY --from=b /s /new',
        'COPY --from=b --chown=3 /s /own',
      ].join('\n'),
    );
    expect(await lab.outputOf('stat', '-c', '%n %u:%g %a', '/new', '/own')).to.equal(
      '/new 0:0 755\n/own 3:3 755\n',
    );
  });

  it('writes through a link at the full path of a file, and replaces one inside a folder', async () => {
    await lab.build(
      [
        `FROM ${base}`,
        'RUN mkdir /d /t && echo old > /t/f && ln -s /t/f /d/f && ln -s /t/f /l && ln -s no/where /dangling',
        'COPY f /l',
        'COPY f /dangling',
        'RUN test "$(cat /t/f)" = new && test -L /l && test "$(cat /no/where)" = new && echo old > /t/f',
        'COPY f /d/',
        'RUN test "$(cat /t/f)" = old && test ! -L /d/f',
      ].join('\n'),
      { f: 'new\n' },
    );
  });

  it('never leads a link at a file’s path out of the image', async () => {
    await lab.build(
      `FROM ${base}\nRUN ln -s ../../../../../../coracle-escaped /l\nCOPY f /l\nRUN cat /coracle-escaped\n`,
      { f: 'inside\n' },
    );
    const error = await lab.failure(
      'BUILD_COPY_FAILED',
      lab.build(`FROM ${base}\nRUN ln -s /b /a && ln -s /a /b\nCOPY f /a\n`, { f: 'x' }),
    );
    expect(error.message).to.include('ELOOP');
  });

  it('keeps hard links within one source, and not between two', async () => {
    const folder = lab.context({ 'x/a': '1' });
    linkSync(join(folder, 'x/a'), join(folder, 'x/b'));
    await lab.build(`FROM ${base}\nCOPY x /x\nCOPY x/a x/b /y/\n`, folder);
    expect(await lab.outputOf('stat', '-c', '%h', '/x/a', '/y/a')).to.equal('2\n1\n');
  });

  it('copies what is compressed and no archive as it is, and leaves an archive’s modes alone', async () => {
    const folder = lab.context({ 't/x': 'x' });
    chmodSync(join(folder, 't/x'), 0o640);
    writeFileSync(join(folder, 'one.gz'), gzipSync('no archive'));
    const tar = ['-C', join(folder, 't'), '--format=v7', '-cf', join(folder, 'old.tar'), 'x'];
    execFileSync('tar', tar);
    await lab.build(
      `FROM ${base}\nADD one.gz /one.gz\nADD --chmod=777 old.tar /old\nRUN test "$(zcat /one.gz)" = "no archive"\n`,
      folder,
    );
    expect(await lab.outputOf('stat', '-c', '%a', '/old/x')).to.equal('640\n');
    const error = await lab.failure(
      'BUILD_DOCKERFILE_INVALID',
      lab.build(`FROM ${base}\nADD --checksum=sha256:00 one.gz /\n`, folder),
    );
    expect(error.message).to.equal('checksum requires HTTP(S) or Git sources');
  });

  it('lets the later one of ENV and ARG win, and hands arguments on to stages', async () => {
    const { output } = await lab.build(
      [
        `FROM ${base} AS one`,
        'ARG A=given B=1',
        'ENV B=env',
        'RUN echo $A $B',
        'ARG B=late',
        'RUN echo $A $B',
        'FROM one',
        'RUN echo third $A $B',
      ].join('\n'),
      {},
      { args: { A: 'cli' } },
    );
    expect(output).to.equal('cli env\ncli late\nthird cli env\n');
    const texts = inspectHistory(lab);
    expect(texts).to.include('ARG A=cli B=1').and.to.include('ENV B=env');
    expect(texts.at(-1)).to.equal('RUN |2 A=cli B=env /bin/sh -c echo third $A $B');
  });

  it('gives a step the variables of its Dockerfile and no others, proxies in both spellings', async () => {
    const { output } = await lab.build(
      `FROM ${base}\nRUN env | cut -d= -f1 | sort | tr '\\n' ' '\n`,
      {},
      { args: { https_proxy: 'http://proxy:1' } },
    );
    expect(output.trim()).to.equal('HOME HTTPS_PROXY LAB PATH PWD SHLVL https_proxy');
  });

  it('keeps carriage returns inside a heredoc alone', async () => {
    const { output } = await lab.build(
      `FROM ${base}\r\nCOPY <<E /h\r\nline\r\nE\r\nRUN od -c /h \\\r\n  | head -1\r\n`,
    );
    expect(output).to.include('\\r').and.to.include('l   i   n   e');
  });
});

/** From the oldest on. */
function inspectHistory({ roots }: BuildLab): string[] {
  return imageHistory(roots, 'lab/built')
    .map(({ createdBy }) => createdBy)
    .reverse();
}
