import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { type AppError, isAppError } from '../../../src/core/index.ts';
import { NativeClient } from '../../../src/runtime/index.ts';

const binary = resolve('native/build/coracle-runtime');

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('NativeClient', () => {
  it('says that the program cannot be run, and tries again at the next request', async () => {
    await using client = new NativeClient('/nowhere/coracle-runtime');
    for (let i = 0; i < 2; i++) {
      const error = await failureOf(client.request('hello', { version: 1 }));
      expect(isAppError(error, 'NATIVE_BINARY_UNUSABLE')).to.equal(true);
      expect((error as Error).message).to.include('/nowhere/coracle-runtime');
    }
  });

  it('rejects every open request when its child dies', async () => {
    await using client = new NativeClient('/bin/false');
    const errors = await Promise.all([
      failureOf(client.request('hello', { version: 1 })),
      failureOf(client.request('tree.remove', { path: '/nowhere' })),
    ]);
    for (const error of errors) expect(isAppError(error, 'NATIVE_CLIENT_DIED')).to.equal(true);
  });

  it('refuses a request that no frame can hold, without asking', async () => {
    await using client = new NativeClient('/nowhere/coracle-runtime');
    const error = await failureOf(client.request('tree.remove', { path: 'x'.repeat(2 ** 20) }));
    expect(isAppError(error, 'NATIVE_FAILED')).to.equal(true);
  });

  describe('with the real program', () => {
    before(function () {
      if (!existsSync(binary)) {
        console.log('      skipped: needs the native program (npm run build:native)');
        this.skip();
      }
    });

    it('speaks version 1 and refuses another', async () => {
      await using client = new NativeClient(binary);
      const hello = await client.request('hello', { version: 1 });
      expect(hello)
        .to.include({ version: 1 })
        .and.have.property('cgroup')
        .that.matches(/^v[12]$/);
      const error = await failureOf(client.request('hello', { version: 2 } as never));
      expect((error as AppError).details).to.include({ op: 'hello', errnoName: 'EPROTO' });
    });

    it('answers many requests at once, each with its own answer', async () => {
      await using client = new NativeClient(binary);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          i % 2 === 0
            ? client.request('hello', { version: 1 })
            : failureOf(client.control(`/nowhere/${i}`, { op: 'state' })),
        ),
      );
      answers.forEach((answer, i) => {
        if (i % 2 === 0) expect(answer).to.have.property('version', 1);
        else expect((answer as AppError).details).to.include({ path: `/nowhere/${i}` });
      });
    });

    it('has unknown operations and fields refused', async () => {
      await using client = new NativeClient(binary);
      const error = await failureOf(client.request('nope' as 'hello', { version: 1 }));
      expect((error as Error).message).to.include('unknown operation');
      const field = await failureOf(client.request('hello', { version: 1, more: true } as never));
      expect((field as Error).message).to.include('unknown field "more"');
    });

    it('starts anew after it was closed', async () => {
      await using client = new NativeClient(binary);
      await client.request('hello', { version: 1 });
      await client.close();
      expect(await client.request('hello', { version: 1 })).to.have.property('version', 1);
    });
  });
});
