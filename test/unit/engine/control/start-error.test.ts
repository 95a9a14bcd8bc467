import { expect } from 'chai';
import { AppError } from '../../../../src/core/index.ts';
import { startError } from '../../../../src/engine/control/start-error.ts';
import { nativeError } from '../../../../src/runtime/index.ts';
import { candidate } from '../observe/container-fixture.ts';

describe('the failure of a start', () => {
  const { record } = candidate();
  const none = () => undefined;
  const native = (op: string, errnoName: string, path = '') =>
    nativeError({ stage: 'init', op, path, errno: 1, errnoName, message: 'it failed' });

  it('is named as Docker names it, with its exit code', () => {
    expect(startError(native('execve', 'ENOENT'), record, none)).to.deep.include({
      code: 'NATIVE_COMMAND_NOT_FOUND',
      exitCode: 127,
      message: 'cannot start container todo-web-1: exec: "sh": executable file not found in $PATH',
    });
    expect(startError(native('execve', 'EACCES'), record, none)).to.deep.include({
      code: 'NATIVE_COMMAND_NOT_EXECUTABLE',
      exitCode: 126,
      message: 'cannot start container todo-web-1: exec: "sh": it failed',
    });
    expect(startError(native('pipe2', 'EMFILE'), record, none)).to.include({
      code: 'HOST_FILES_EXHAUSTED',
      exitCode: 125,
      message: 'cannot start container todo-web-1: pipe2: it failed (EMFILE)',
    });
    const other = startError(native('mount', 'ENOENT', '/srv/x'), record, none);
    expect(other).to.include({ code: 'ENGINE_START_FAILED', exitCode: 125 });
    expect((other as Error).message).to.match(/^cannot start container todo-web-1: .*\/srv\/x/);
  });

  it('says who holds a port', () => {
    const taken = new AppError('PORT_ALREADY_ALLOCATED', 'port 3000 is in use by x', {
      hint: 'stop x',
    });
    const asked: string[] = [];
    const error = startError(native('bind', 'EADDRINUSE', 'tcp/0.0.0.0:3000'), record, (place) => {
      asked.push(place);
      return taken;
    });
    expect(asked).to.deep.equal(['tcp/0.0.0.0:3000']);
    expect(error).to.deep.include({
      message: 'cannot start container todo-web-1: port 3000 is in use by x',
      hint: 'stop x',
      exitCode: 125,
    });
  });

  it('is left alone where it is not the native side that failed', () => {
    const mistake = new TypeError('ours');
    expect(startError(mistake, record, none)).to.equal(mistake);
    const died = new AppError('NATIVE_CLIENT_DIED', 'x');
    expect(startError(died, record, none)).to.equal(died);
  });
});
