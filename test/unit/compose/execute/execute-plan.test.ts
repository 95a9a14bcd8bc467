import { expect } from 'chai';
import { type ProgressEvent, planFailure } from '../../../../src/compose/execute/index.ts';
import { observeProject } from '../../../../src/compose/observe/index.ts';
import { type Plan, planDown } from '../../../../src/compose/plan/index.ts';
import { isAppError } from '../../../../src/core/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { bringUp, makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

const chain = makeProject({
  db: {},
  migrate: { depends_on: { db: { condition: 'service_healthy', required: true } } },
  web: { depends_on: { migrate: { condition: 'service_completed_successfully', required: true } } },
  other: {},
});

describe('executePlan', () => {
  let engine: FakeEngine;

  beforeEach(() => {
    engine = new FakeEngine();
    engine.addImage('tiny');
    engine.behave('todo-db-1', { health: 'healthy' });
    engine.behave('todo-migrate-1', { exitCode: 0 });
  });

  it('respects the order of the graph', async () => {
    const { plan } = await planUpOn(engine, chain);
    const { failures, skipped } = await runOn(engine, plan);

    expect(failures).to.deep.equal([]);
    expect(skipped).to.deep.equal([]);
    const order = [
      'create network todo_default',
      'create todo-db-1',
      'start todo-db-1',
      'health todo-db-1',
      'start todo-migrate-1',
      'start todo-web-1',
    ];
    expect(engine.calls.filter((call) => order.includes(call))).to.deep.equal(order);
  });

  it('runs side by side what does not depend on each other, up to the limit', async () => {
    const project = makeProject(Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, {}])));
    const { plan } = await planUpOn(engine, project);
    await runOn(engine, plan);
    expect(engine.peak).to.equal(4);

    const limited = new FakeEngine();
    limited.addImage('tiny');
    await runOn(limited, (await planUpOn(limited, project)).plan, { concurrency: 2 });
    expect(limited.peak).to.equal(2);
  });

  it('does not wait for itself with one slot', async () => {
    const { plan } = await planUpOn(engine, chain);
    const { failures } = await runOn(engine, plan, { concurrency: 1 });
    expect(failures).to.deep.equal([]);
    expect(engine.stateOf('todo-web-1')).to.equal('running');
  });

  it('stops the dependants of a failed operation and nothing else, wherever it fails', async () => {
    const { plan } = await planUpOn(engine, chain);
    const calls = plan.operations.map((operation) => callOf(operation));
    for (const [index, operation] of plan.operations.entries()) {
      const broken = new FakeEngine();
      broken.addImage('tiny');
      broken.behave('todo-db-1', { health: 'healthy' });
      broken.behave('todo-migrate-1', { exitCode: 0 });
      const call = calls[index];
      if (call === undefined) continue;
      broken.failAt(call);

      const outcome = await runOn(broken, plan);

      expect(
        outcome.failures.map((failure) => failure.operation.id),
        call,
      ).to.deep.equal([operation.id]);
      const expected = dependantsOf(plan, operation.id);
      expect(
        outcome.skipped.map(({ id }) => id),
        call,
      ).to.deep.equal(expected);
      expect(outcome.done, call).to.have.length(plan.operations.length - 1 - expected.length);
    }
  });

  it('shows the last log lines of a dependency that became unhealthy', async () => {
    engine.behave('todo-db-1', { health: 'unhealthy', log: ['starting', 'no space left'] });
    const { plan } = await planUpOn(engine, chain);
    const failure = planFailure(await runOn(engine, plan));

    expect(failure?.message).to.equal(
      'dependency failed to start: container todo-db-1 is unhealthy',
    );
    expect(isAppError(failure, 'PROJECT_DEPENDENCY_FAILED') && failure.details).to.deep.include({
      container: 'todo-db-1',
      logLines: ['starting', 'no space left'],
    });
  });

  it('names the exit code of a dependency that ended', async () => {
    engine.behave('todo-db-1', { exitCode: 1 });
    const { plan } = await planUpOn(engine, chain);
    expect(planFailure(await runOn(engine, plan))?.message).to.equal(
      'dependency failed to start: container todo-db-1 exited (1)',
    );
  });

  it('goes on behind an optional dependency that failed', async () => {
    engine.behave('todo-db-1', { health: 'unhealthy' });
    const project = makeProject({
      db: {},
      web: { depends_on: { db: { condition: 'service_healthy', required: false } } },
    });
    const { plan } = await planUpOn(engine, project);
    const events: ProgressEvent[] = [];
    const { failures } = await runOn(engine, plan, { onProgress: (event) => events.push(event) });

    expect(failures).to.deep.equal([]);
    expect(engine.stateOf('todo-web-1')).to.equal('running');
    expect(events.filter(({ state }) => state === 'warning').map(({ text }) => text)).to.deep.equal(
      ['optional dependency "db" failed to start'],
    );
  });

  it('goes on behind an optional dependency that cannot even be started', async () => {
    engine.failAt('start todo-db-1');
    for (const condition of ['service_started', 'service_healthy'] as const) {
      const project = makeProject({
        db: {},
        web: { depends_on: { db: { condition, required: false } } },
        worker: { depends_on: { web: { condition: 'service_started', required: true } } },
      });
      const { plan } = await planUpOn(engine, project);
      const { failures } = await runOn(engine, plan);
      expect(failures.map(({ operation }) => operation.resource.name)).to.deep.equal(['todo-db-1']);
      expect(engine.stateOf('todo-worker-1'), condition).to.equal('running');
      for (const name of engine.containerNames)
        await engine.getContainer(name).remove({ force: true });
    }
  });

  it('reports all failures when several operations fail', async () => {
    engine.failAt('start todo-db-1');
    engine.failAt('start todo-other-1');
    const { plan } = await planUpOn(engine, chain);
    const failure = planFailure(await runOn(engine, plan));

    expect(isAppError(failure, 'PROJECT_OPERATIONS_FAILED')).to.equal(true);
    expect(
      isAppError(failure) && (failure.details.errors as Error[]).map(({ message }) => message),
    ).to.have.members(['start todo-db-1 was made to fail', 'start todo-other-1 was made to fail']);
  });

  it('starts nothing new once it is aborted', async () => {
    const { plan } = await planUpOn(engine, chain);
    const aborted = new AbortController();
    const { skipped } = await runOn(engine, plan, {
      signal: aborted.signal,
      onProgress: ({ text }) => {
        if (text === 'Started') aborted.abort();
      },
    });
    expect(skipped.map(({ resource }) => resource.name)).to.include('todo-web-1');
    expect(engine.stateOf('todo-web-1')).to.equal('created');
  });

  it('gives up waiting for a condition when it is aborted', async () => {
    engine.waitHealth = () => new Promise(() => undefined);
    const { plan } = await planUpOn(engine, chain);
    const aborted = new AbortController();
    const running = runOn(engine, plan, {
      signal: aborted.signal,
      onProgress: ({ text }) => {
        if (text === 'Waiting') aborted.abort();
      },
    });
    const failure = planFailure(await running);
    expect(failure?.message).to.equal('interrupted while waiting for todo-db-1');
    expect(isAppError(failure) && failure.exitCode).to.equal(130);
  });

  it('leaves the old container running when the one that replaces it cannot be created', async () => {
    const before = makeProject({ web: { environment: { A: '1' } } });
    await bringUp(engine, before);
    const [{ Id: old } = { Id: '' }] = await engine.listContainers({ all: true });
    const { plan } = await planUpOn(engine, makeProject({ web: { environment: { A: '2' } } }));
    engine.failAt(`create ${old.slice(0, 12)}_todo-web-1`, new Error('no such mount source'));

    const { failures } = await runOn(engine, plan);

    expect(failures.map(({ error }) => (error as Error).message)).to.deep.equal([
      'no such mount source',
    ]);
    expect(engine.containerNames).to.deep.equal(['todo-web-1']);
    expect(engine.stateOf('todo-web-1')).to.equal('running');
    expect(engine.calls).to.not.include('stop todo-web-1');
  });

  it('leaves nothing of the rehearsal when a container is replaced', async () => {
    await bringUp(engine, makeProject({ web: { environment: { A: '1' } } }));
    const changed = makeProject({ web: { environment: { A: '2' } } });
    const { failures } = await runOn(engine, (await planUpOn(engine, changed)).plan);

    expect(failures).to.deep.equal([]);
    expect(engine.containerNames).to.deep.equal(['todo-web-1']);
    expect(engine.stateOf('todo-web-1')).to.equal('running');
  });

  it('does not take a container without a healthcheck for ready that ends right after its start', async () => {
    const { plan } = await planUpOn(engine, makeProject({ web: {} }), { wait: true });
    let crashed: Promise<unknown> | undefined;
    const crash = async () => {
      crashed ??= engine.getContainer('todo-web-1').kill();
      await crashed;
    };
    const { failures } = await runOn(engine, plan, { sleep: crash });

    expect(failures.map(({ error }) => (error as Error).message)).to.deep.equal([
      'container todo-web-1 exited (137)',
    ]);
  });

  it('tells progress in the words of Docker Compose', async () => {
    const { plan } = await planUpOn(engine, makeProject({ web: {} }));
    const lines: string[] = [];
    await runOn(engine, plan, {
      onProgress: ({ resource, text }) => lines.push(`${resource.kind} ${resource.name} ${text}`),
    });
    expect(lines).to.deep.equal([
      'Network todo_default Creating',
      'Network todo_default Created',
      'Container todo-web-1 Creating',
      'Container todo-web-1 Created',
      'Container todo-web-1 Starting',
      'Container todo-web-1 Started',
    ]);
  });

  it('takes a project down, dependants first, and leaves a network that others use', async () => {
    await bringUp(engine, chain);
    await engine.createContainer({
      name: 'stranger',
      Image: 'tiny',
      NetworkingConfig: { EndpointsConfig: { todo_default: {} } },
    });
    engine.calls.length = 0;
    const observed = await observeProject(engine, 'todo');
    const plan = planDown(observed, { project: 'todo', services: [], volumes: false, images: [] });
    const events: ProgressEvent[] = [];
    const { failures } = await runOn(engine, plan, { onProgress: (event) => events.push(event) });

    expect(failures).to.deep.equal([]);
    expect(engine.containerNames).to.deep.equal(['stranger']);
    const stops = ['stop todo-web-1', 'stop todo-migrate-1', 'stop todo-db-1'];
    expect(engine.calls.filter((call) => stops.includes(call))).to.deep.equal(stops);
    expect(events.at(-1)).to.include({ state: 'warning', text: 'Resource is still in use' });
  });
});

/** The engine call of an operation, as the fake engine notes it. */
function callOf({ action, resource }: Plan['operations'][number]): string | undefined {
  switch (action.kind) {
    case 'createNetwork':
      return `create network ${resource.name}`;
    case 'createContainer':
      return `create ${resource.name}`;
    case 'startContainer':
      return `start ${resource.name}`;
    case 'waitFor':
      return action.condition === 'healthy' ? `health ${resource.name}` : undefined;
    default:
      return undefined;
  }
}

function dependantsOf(plan: Plan, id: string): string[] {
  const lost = new Set([id]);
  for (const operation of plan.operations) {
    if (operation.needs.some((need) => lost.has(need))) lost.add(operation.id);
  }
  lost.delete(id);
  return [...lost];
}
