import { expect } from 'chai';
import type { Service } from '../../../../src/compose/model/index.ts';
import { configHash, printPlan } from '../../../../src/compose/plan/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { bringUp, makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

const base: Partial<Service> = {
  labels: { tier: 'front' },
  mem_limit: '67108864',
  networks: { default: { aliases: ['www'] } },
};

describe('a change that a running container can take over', () => {
  let engine: FakeEngine;

  beforeEach(async () => {
    engine = new FakeEngine();
    engine.addImage('tiny');
    await bringUp(engine, makeProject({ web: base }));
  });

  async function first(service: Partial<Service>): Promise<string | undefined> {
    const { plan } = await planUpOn(engine, makeProject({ web: service }));
    return printPlan(plan)
      .split('\n')[0]
      ?.replace(/ \(compose.*/, '');
  }

  const live: readonly [string, Partial<Service>][] = [
    ['labels.tier: "front" → "back"', { labels: { tier: 'back' } }],
    ['labels.tier: "front" → (none)', { labels: {} }],
    ['restart: (none) → "always"', { restart: 'always' }],
    ['mem_limit: "67108864" → "134217728"', { mem_limit: '134217728' }],
    ['cpus: (none) → 0.5', { cpus: 0.5 }],
    [
      'networks.default.aliases: ["www"] → ["web"]',
      { networks: { default: { aliases: ['web'] } } },
    ],
    ['stop_grace_period: (none) → "3s"', { stop_grace_period: '3s' }],
  ];
  for (const [cause, change] of live) {
    it(`is applied to it: ${cause}`, async () => {
      expect(await first({ ...base, ...change })).to.equal(
        `#1 update container todo-web-1: ${cause}`,
      );
    });
  }

  it('is not one where a limit goes, as nobody knows what the kernel had', async () => {
    const { mem_limit: _limit, ...rest } = base;
    expect(await first(rest)).to.equal(
      '#1 recreate container todo-web-1: mem_limit: "67108864" → (none)',
    );
  });

  it('comes with another one that needs a new container: then there is a new container', async () => {
    expect(await first({ ...base, labels: {}, environment: { A: '1' } })).to.match(
      /^#1 recreate container todo-web-1: environment: \(none\) → \{"A":"1"\}/,
    );
  });

  it('is a reason to replace it where the engine cannot change containers', async () => {
    engine.canUpdate = false;
    expect(await first({ ...base, labels: {} })).to.match(/^#1 recreate container todo-web-1/);
  });

  it('is in the labels afterwards, so that the next plan is empty', async () => {
    const project = makeProject({ web: { ...base, restart: 'always' } });
    const { plan } = await planUpOn(engine, project);
    await runOn(engine, plan);
    expect(engine.calls).to.include('update todo-web-1');
    const again = await planUpOn(engine, project);
    expect(printPlan(again.plan)).to.equal('#1 keep container todo-web-1: up to date\n');
  });

  it('keeps the label of the order to stop in up to date, without replacing anything', async () => {
    const project = makeProject({
      db: {},
      web: { ...base, depends_on: { db: { condition: 'service_started', required: true } } },
    });
    const { plan } = await planUpOn(engine, project);
    expect(printPlan(plan)).to.include(
      '#2 update container todo-web-1: depends_on: "" → "db:service_started:false"',
    );
  });
});

describe('the form that containers are compared in', () => {
  it('is the same from version to version: an upgrade must not replace what runs', async () => {
    const engine = new FakeEngine();
    engine.addImage('tiny');
    const project = makeProject(
      {
        web: {
          command: ['serve'],
          environment: { TZ: 'UTC', EMPTY: null },
          labels: { a: 'b' },
          ports: [{ mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' }],
          volumes: [{ type: 'volume', source: 'data', target: '/data', volume: {} }],
          deploy: { replicas: 2, resources: { limits: { memory: '67108864' } } },
          healthcheck: { test: ['CMD', 'true'], interval: '1s' },
          'x-note': 'nothing to a container',
        },
      },
      { volumes: { data: { name: 'todo_data' } } },
    );
    const { plan } = await planUpOn(engine, project);
    const created = plan.operations.find(({ action }) => action.kind === 'createContainer');
    if (created?.action.kind !== 'createContainer') throw new Error('nothing is created');
    const { Labels = {} } = created.action.options;
    const label = Labels['dev.coracle.compose.config'] ?? '';
    // Another value here means a changed form: keep this one under its number and add a new one.
    expect(label).to.equal(GOLDEN);
    expect(Labels['com.docker.compose.config-hash']).to.equal(configHash(JSON.parse(label)));
  });
});

const GOLDEN =
  '{"version":1,"service":{"command":["serve"],"deploy":{"resources":{"limits":{"memory":"67108864"}}},"environment":{"EMPTY":null,"TZ":"UTC"},"healthcheck":{"interval":"1s","test":["CMD","true"]},"image":"tiny","labels":{"a":"b"},"network_names":{"default":"todo_default"},"networks":{"default":null},"ports":[{"mode":"ingress","protocol":"tcp","published":"8080","target":80}],"volume_names":{"data":"todo_data"},"volumes":[{"source":"data","target":"/data","type":"volume","volume":{}}]}}';
