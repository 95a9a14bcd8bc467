import { expect } from 'chai';
import type { Service } from '../../../../src/compose/model/index.ts';
import { observeProject } from '../../../../src/compose/observe/index.ts';
import {
  planBackwards,
  planDown,
  planStart,
  planSummary,
  printPlan,
} from '../../../../src/compose/plan/index.ts';
import { isAppError } from '../../../../src/core/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { bringUp, makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

const hooks: Partial<Service> = {
  pre_start: [{ command: ['migrate'] }, { command: ['seed'], per_replica: true }],
  post_start: [{ command: ['register'], user: 'root' }],
  pre_stop: [{ command: ['drain'] }],
};

describe('hooks', () => {
  let engine: FakeEngine;

  beforeEach(() => {
    engine = new FakeEngine();
    engine.addImage('tiny');
    for (const name of ['todo-web-pre_start-1', 'todo-web-1-pre_start-2', 'todo-web-2-pre_start-2'])
      engine.behave(name, { exitCode: 0 });
  });

  async function print(service: Partial<Service>): Promise<string[]> {
    const { plan } = await planUpOn(engine, makeProject({ web: service }));
    return printPlan(plan).trimEnd().split('\n');
  }

  it('run pre_start in containers of their own before the start, post_start after it', async () => {
    expect(await print(hooks)).to.deep.equal([
      '#1 create network todo_default: no network yet',
      '#2 create container todo-web-1: no container yet (after #1)',
      '#3 create container todo-web-pre_start-1: pre_start hook 1 of 2 (after #2)',
      '#4 start container todo-web-pre_start-1: pre_start hook 1 of 2 (after #3)',
      '#5 wait for container todo-web-pre_start-1: pre_start hook 1 of 2 (after #4)',
      '#6 remove container todo-web-pre_start-1: pre_start hook 1 of 2 (after #5)',
      '#7 create container todo-web-1-pre_start-2: pre_start hook 2 of 2 (after #6)',
      '#8 start container todo-web-1-pre_start-2: pre_start hook 2 of 2 (after #7)',
      '#9 wait for container todo-web-1-pre_start-2: pre_start hook 2 of 2 (after #8)',
      '#10 remove container todo-web-1-pre_start-2: pre_start hook 2 of 2 (after #9)',
      '#11 start container todo-web-1: just created (after #2, #10)',
      '#12 run hook in container todo-web-1: post_start hook 1 of 1 (after #11)',
    ]);
    const { plan } = await planUpOn(engine, makeProject({ web: hooks }));
    expect(planSummary(plan)).to.equal('Plan: 2 to create');
  });

  it('run pre_start once for a service, and per_replica steps for each new replica', async () => {
    await bringUp(engine, makeProject({ web: hooks }));
    expect(
      (await print({ ...hooks, scale: 2 })).map((line) => line.replace(/:.*/, '')),
    ).to.deep.equal([
      '#1 create container todo-web-2',
      '#2 keep container todo-web-1',
      '#3 create container todo-web-2-pre_start-2',
      '#4 start container todo-web-2-pre_start-2',
      '#5 wait for container todo-web-2-pre_start-2',
      '#6 remove container todo-web-2-pre_start-2',
      '#7 start container todo-web-2',
      '#8 run hook in container todo-web-2',
    ]);
  });

  it('do not run pre_start again for another reason than its own change', async () => {
    await bringUp(engine, makeProject({ web: hooks }));
    const changed = await print({ ...hooks, environment: { A: '1' } });
    expect(changed.join('\n')).to.not.include('pre_start');
    expect(changed[0]).to.equal('#1 run hook in container todo-web-1: pre_stop hook 1 of 1');
    const other = await print({ ...hooks, pre_start: [{ command: ['migrate', '--all'] }] });
    expect(other.join('\n')).to.include('todo-web-pre_start-1');
  });

  it('keep a service down whose pre_start fails, and clear what it left at the next up', async () => {
    engine.behave('todo-web-pre_start-1', { exitCode: 3, log: ['no database'] });
    const { plan } = await planUpOn(engine, makeProject({ web: hooks }));
    const { failures } = await runOn(engine, plan);
    expect(failures).to.have.length(1);
    expect(failures[0]?.error).to.satisfy((error: unknown) =>
      isAppError(error, 'PROJECT_DEPENDENCY_FAILED'),
    );
    expect(engine.stateOf('todo-web-1')).to.equal('created');
    const [first] = await print(hooks);
    expect(first).to.equal(
      '#1 remove container todo-web-pre_start-1: left by a pre_start hook that did not end well',
    );
  });

  it('are known to stop, start and down from the labels alone', async () => {
    await bringUp(engine, makeProject({ web: hooks }));
    const observed = await observeProject(engine, 'todo');
    const request = { project: 'todo', containers: observed.containers, cause: 'stop' };
    const stop = planBackwards(request, ({ id }) => ({ kind: 'stopContainer', container: id }));
    expect(printPlan(stop)).to.equal(
      '#1 run hook in container todo-web-1: pre_stop hook 1 of 1\n#2 stop container todo-web-1: stop (after #1)\n',
    );
    const down = planDown(observed, { project: 'todo', services: [], volumes: false, images: [] });
    expect(printPlan(down)).to.include('#1 run hook in container todo-web-1: pre_stop hook 1 of 1');
    await engine.getContainer('todo-web-1').stop();
    const { containers } = await observeProject(engine, 'todo');
    expect(printPlan(planStart({ project: 'todo', containers, cause: 'start' }))).to.equal(
      '#1 start container todo-web-1: start\n#2 run hook in container todo-web-1: post_start hook 1 of 1 (after #1)\n',
    );
  });

  it('that fail after the start are a failure, before the stop a warning', async () => {
    engine.execEndsWith('register', 7);
    const { plan } = await planUpOn(engine, makeProject({ web: hooks }));
    const { failures } = await runOn(engine, plan);
    expect(failures[0]?.error).to.satisfy((error: unknown) =>
      isAppError(error, 'PROJECT_HOOK_FAILED'),
    );
    expect(String(failures[0]?.error)).to.equal(
      'AppError: post_start hook of container todo-web-1 failed with exit code 7',
    );

    engine.execEndsWith('drain', 1);
    const observed = await observeProject(engine, 'todo');
    const down = planDown(observed, { project: 'todo', services: [], volumes: false, images: [] });
    const texts: string[] = [];
    const outcome = await runOn(engine, down, { onProgress: ({ text }) => texts.push(text) });
    expect(outcome.failures).to.deep.equal([]);
    expect(texts).to.include('pre_stop hook of container todo-web-1 failed with exit code 1');
    expect(engine.containerNames).to.deep.equal([]);
  });
});
