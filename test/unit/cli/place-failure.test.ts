import { expect } from 'chai';
import type { CommandContext } from '../../../src/cli/context.ts';
import { placeFailure } from '../../../src/cli/place-failure.ts';
import type { Operation } from '../../../src/compose/plan/index.ts';
import { AppError, isAppError, type SourceRange } from '../../../src/core/index.ts';
import { makeProject } from '../../support/plan-fixture.ts';

type Origins = Awaited<ReturnType<CommandContext['load']>>['origins'];

const operation: Operation = {
  id: '#1',
  resource: { kind: 'Container', name: 'todo-web-1' },
  service: 'web',
  action: { kind: 'startContainer', container: 'todo-web-1' },
  cause: 'just created',
  needs: [],
};

/** The path that a failure was traced to; the file's text plays no part. */
function blamed(service: object, error: Error): unknown {
  const origin = (path: string) => ({ file: path }) as unknown as SourceRange;
  const loaded = { project: makeProject({ web: service }), origins: { origin } as Origins };
  const placed = placeFailure(loaded, { operation, error });
  return isAppError(placed) ? (placed.details.range as { file: string } | undefined)?.file : placed;
}

describe('placeFailure', () => {
  const ports = [
    { target: 53, published: '8080', protocol: 'udp' },
    { target: 80, published: '8079-8081', protocol: 'tcp' },
  ];
  const taken = (hostPort: number) =>
    new AppError('PORT_ALREADY_ALLOCATED', 'taken', { details: { protocol: 'tcp', hostPort } });

  it('blames the port that is taken, with its protocol and as part of a range', () => {
    expect(blamed({ ports }, taken(8080))).to.equal('services.web.ports.1');
  });

  it('blames no port that the service does not publish', () => {
    expect(blamed({ ports }, taken(9000))).to.equal(undefined);
  });

  it('blames what gave the command that is not in the image', () => {
    const missing = new AppError('NATIVE_COMMAND_NOT_FOUND', 'not found');
    expect(blamed({ entrypoint: ['a'], command: ['b'] }, missing)).to.equal(
      'services.web.entrypoint',
    );
    expect(blamed({ command: ['b'] }, missing)).to.equal('services.web.command');
    expect(blamed({}, missing)).to.equal('services.web.image');
  });

  it('leaves other errors as they are', () => {
    const other = new Error('other');
    expect(blamed({}, other)).to.equal(other);
  });
});
