import { expect } from 'chai';
import { execCommand } from '../../../src/cli/commands/exec.ts';
import { upCommand } from '../../../src/cli/commands/up.ts';
import { globalFlags, readGlobalOptions } from '../../../src/cli/global-flags.ts';
import { parseArguments, parseGlobalFlags } from '../../../src/cli/parse-flags.ts';
import { isAppError } from '../../../src/core/index.ts';

function parse(command: Parameters<typeof parseArguments>[0], argv: string[]) {
  const parsed = parseArguments(command, 'compose', argv);
  if ('help' in parsed) throw new Error('help was not asked for');
  return parsed;
}

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('parsing a command line', () => {
  it('takes flags before, between and behind the services', () => {
    const { args, flags } = parse(upCommand, [
      '-d',
      'web',
      '--scale',
      'web=2',
      'db',
      '--scale=db=3',
    ]);
    expect(args).to.deep.equal(['web', 'db']);
    expect(flags).to.include({ detach: true, recreate: true, deps: true });
    expect(flags.scale).to.deep.equal(['web=2', 'db=3']);
  });

  it('takes Docker’s --flag=false and --flag=true', () => {
    expect(parse(upCommand, ['--detach=true', '--wait=false']).flags).to.include({ detach: true });
    expect(parse(upCommand, ['--wait=false']).flags).to.not.have.property('wait');
  });

  it('keeps the no- switches apart from their value flags', () => {
    const { flags } = parse(upCommand, [
      '--no-attach',
      'db',
      '--attach',
      'web',
      '--no-deps',
      '--no-color',
    ]);
    expect(flags).to.deep.include({ noAttach: ['db'], attach: ['web'], deps: false, color: false });
  });

  it('leaves everything behind the service of exec alone', () => {
    const { args, flags } = parse(execCommand, ['-T', 'web', 'ls', '-l', '--help']);
    expect(args).to.deep.equal(['web', 'ls', '-l', '--help']);
    expect(flags.tty).to.equal(false);
  });

  it('takes the word behind --trace for a file where it looks like one, else for a service', () => {
    expect(parse(upCommand, ['--trace', 'web']).flags.trace).to.equal('');
    expect(parse(upCommand, ['--trace', 'web']).args).to.deep.equal(['web']);
    expect(parse(upCommand, ['--trace', '-d']).flags).to.include({ trace: '', detach: true });
    for (const words of [
      ['--trace', 'up.json', 'web'],
      ['web', '--trace=up.json'],
    ]) {
      const { args, flags } = parse(upCommand, words);
      expect({ args, trace: flags.trace }).to.deep.equal({ args: ['web'], trace: 'up.json' });
    }
    expect(parse(upCommand, ['--', '--trace']).args).to.deep.equal(['--trace']);
    expect(parse(upCommand, ['web']).flags.trace).to.equal(undefined);
  });

  it('names the nearest flag for one that does not exist', () => {
    const error = failureOf(() => parse(upCommand, ['--detatch']));
    expect(isAppError(error, 'CLI_FLAG_UNKNOWN')).to.equal(true);
    expect(error).to.include({ message: 'unknown flag: --detatch' });
    expect(isAppError(error) && error.hint).to.match(/Did you mean --detach\?/);
  });

  it('refuses a number that is none', () => {
    const error = failureOf(() => parse(upCommand, ['-t', 'soon']));
    expect(isAppError(error, 'CLI_USAGE')).to.equal(true);
  });

  it('answers --help with usage and flags', () => {
    const parsed = parseArguments(upCommand, 'compose', ['--help']);
    expect('help' in parsed && parsed.help).to.include('Usage: compose up [OPTIONS] [SERVICE...]');
    expect('help' in parsed && parsed.help).to.include('--force-recreate');
  });

  it('stops at the command name when it reads global flags', () => {
    const { flags, rest } = parseGlobalFlags('compose', globalFlags, [
      '-f',
      'a.yaml',
      '-f',
      'b.yaml',
      '-p',
      'x',
      'up',
      '-d',
      '-f',
    ]);
    expect(flags).to.deep.include({ file: ['a.yaml', 'b.yaml'], projectName: 'x' });
    expect(rest).to.deep.equal(['up', '-d', '-f']);
  });

  it('reads the COMPOSE_ variables, flags first', () => {
    const env = {
      COMPOSE_FILE: 'a.yaml:b.yaml',
      COMPOSE_PROJECT_NAME: 'env',
      COMPOSE_PROGRESS: 'plain',
      COMPOSE_PARALLEL_LIMIT: '3',
    };
    expect(readGlobalOptions({}, env)).to.deep.include({
      files: ['a.yaml', 'b.yaml'],
      projectName: 'env',
      progress: 'plain',
      parallel: 3,
    });
    expect(readGlobalOptions({ projectName: 'flag', file: ['c.yaml'] }, env)).to.deep.include({
      projectName: 'flag',
      files: ['c.yaml'],
    });
  });

  it('refuses a variable with a value that means nothing', () => {
    const error = failureOf(() => readGlobalOptions({}, { COMPOSE_ANSI: 'rainbow' }));
    expect(error).to.include({ message: 'COMPOSE_ANSI: "rainbow" is none of never, always, auto' });
  });
});
