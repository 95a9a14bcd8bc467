import { expect } from 'chai';
import { oneoffLabel, printPlan, rehearsalLabel } from '../../../../src/compose/plan/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { bringUp, makeProject, planUpOn } from '../../../support/plan-fixture.ts';

describe('planUp', () => {
  let engine: FakeEngine;

  beforeEach(() => {
    engine = new FakeEngine();
    engine.addImage('tiny');
  });

  async function print(
    ...args: Parameters<typeof planUpOn> extends [unknown, ...infer R] ? R : never
  ) {
    return printPlan((await planUpOn(engine, ...args)).plan)
      .trimEnd()
      .split('\n');
  }

  it('creates everything first and starts dependants behind their condition', async () => {
    const project = makeProject(
      {
        db: { volumes: [{ type: 'volume', source: 'data', target: '/data' }] },
        web: { depends_on: { db: { condition: 'service_healthy', required: true } } },
      },
      { volumes: { data: { name: 'todo_data' } } },
    );

    expect(await print(project)).to.deep.equal([
      '#1 create network todo_default: no network yet',
      '#2 create volume todo_data: no volume yet',
      '#3 create container todo-db-1: no container yet (after #1, #2)',
      '#4 create container todo-web-1: no container yet (after #1)',
      '#5 start container todo-db-1: just created (after #3)',
      '#6 wait for container todo-db-1: others wait until it is healthy (after #5)',
      '#7 start container todo-web-1: just created (after #4, #6)',
    ]);
  });

  it('joins names with _ for --compatibility, but those of networks and volumes, which have it anyway', async () => {
    const project = { ...makeProject({ web: {} }), compatibility: true };
    expect(await print(project)).to.deep.equal([
      '#1 create network todo_default: no network yet',
      '#2 create container todo_web_1: no container yet (after #1)',
      '#3 start container todo_web_1: just created (after #2)',
    ]);
  });

  it('changes nothing when everything is as the file asks', async () => {
    const project = makeProject({
      db: {},
      web: { depends_on: { db: { condition: 'service_healthy', required: true } } },
    });
    engine.behave('todo-db-1', { health: 'healthy' });
    await bringUp(engine, project);

    expect(await print(project)).to.deep.equal([
      '#1 keep container todo-db-1: up to date',
      '#2 keep container todo-web-1: up to date',
    ]);
  });

  it('names the changed key, its old and its new value and its place', async () => {
    await bringUp(engine, makeProject({ web: { environment: { TZ: 'UTC', LANG: 'C' } } }));

    expect(
      await print(makeProject({ web: { environment: { TZ: 'CET', LANG: 'C' } } })),
    ).to.deep.equal([
      '#1 recreate container todo-web-1: environment.TZ: "UTC" → "CET" (compose.yaml:services.web.environment.TZ)',
      '#2 start container todo-web-1: just created (after #1)',
    ]);
  });

  it('removes what an interrupted replacement left, once the replica exists', async () => {
    const project = makeProject({ web: {} });
    await bringUp(engine, project);
    const [info] = await engine.listContainers({ all: true });
    await engine.createContainer({
      name: 'abc_todo-web-1',
      Image: 'tiny',
      Labels: { ...info?.Labels, [oneoffLabel]: 'True', [rehearsalLabel]: info?.Id ?? '' },
    });
    expect(await print(project)).to.deep.equal([
      '#1 remove container abc_todo-web-1: left by a replacement that was interrupted',
      '#2 keep container todo-web-1: up to date',
    ]);

    await engine.getContainer('todo-web-1').remove({ force: true });
    expect((await print(project)).map((line) => line.replace(/:.*\(/, ' ('))).to.deep.equal([
      '#1 create container todo-web-1: no container yet',
      '#2 remove container abc_todo-web-1 (after #1)',
      '#3 start container todo-web-1 (after #1)',
    ]);
  });

  it('recreates when the image behind the name is another one', async () => {
    const project = makeProject({ web: {} });
    await bringUp(engine, project);
    engine.addImage('tiny', `sha256:${'b'.repeat(64)}`);

    expect((await print(project))[0]).to.equal(
      '#1 recreate container todo-web-1: image changed: sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb',
    );
  });

  it('does not recreate for keys that mean nothing to a running container', async () => {
    await bringUp(engine, makeProject({ db: {}, web: {} }));

    const changed = makeProject({ db: {}, web: { profiles: [], attach: false, develop: {} } });
    expect(await print(changed)).to.deep.equal([
      '#1 keep container todo-db-1: up to date',
      '#2 keep container todo-web-1: up to date',
    ]);
  });

  it('scales up with the lowest free numbers and down from the highest', async () => {
    const project = makeProject({ web: { scale: 3 } });
    await bringUp(engine, project);
    await engine.getContainer('todo-web-2').remove({ force: true });

    expect(await print(project)).to.deep.equal([
      '#1 create container todo-web-2: no container yet',
      '#2 keep container todo-web-1: up to date',
      '#3 keep container todo-web-3: up to date',
      '#4 start container todo-web-2: just created (after #1)',
    ]);
    expect(await print(project, { scale: { web: 1 } })).to.deep.equal([
      '#1 stop container todo-web-3: scaled from 2 to 1',
      '#2 remove container todo-web-3: scaled from 2 to 1 (after #1)',
      '#3 keep container todo-web-1: up to date',
    ]);
  });

  it('warns of orphans, and removes them when asked to', async () => {
    await bringUp(engine, makeProject({ old: {}, web: {} }));
    const project = makeProject({ web: {} });

    const { plan } = await planUpOn(engine, project);
    expect(plan.warnings).to.have.length(1);
    expect(plan.warnings[0]).to.include('Found orphan containers ([todo-old-1])');
    expect((await print(project, { orphans: 'remove' })).slice(0, 2)).to.deep.equal([
      '#1 stop container todo-old-1: the file has no service "old" any more',
      '#2 remove container todo-old-1: the file has no service "old" any more (after #1)',
    ]);
  });

  it('takes a changed network apart in the right order', async () => {
    await bringUp(engine, makeProject({ web: {} }));
    const project = makeProject(
      { web: {} },
      { networks: { default: { name: 'todo_default', ipam: {}, internal: true } } },
    );

    expect(await print(project)).to.deep.equal([
      '#1 stop container todo-web-1: network todo_default changed',
      '#2 remove container todo-web-1: network todo_default changed (after #1)',
      '#3 remove network todo_default: its definition changed (after #2)',
      '#4 create network todo_default: its definition changed (after #3)',
      '#5 create container todo-web-1: removed with its network (after #4, #2)',
      '#6 start container todo-web-1: just created (after #5)',
    ]);
  });

  it('replaces a container together with the one whose network it shares', async () => {
    const project = (tz: string) =>
      makeProject({
        app: { environment: { TZ: tz } },
        sidecar: { network_mode: 'service:app' },
      });
    await bringUp(engine, project('UTC'));

    expect((await print(project('CET'))).filter((line) => line.includes('recreate'))).to.deep.equal(
      [
        '#1 recreate container todo-app-1: environment.TZ: "UTC" → "CET" (compose.yaml:services.app.environment.TZ)',
        '#2 recreate container todo-sidecar-1: it shares with app, which is replaced (after #1)',
      ],
    );
  });

  it('restarts a running dependant with restart: true once the replaced dependency is ready', async () => {
    const project = (tz: string) =>
      makeProject({
        db: { environment: { TZ: tz } },
        web: {
          depends_on: { db: { condition: 'service_started', required: true, restart: true } },
        },
      });
    await bringUp(engine, project('UTC'));

    expect((await print(project('CET'))).slice(-2)).to.deep.equal([
      '#3 keep container todo-web-1: up to date',
      '#4 restart container todo-web-1: its dependency db is replaced (after #2)',
    ]);
  });

  it('reports what it cannot run and what is missing, all at once, each with its path', async () => {
    const project = makeProject({
      api: {
        image: 'nosuch',
        volumes: [{ type: 'bind', source: '/not/there', target: '/x' }],
      },
      web: { gpus: [{ count: -1 }], container_name: 'web', scale: 2 },
    });

    const { findings } = await planUpOn(engine, project);
    expect(findings.map(({ code, path }) => `${code} ${path.join('.')}`)).to.include.members([
      'PROJECT_IMAGE_MISSING services.api.image',
      'PROJECT_BIND_SOURCE_MISSING services.api.volumes.0.source',
      'PROJECT_NOT_SUPPORTED services.web.gpus',
      'PROJECT_CONTAINER_NAME_REPLICAS services.web.container_name',
    ]);
  });

  it('plans to pull or build what is missing where it is to be looked at', async () => {
    const project = makeProject({
      api: { image: 'elsewhere' },
      built: { image: 'made', build: { context: '/src' } },
      never: { image: 'nosuch', pull_policy: 'never' },
    });
    const { plan, findings } = await planUpOn(engine, project, {}, 'planned');
    expect(printPlan(plan).split('\n').slice(0, 5)).to.deep.equal([
      '#1 create network todo_default: no network yet',
      '#2 pull image elsewhere: no such image here yet',
      '#3 create container todo-api-1: no container yet (after #2, #1)',
      '#4 build image made: no such image here yet',
      '#5 create container todo-built-1: no container yet (after #4, #1)',
    ]);
    expect(findings.map(({ path }) => path.join('.'))).to.deep.equal(['services.never.image']);
  });

  it('plans only the named services and what they depend on', async () => {
    const project = makeProject({
      db: {},
      other: {},
      web: { depends_on: { db: { condition: 'service_started', required: true } } },
    });

    const lines = await print(project, { services: ['web'] });
    expect(lines.join('\n')).to.not.include('other');
    expect(lines).to.include('#3 create container todo-web-1: no container yet (after #1)');
    expect(
      (await print(project, { services: ['web'], withDependencies: false })).join('\n'),
    ).to.not.include('todo-db-1');
  });
});
