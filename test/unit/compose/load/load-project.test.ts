import { expect } from 'chai';
import { loadProject } from '../../../../src/compose/load/index.ts';
import { findingsOf, loadFrom, memoryReader, projectFrom } from '../../../support/compose-files.ts';

describe('loadProject', () => {
  it('loads the todo app', async () => {
    const { project, files, diagnostics } = await loadProject({
      cwd: '/home/dev/todo/src',
      env: {},
      reader: memoryReader({
        '/home/dev/todo/compose.yaml': `services:
  app:
    image: node:22-alpine
    command: sh -c "yarn install && yarn run dev"
    ports: ["127.0.0.1:3000:3000"]
    working_dir: /app
    volumes: ["./:/app"]
  mysql:
    image: mysql:8.0
    volumes: ["todo-mysql-data:/var/lib/mysql"]
volumes:
  todo-mysql-data:
`,
        '/home/dev/todo/compose.override.yaml': 'services: {app: {environment: {A: 1}}}\n',
      }),
    });
    expect(diagnostics).to.deep.equal([]);
    expect(files).to.deep.equal([
      '/home/dev/todo/compose.yaml',
      '/home/dev/todo/compose.override.yaml',
    ]);
    expect(project?.name).to.equal('todo');
    expect(project?.services.app?.command).to.deep.equal([
      'sh',
      '-c',
      'yarn install && yarn run dev',
    ]);
    expect(project?.services.app?.environment).to.deep.equal({ A: '1' });
    expect(project?.services.app?.volumes?.[0]?.source).to.equal('/home/dev/todo');
    expect(project?.networks?.default?.name).to.equal('todo_default');
    expect(project?.volumes?.['todo-mysql-data']?.name).to.equal('todo_todo-mysql-data');
  });

  it('follows an alias to an anchor of an earlier document', () => {
    const text = 'x-a: &a {image: x}\n---\nservices: {a: *a}\n';
    expect(projectFrom(text).services.a?.image).to.equal('x');
  });

  it('counts a watched path of an extended file from the folder of that file', () => {
    const reader = {
      ...memoryReader({
        '/p/compose.yaml': 'services: {web: {extends: {file: sub/base.yaml, service: base}}}\n',
        '/p/sub/base.yaml':
          'services: {base: {image: x, develop: {watch: [{path: ./a, action: rebuild}]}}}\n',
      }),
      resolveLinks: (path: string) => (path.startsWith('/') ? path : `/elsewhere/${path}`),
    };
    const { project } = loadFrom({}, { reader });
    expect(project?.services.web?.develop?.watch?.[0]?.path).to.equal('/p/sub/a');
  });

  it('loads a resource without settings where nothing is normalized', () => {
    const text = 'services: {web: {image: x, volumes: ["data:/d"]}}\nvolumes: {data: }\n';
    const { volumes } = projectFrom(text, { normalize: false });
    expect(volumes).to.deep.equal({ data: {} });
  });

  it('has the working folder as PWD where the environment has none', () => {
    const text = 'services: {web: {image: x, working_dir: "$PWD"}}\n';
    expect(projectFrom(text).services.web?.working_dir).to.equal('/p');
    const set = projectFrom(text, { env: { PWD: '/q' } });
    expect(set.services.web?.working_dir).to.equal('/q');
  });

  it('keeps every digit of a number of bytes', () => {
    const { web } = projectFrom(
      'services: {web: {image: x, mem_limit: 9007199254740993}}',
    ).services;
    expect(web?.mem_limit).to.equal('9007199254740993');
  });

  it('takes a project folder of an include that is none for the folder above it', () => {
    const { project } = loadFrom({
      'compose.yaml': 'include: [{path: sub/b.yaml, project_directory: missing/folder}]\n',
      'sub/b.yaml': 'services: {web: {build: .}}\n',
    });
    expect(project?.services.web?.build?.context).to.equal('/p/missing');
  });

  it('merges what two files say of the labels of a volume', () => {
    const { project } = loadFrom(
      {
        'a.yaml':
          'services: {a: {image: x, volumes: ["vol:/v"]}}\nvolumes: {vol: {labels: {l: 1}}}\n',
        'b.yaml': 'volumes: {vol: {labels: {l: 1, m: 2}}}\n',
      },
      { files: ['a.yaml', 'b.yaml'] },
    );
    expect(project?.volumes?.vol?.labels).to.deep.equal({ l: '1', m: '2' });
  });

  it('takes the name from the flag, the variable, the file, the folder, in this order', () => {
    const text = 'name: file\nservices: {a: {image: x}}\n';
    expect(projectFrom(text, { projectName: 'flag' }).name).to.equal('flag');
    expect(projectFrom(text, { env: { COMPOSE_PROJECT_NAME: 'variable' } }).name).to.equal(
      'variable',
    );
    expect(projectFrom(text).name).to.equal('file');
    expect(projectFrom('services: {a: {image: x}}\n').name).to.equal('p');
  });

  it('lets the environment win over .env, and .env over a default', () => {
    const files = {
      'compose.yaml': 'services: {a: {image: "${V:-d}"}}\n',
      '.env': 'V=dotenv\n',
      'other.env': 'V=other\n',
    };
    const image = (options: Parameters<typeof loadFrom>[1]) =>
      loadFrom(files, options).project?.services.a?.image;
    expect(image({})).to.equal('dotenv');
    expect(image({ env: { V: 'env' } })).to.equal('env');
    expect(image({ envFiles: ['other.env'] })).to.equal('other');
    expect(image({ env: { COMPOSE_DISABLE_ENV_FILE: '1' } })).to.equal('d');
    expect(image({ env: { COMPOSE_ENV_FILES: 'other.env' } })).to.equal('other');
  });

  it('enables services by profile, by the variable, and by name', () => {
    const text =
      'services: {a: {image: x}, b: {image: y, profiles: [dev]}, c: {image: z, profiles: [test]}}\n';
    const names = (options: Parameters<typeof loadFrom>[1]) =>
      Object.keys(loadFrom({ 'compose.yaml': text }, options).project?.services ?? {});
    expect(names({})).to.deep.equal(['a']);
    expect(names({ profiles: ['dev'] })).to.deep.equal(['a', 'b']);
    expect(names({ profiles: ['*'] })).to.deep.equal(['a', 'b', 'c']);
    expect(names({ env: { COMPOSE_PROFILES: 'dev, test' } })).to.deep.equal(['a', 'b', 'c']);
    expect(names({ services: ['b'] })).to.deep.equal(['b']);
  });

  it('cuts the project down to the services named and what they depend on', () => {
    const result = loadFrom(
      {
        'compose.yaml':
          'services: {a: {image: x, depends_on: [b]}, b: {image: y, volumes: ["data:/d"]}, c: {image: z, volumes: ["other:/d"]}}\nvolumes: {data: , other: }\n',
      },
      { services: ['a'] },
    );
    expect(Object.keys(result.project?.services ?? {})).to.deep.equal(['a', 'b']);
    expect(Object.keys(result.project?.volumes ?? {})).to.deep.equal(['data']);
    expect(result.disabledServices).to.deep.equal(['c']);
  });

  it('names the nearest service for one that there is not', () => {
    const result = loadFrom(
      { 'compose.yaml': 'services: {web: {image: x}}\n' },
      { services: ['wbe'] },
    );
    expect(result.diagnostics[0]?.hint).to.equal('Did you mean "web"?');
  });

  it('resolves paths of included and extended files from their own folders', () => {
    const { project, diagnostics } = loadFrom({
      'compose.yaml':
        'include: [sub/inc.yaml]\nservices: {a: {extends: {file: sub/base.yaml, service: base}}}\n',
      'sub/inc.yaml': 'services: {inc: {image: "${V}", volumes: ["./d:/d"], build: .}}\n',
      'sub/.env': 'V=sub\n',
      'sub/base.yaml': 'services: {base: {image: b, volumes: ["./e:/e"], env_file: b.env}}\n',
      'sub/b.env': 'B=1\n',
    });
    expect(findingsOf({ diagnostics })).to.deep.equal([]);
    expect(project?.services.inc?.volumes?.[0]?.source).to.equal('/p/sub/d');
    expect(project?.services.inc?.build?.context).to.equal('/p/sub');
    expect(project?.services.inc?.image).to.equal('sub');
    expect(project?.services.a?.volumes?.[0]?.source).to.equal('/p/sub/e');
    expect(project?.services.a?.environment).to.deep.equal({ B: '1' });
  });

  it('knows the place of every value, through merge, extends and short forms', () => {
    const { origins } = loadFrom(
      {
        'a.yaml':
          'services:\n  web:\n    extends: {file: base.yaml, service: base}\n    ports:\n      - "80:80"\n',
        'b.yaml': 'services:\n  web:\n    environment:\n      - A=1\n',
        'base.yaml': 'services:\n  base:\n    image: x\n',
      },
      { files: ['a.yaml', 'b.yaml'] },
    );
    const place = (path: string) => {
      const range = origins.origin(path);
      return `${range?.file}:${range?.start.line}:${range?.start.column}`;
    };
    expect(place('services.web.image')).to.equal('/p/base.yaml:3:12');
    expect(place('services.web.ports.0.published')).to.equal('/p/a.yaml:5:9');
    expect(place('services.web.environment.A')).to.equal('/p/b.yaml:4:9');
  });
});
