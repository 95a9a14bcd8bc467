import { expect } from 'chai';
import { observeProject } from '../../../../src/compose/observe/index.ts';
import { type Plan, planDown } from '../../../../src/compose/plan/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { bringUp, makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

const before = makeProject({
  db: { environment: { A: '1' } },
  cache: { labels: { tier: 'back' } },
  web: {
    scale: 2,
    depends_on: { db: { condition: 'service_healthy', required: true } },
    post_start: [{ command: ['register'] }],
    pre_stop: [{ command: ['drain'] }],
  },
  other: {},
});
/** One container is replaced, one updated, one removed, one made; one stays as it is. */
const after = makeProject({
  ...before.services,
  db: { ...before.services.db, environment: { A: '2' } },
  cache: { ...before.services.cache, labels: { tier: 'front' } },
  web: { ...before.services.web, scale: 1 },
  extra: { depends_on: { web: { condition: 'service_started', required: true } } },
});

interface Case {
  readonly prepare: (engine: FakeEngine) => Promise<unknown>;
  readonly plan: (engine: FakeEngine) => Promise<Plan>;
}

const cases: Readonly<Record<string, Case>> = {
  'up from nothing': {
    prepare: async () => undefined,
    plan: async (engine) => (await planUpOn(engine, before)).plan,
  },
  'up of a changed file': {
    prepare: (engine) => bringUp(engine, before),
    plan: async (engine) => (await planUpOn(engine, after)).plan,
  },
  down: {
    prepare: (engine) => bringUp(engine, before),
    plan: async (engine) =>
      planDown(await observeProject(engine, 'todo'), {
        project: 'todo',
        services: [],
        volumes: true,
        images: [],
      }),
  },
};

async function prepared({ prepare }: Case): Promise<FakeEngine> {
  const engine = new FakeEngine();
  engine.addImage('tiny');
  engine.behave('todo-db-1', { health: 'healthy' });
  await prepare(engine);
  engine.calls.length = 0;
  return engine;
}

function statesOf(engine: FakeEngine): string[] {
  return engine.containerNames.map((name) => `${name} ${engine.stateOf(name)}`).sort();
}

describe('an engine that fails', () => {
  for (const [name, one] of Object.entries(cases)) {
    it(`at any one call of ${name} stops what needs it and nothing else, and the next run finishes the work`, async () => {
      const whole = await prepared(one);
      const clean = await runOn(whole, await one.plan(whole));
      expect(clean.failures).to.deep.equal([]);
      const calls = [...new Set(whole.calls)];
      expect(calls.length).to.be.at.least(8);

      let told = 0;
      for (const call of calls) {
        const engine = await prepared(one);
        const plan = await one.plan(engine);
        engine.failAt(call);
        const { done, failures, skipped } = await runOn(engine, plan);

        expect(failures, call).to.have.length.at.most(1);
        told += failures.length;
        const failed = failures[0]?.operation;
        const lost = new Set(failed === undefined ? [] : [failed.id]);
        for (const { id, needs } of plan.operations) {
          if (needs.some((need) => lost.has(need))) lost.add(id);
        }
        expect(
          skipped.map(({ id }) => id),
          call,
        ).to.deep.equal([...lost].filter((id) => id !== failed?.id));
        expect(done.length + failures.length + skipped.length).to.equal(plan.operations.length);

        engine.heal();
        const next = await runOn(engine, await one.plan(engine));
        expect(next.failures, `after ${call}`).to.deep.equal([]);
        expect(statesOf(engine), `after ${call}`).to.deep.equal(statesOf(whole));
      }
      // All but those whose failure is none of the plan's: clearing up after a rehearsal, a hook before the stop.
      expect(told).to.be.at.least(calls.length - 3);
    });
  }
});
