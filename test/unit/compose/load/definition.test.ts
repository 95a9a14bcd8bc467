import { expect } from 'chai';
import { loadProject, type ProjectDefinition } from '../../../../src/compose/load/index.ts';
import { formatPlace } from '../../../../src/core/index.ts';
import { memoryReader, projectFrom } from '../../../support/compose-files.ts';

/** Findings as `severity code path message`. */
async function findingsOf(definition: unknown): Promise<string[]> {
  const { diagnostics } = await loadProject(definition as ProjectDefinition, { projectName: 'p' });
  return diagnostics.map(({ severity, code, range, message }) =>
    [severity, code, range === undefined ? '-' : formatPlace(range), message].join(' '),
  );
}

describe('loadProject of an object', () => {
  const definition: ProjectDefinition = {
    name: 'shop',
    services: {
      web: {
        image: 'nginx:$' + '{TAG:-1}',
        ports: ['8080:80', { target: 443, published: '8443' }],
        environment: { A: 1, B: true, C: null },
        deploy: { resources: { limits: { cpus: 0.5, memory: '64m' } } },
        depends_on: ['db'],
        'x-team': 'front',
      },
      db: { image: 'postgres', volumes: ['data:/var/lib/data', './conf:/conf:ro'] },
    },
    volumes: { data: {} },
  };

  it('gives the same project as the same content in a file', async () => {
    const { project, files, diagnostics } = await loadProject(definition, {
      cwd: '/p',
      env: { TAG: '2' },
    });
    expect(diagnostics).to.deep.equal([]);
    expect(files).to.deep.equal([]);
    expect(project).to.deep.equal(projectFrom(JSON.stringify(definition), { env: { TAG: '2' } }));
    expect(project?.services.web?.image).to.equal('nginx:2');
  });

  it('gives a project that, given back, gives itself', async () => {
    const { project } = await loadProject(definition, { cwd: '/p' });
    const again = await loadProject(project as ProjectDefinition, { cwd: '/elsewhere' });
    expect(again.diagnostics).to.deep.equal([]);
    expect(again.project).to.deep.equal(project);
  });

  it('tells the path of each mistake', async () => {
    const found = await findingsOf({
      services: {
        web: { image: 'x', prots: [], ports: ['1-2:3-9', true] },
        'a.b': { image: 'x', environment: { A: [] }, depends_on: ['wbe'] },
      },
    });
    expect(found).to.deep.equal([
      'error COMPOSE_KEY_UNKNOWN $.services.web.prots unknown key `prots` in services.web',
      'error COMPOSE_VALUE_INVALID $.services.web.ports[0] services.web.ports.0: "1-2:3-9": the two ranges of ports have different lengths',
      'error COMPOSE_TYPE_MISMATCH $.services.web.ports[1] services.web.ports.1 must be a number, a string or a mapping, got the boolean true',
      'error COMPOSE_TYPE_MISMATCH $.services["a.b"].environment.A services.a.b.environment.A must be a string, a number, a boolean or empty, got a list',
      'error COMPOSE_REFERENCE_UNDEFINED $.services["a.b"].depends_on[0] service "a.b" refers to undefined service "wbe"',
    ]);
  });

  it('tells what no compose file can hold', async () => {
    const circle: Record<string, unknown> = { image: 'x' };
    circle['x-self'] = circle;
    const found = await findingsOf({
      services: {
        web: circle,
        db: { image: 'x', 'x-a': () => 1, 'x-b': new Date(0), 'x-c': 0 / 0 },
      },
    });
    expect(found).to.deep.equal([
      'error COMPOSE_LIMIT $.services.web.x-self $.services.web.x-self contains itself',
      'error COMPOSE_TYPE_MISMATCH $.services.db.x-a $.services.db.x-a must be text, a number, a boolean, null, a list or a mapping, got a function',
      'error COMPOSE_TYPE_MISMATCH $.services.db.x-b $.services.db.x-b must be text, a number, a boolean, null, a list or a mapping, got an object of a class',
      'error COMPOSE_TYPE_MISMATCH $.services.db.x-c $.services.db.x-c must be text, a number, a boolean, null, a list or a mapping, got NaN',
    ]);
  });

  it('takes undefined for a key that is left out', async () => {
    const { project } = await loadProject(
      { services: { web: { image: 'x', command: undefined } } } as unknown as ProjectDefinition,
      { projectName: 'p' },
    );
    expect(project?.services.web).to.not.have.property('healthcheck');
    expect(project?.services.web?.image).to.equal('x');
  });

  it('follows extends and include from the folder given, through the reader given', async () => {
    const reader = memoryReader({
      '/p/base.yaml': 'services: {base: {image: from-base}}\n',
      '/p/sub/more.yaml': 'services: {more: {image: y, volumes: ["./d:/d"]}}\n',
    });
    const { project, diagnostics } = await loadProject(
      {
        include: ['sub/more.yaml'],
        services: { web: { extends: { file: 'base.yaml', service: 'base' } } },
      },
      { cwd: '/p', reader },
    );
    expect(diagnostics).to.deep.equal([]);
    expect(project?.services.web?.image).to.equal('from-base');
    expect(project?.services.more?.volumes?.[0]?.source).to.equal('/p/sub/d');
  });

  it('needs nothing but services: without a folder and a name, both are `project`', async () => {
    const { project, diagnostics, workingDir } = await loadProject({
      services: { web: { image: 'x', volumes: ['./d:/d'] } },
    });
    expect(diagnostics).to.deep.equal([]);
    expect([project?.name, workingDir]).to.deep.equal(['project', '/project']);
    expect(project?.services.web?.volumes?.[0]?.source).to.equal('/project/d');
  });

  it('asks for a name where the folder has none to give', async () => {
    const { project, diagnostics } = await loadProject(
      { services: { web: { image: 'x' } } },
      { cwd: '/' },
    );
    expect(project).to.equal(undefined);
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['COMPOSE_PROJECT_NAME_INVALID']);
  });
});
