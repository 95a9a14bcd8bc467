import { expect } from 'chai';
import { isNativeFailure, nativeError } from '../../../src/runtime/index.ts';

const failure = (errnoName: string, op: string, path = '/x') => ({
  stage: 'init',
  op,
  path,
  errno: 1,
  errnoName,
  message: 'it did not work',
});

describe('nativeError', () => {
  it('names step, path, reason and errno', () => {
    const error = nativeError(failure('EPERM', 'mount', '/proc'));
    expect(error.message).to.equal('mount: /proc: it did not work (EPERM)');
    expect(error.code).to.equal('NATIVE_FAILED');
    expect(error.hint).to.include('root');
    expect(error.details).to.include({ stage: 'init', errnoName: 'EPERM' });
  });

  it('knows a command that is missing or not executable by its exit code', () => {
    expect(nativeError(failure('ENOENT', 'execve'))).to.include({
      code: 'NATIVE_COMMAND_NOT_FOUND',
      exitCode: 127,
    });
    expect(nativeError(failure('EACCES', 'execve'))).to.include({
      code: 'NATIVE_COMMAND_NOT_EXECUTABLE',
      exitCode: 126,
    });
  });

  it('knows a container that does not run', () => {
    expect(nativeError(failure('ENOENT', 'connect')).code).to.equal('NATIVE_NOT_RUNNING');
  });

  it('tells a failure from other data', () => {
    expect(isNativeFailure(failure('EPERM', 'mount'))).to.equal(true);
    expect(isNativeFailure({ ok: {} })).to.equal(false);
    expect(isNativeFailure(null)).to.equal(false);
  });
});
