/** Completion in the shells themselves, on a project of services that have never been started. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeProgram, coracleProgram } from '../support/command.ts';

const FILE = `
services:
  web: {image: "nginx:1", depends_on: [db]}
  db: {image: mariadb}
`;

/** Calls the registered function as readline would, and prints what it leaves. */
const BASH = `
source <(compose completion bash)
source <(coracle completion bash)
compopt() { :; }
COMP_LINE=$1 COMP_POINT=\${#1}
line=\${1//[=:]/ & }
read -ra COMP_WORDS <<<"$line"
[[ $1 == *[\\ =:] ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_coracle_\${COMP_WORDS[0]}
printf '%s\\n' "\${COMPREPLY[@]}"
`;

describe('shell completion', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-completion-'));
    writeFileSync(join(folder, 'compose.yaml'), FILE);
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'sub'));
    for (const [name, program] of Object.entries({
      compose: composeProgram,
      coracle: coracleProgram,
    })) {
      writeFileSync(
        join(folder, 'bin', name),
        `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
      );
      chmodSync(join(folder, 'bin', name), 0o755);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  function shell(name: string, args: readonly string[]): string[] {
    const { PATH } = process.env;
    const result = spawnSync(name, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${PATH}`, HOME: folder },
    });
    if (result.error !== undefined) throw result.error;
    expect(result.stderr).to.equal('');
    return result.stdout.split('\n').filter((line) => line !== '');
  }

  const bash = (line: string) => shell('bash', ['-c', BASH, 'bash', line]);

  it('completes commands, services, flags and values in bash', () => {
    expect(bash('compose dow')).to.deep.equal(['down']);
    expect(bash('compose up ')).to.have.members(['web', 'db']);
    expect(bash('compose up --no-d')).to.deep.equal(['--no-deps']);
    expect(bash('compose --ansi=n')).to.deep.equal(['never']);
    expect(bash('compose scale we')).to.deep.equal(['web=']);
    expect(bash('compose cp web:')).to.deep.equal([]);
    expect(bash('compose -f comp')).to.deep.equal(['compose.yaml']);
    expect(bash('compose --project-directory su')).to.deep.equal(['sub']);
    expect(bash('coracle image pru')).to.deep.equal(['prune']);
  });

  it('says nothing at a compose file with mistakes', () => {
    writeFileSync(join(folder, 'broken.yaml'), 'services: [');
    expect(bash('compose -f broken.yaml up ')).to.deep.equal([]);
  });

  it('completes in fish, with descriptions', function () {
    if (!isInstalled('fish')) return skip(this, 'fish');
    const fish = (line: string) =>
      shell('fish', ['-c', `compose completion fish | source; complete -C '${line}'`]);
    expect(fish('compose logs ')).to.have.members(['web\tnginx:1', 'db\tmariadb']);
    expect(fish('compose ps --forma')).to.deep.equal([
      '--format\ttable, table TEMPLATE, json or a Go template',
    ]);
  });

  it('completes in zsh', function () {
    if (!isInstalled('zsh')) return skip(this, 'zsh');
    // A zsh of its own behind a pseudo-terminal is typed into; what it lists is read.
    const script = `
zmodload zsh/zpty
zpty z zsh -f -i
typeset seen=
await() {
  local piece
  repeat 100; do
    while zpty -r -t z piece; do seen+=$piece; done
    [[ $seen == *$1* ]] && return
    sleep 0.1
  done
}
zpty -w z 'autoload -U compinit; compinit -u -D; source <(compose completion zsh)'
zpty -w z 'bindkey "^I" complete-word; echo rea""dy'
await ready
zpty -w -n z $'compose stop we\\t'
await 'stop web'
zpty -d z
print -r -- $seen
`;
    expect(shell('zsh', ['-f', '-c', script]).join('\n')).to.match(/stop web/);
  });
});

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

function skip(test: Mocha.Context, program: string): void {
  console.log(`      skipped: ${program} is not installed`);
  test.skip();
}
