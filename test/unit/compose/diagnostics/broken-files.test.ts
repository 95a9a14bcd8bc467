import { expect } from 'chai';
import { findingsOf, loadFrom } from '../../../support/compose-files.ts';

/** `~ ` stands for a service `web` with an image, the text after it for one more line of that service. */
function fileOf(text: string): string {
  return text.startsWith('~ ') ? `services:\n  web:\n    image: x\n    ${text.slice(2)}` : text;
}

/** A broken file, and all that is found in it: severity, code, line:column, message. */
type BrokenFile = readonly [file: string, ...findings: readonly string[]];

// Compose variables in plain strings are what these files are about.
const broken: readonly BrokenFile[] = [
  ['~ prots: []\n', 'error COMPOSE_KEY_UNKNOWN 4:5 unknown key `prots` in services.web'],
  ['~ imge: y\n', 'error COMPOSE_KEY_UNKNOWN 4:5 unknown key `imge` in services.web'],
  [
    '~ enviroment: {A: 1}\n',
    'error COMPOSE_KEY_UNKNOWN 4:5 unknown key `enviroment` in services.web',
  ],
  ['~ Volumes: []\n', 'error COMPOSE_KEY_UNKNOWN 4:5 unknown key `Volumes` in services.web'],
  ['~ services: {}\n', 'error COMPOSE_KEY_UNKNOWN 4:5 unknown key `services` in services.web'],
  [
    'services:\n  web: {image: x}\nports: ["80:80"]\n',
    'error COMPOSE_KEY_UNKNOWN 3:1 unknown key `ports` at the top of the file',
  ],
  [
    'servces:\n  web: {image: x}\n',
    'error COMPOSE_KEY_UNKNOWN 1:1 unknown key `servces` at the top of the file',
  ],
  [
    '~ networks:\n      default:\n        alias: [a]\n',
    'error COMPOSE_KEY_UNKNOWN 6:9 unknown key `alias` in services.web.networks.default',
  ],
  [
    '~ build: {contxt: .}\n',
    'error COMPOSE_KEY_UNKNOWN 4:13 unknown key `contxt` in services.web.build',
  ],
  [
    '~ deploy: {resources: {limit: {}}}\n',
    'error COMPOSE_KEY_UNKNOWN 4:26 unknown key `limit` in services.web.deploy.resources',
  ],
  [
    '~ healthcheck: {tst: x}\n',
    'error COMPOSE_KEY_UNKNOWN 4:19 unknown key `tst` in services.web.healthcheck',
  ],
  [
    '~ command: {a: b}\n',
    'error COMPOSE_TYPE_MISMATCH 4:14 services.web.command must be empty, a string or a list, got a mapping',
  ],
  [
    'services:\n  web:\n    image: 5\n',
    'error COMPOSE_TYPE_MISMATCH 3:12 services.web.image must be a string, got the number 5',
  ],
  [
    '~ ports: 80\n',
    'error COMPOSE_TYPE_MISMATCH 4:12 services.web.ports must be a list, got the number 80',
  ],
  [
    '~ ports: ["8080:0"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "8080:0": the container port cannot be 0',
  ],
  [
    '~ healthcheck: {test: x, retries: -1}\n',
    'error COMPOSE_VALUE_INVALID 4:37 services.web.healthcheck.retries must not be negative, got -1',
  ],
  [
    '~ pids_limit: 9007199254740993\n',
    'error COMPOSE_VALUE_INVALID 4:17 services.web.pids_limit is out of range; the largest number is 9007199254740991',
  ],
  [
    '~ mem_limit: 9223372036854775808\n',
    'error COMPOSE_VALUE_INVALID 4:16 services.web.mem_limit: 9223372036854775808 is too large for a size',
  ],
  [
    'name: ${NAME-}\nservices: {web: {image: x}}\n',
    'error COMPOSE_PROJECT_NAME_INVALID 1:7 name: ${NAME-} is empty',
  ],
  [
    '~ ports: [true]\n',
    'error COMPOSE_TYPE_MISMATCH 4:13 services.web.ports.0 must be a number, a string or a mapping, got the boolean true',
  ],
  [
    '~ environment: A=1\n',
    'error COMPOSE_TYPE_MISMATCH 4:18 services.web.environment must be a mapping or a list, got "A=1"',
  ],
  [
    '~ environment: {A: [1]}\n',
    'error COMPOSE_TYPE_MISMATCH 4:22 services.web.environment.A must be a string, a number, a boolean or empty, got a list',
  ],
  [
    '~ depends_on: db\n',
    'error COMPOSE_TYPE_MISMATCH 4:17 services.web.depends_on must be a list or a mapping, got "db"',
  ],
  [
    '~ volumes: {a: b}\n',
    'error COMPOSE_TYPE_MISMATCH 4:14 services.web.volumes must be a list, got a mapping',
  ],
  [
    '~ privileged: maybe\n',
    'error COMPOSE_TYPE_MISMATCH 4:17 services.web.privileged must be a boolean, got "maybe"',
  ],
  [
    '~ scale: many\n',
    'error COMPOSE_TYPE_MISMATCH 4:12 services.web.scale must be an integer, got "many"',
  ],
  [
    '~ user: 1000\n',
    'error COMPOSE_TYPE_MISMATCH 4:11 services.web.user must be a string, got the number 1000',
  ],
  [
    '~ labels: [5]\n',
    'error COMPOSE_TYPE_MISMATCH 4:14 services.web.labels.0 must be a string, got the number 5',
  ],
  [
    '~ restart: false\n',
    'error COMPOSE_TYPE_MISMATCH 4:14 services.web.restart must be a string, got the boolean false',
  ],
  ['services: []\n', 'error COMPOSE_TYPE_MISMATCH 1:11 services must be a mapping, got a list'],
  [
    'services:\n  web: []\n',
    'error COMPOSE_TYPE_MISMATCH 2:8 services.web must be a mapping, got a list',
  ],
  [
    'services:\n  web:\n',
    'error COMPOSE_TYPE_MISMATCH 2:7 services.web must be a mapping, got nothing',
  ],
  ['[]\n', 'error COMPOSE_TYPE_MISMATCH 1:1 a compose file must be a mapping at its top'],
  [
    'volumes: [a]\nservices: {a: {image: x}}\n',
    'error COMPOSE_TYPE_MISMATCH 1:10 volumes must be a mapping, got a list',
  ],
  [
    '~ ports: ["a:80"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "a:80": "a" is no port or range of ports',
  ],
  [
    '~ ports: ["1-3:1-2"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "1-3:1-2": the two ranges of ports have different lengths',
  ],
  [
    '~ ports: ["80:80/xyz"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "80:80/xyz": protocol "xyz" is not tcp, udp or sctp',
  ],
  [
    '~ ports: ["::1:80:80"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "::1:80:80": write the IPv6 address in brackets: "[::1]"',
  ],
  [
    '~ ports: ["80:"]\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.ports.0: "80:": the container port is missing',
  ],
  [
    '~ ports: [{target: 80, host_ip: foo}]\n',
    'error COMPOSE_VALUE_INVALID 4:35 services.web.ports.0.host_ip: "foo" is no IP address',
  ],
  [
    '~ volumes: ["/a:/b:/c:ro"]\n',
    'error COMPOSE_VALUE_INVALID 4:15 services.web.volumes.0: "/a:/b:/c:ro" has too many colons',
  ],
  [
    '~ volumes: [":/a"]\n',
    'error COMPOSE_VALUE_INVALID 4:15 services.web.volumes.0: ":/a" has an empty section between colons',
  ],
  [
    '~ volumes: [{type: bind, target: /x}]\n',
    'error COMPOSE_KEY_REQUIRED 4:15 services.web.volumes.0 is a bind mount without `source`',
  ],
  [
    '~ volumes: [{type: volume}]\n',
    'error COMPOSE_KEY_REQUIRED 4:15 services.web.volumes.0 has no `target`',
  ],
  [
    '~ volumes: [{target: /x}]\n',
    'error COMPOSE_KEY_REQUIRED 4:15 services.web.volumes.0 must have a `type`',
  ],
  [
    '~ mem_limit: 5q\n',
    'error COMPOSE_VALUE_INVALID 4:16 services.web.mem_limit must be a size such as 512m or 1.5g, got "5q"',
  ],
  [
    '~ stop_grace_period: 5\n',
    'error COMPOSE_TYPE_MISMATCH 4:24 services.web.stop_grace_period must be a string, got the number 5',
  ],
  [
    '~ stop_grace_period: soon\n',
    'error COMPOSE_VALUE_INVALID 4:24 services.web.stop_grace_period must be a duration such as 30s or 1m30s, got "soon"',
  ],
  [
    '~ healthcheck: {interval: 5}\n',
    'error COMPOSE_TYPE_MISMATCH 4:29 services.web.healthcheck.interval must be a string, got the number 5',
  ],
  [
    '~ healthcheck: {test: [curl]}\n',
    'error COMPOSE_VALUE_INVALID 4:25 services.web.healthcheck.test must start with CMD, CMD-SHELL or NONE, got "curl"',
  ],
  [
    '~ cpu_percent: 101\n',
    'error COMPOSE_VALUE_INVALID 4:18 services.web.cpu_percent must be at most 100, got the number 101',
  ],
  [
    '~ oom_score_adj: -2000\n',
    'error COMPOSE_VALUE_INVALID 4:20 services.web.oom_score_adj must be at least -1000, got the number -2000',
  ],
  [
    '~ cgroup: mine\n',
    'error COMPOSE_VALUE_INVALID 4:13 services.web.cgroup must be one of host, private; got "mine"',
  ],
  [
    '~ depends_on: {db: {condition: ready}}\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:22 service "web" refers to undefined service "db"',
    'error COMPOSE_VALUE_INVALID 4:34 services.web.depends_on.db.condition must be one of service_started, service_healthy, service_completed_successfully; got "ready"',
  ],
  [
    '~ depends_on: {db: {}}\n',
    'error COMPOSE_KEY_REQUIRED 4:22 services.web.depends_on.db must have a `condition`',
    'error COMPOSE_REFERENCE_UNDEFINED 4:22 service "web" refers to undefined service "db"',
  ],
  [
    '~ depends_on: [db]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:18 service "web" refers to undefined service "db"',
  ],
  [
    '~ depends_on: [wbe]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:18 service "web" refers to undefined service "wbe"',
  ],
  [
    '~ depends_on: [web]\n',
    'error COMPOSE_DEPENDS_ON_CYCLE 4:18 services depend on each other in a circle: web -> web',
  ],
  [
    '~ networks: [back]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:16 service "web" refers to undefined network "back"',
  ],
  [
    '~ configs: [c]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:15 service "web" refers to undefined config "c"',
  ],
  [
    '~ secrets: [s]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:15 service "web" refers to undefined secret "s"',
  ],
  [
    '~ models: [m]\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:14 service "web" refers to undefined model "m"',
  ],
  [
    '~ network_mode: service:db\n',
    'error COMPOSE_REFERENCE_UNDEFINED 4:19 service "web" refers to undefined service "db"',
  ],
  [
    '~ network_mode: host\n    networks: [default]\n',
    'error COMPOSE_CONFLICT 4:19 service "web" has both `network_mode` and `networks`',
    'error COMPOSE_REFERENCE_UNDEFINED 5:16 service "web" refers to undefined network "default"',
  ],
  [
    'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [a]}\n',
    'error COMPOSE_DEPENDS_ON_CYCLE 2:30 services depend on each other in a circle: a -> b -> c -> a',
  ],
  [
    'services:\n  web:\n    ports: ["80:80"]\n',
    'error COMPOSE_SERVICE_INCOMPLETE 2:3 service "web" has neither an image nor a build',
  ],
  [
    '~ container_name: a\n    scale: 2\n',
    'error COMPOSE_VALUE_INVALID 4:21 services.web.container_name has a value that is not allowed: "a"',
  ],
  [
    '~ scale: 2\n    deploy: {replicas: 3}\n',
    'error COMPOSE_CONFLICT 4:12 services.web: `scale` and `deploy.replicas` have different values',
  ],
  [
    '~ scale: -1\n',
    'error COMPOSE_VALUE_INVALID 4:12 services.web.scale must be at least 0, got -1',
  ],
  [
    '~ cpus: 1\n    deploy: {resources: {limits: {cpus: 2}}}\n',
    'error COMPOSE_CONFLICT 4:11 services.web: `cpus` and `deploy.resources.limits.cpus` have different values',
  ],
  [
    'services:\n  a: {image: x, container_name: c}\n  b: {image: x, container_name: c}\n',
    'error COMPOSE_VALUE_INVALID 2:33 services.a.container_name has a value that is not allowed: "c"',
    'error COMPOSE_VALUE_INVALID 3:33 services.b.container_name has a value that is not allowed: "c"',
  ],
  [
    '~ build: {dockerfile: a, dockerfile_inline: b}\n',
    'error COMPOSE_CONFLICT 4:47 service "web" has both `dockerfile` and `dockerfile_inline`',
  ],
  [
    '~ develop: {watch: [{path: a, action: sync}]}\n',
    'error COMPOSE_KEY_REQUIRED 4:23 services.web.develop.watch.0: action sync needs a `target`',
  ],
  [
    '~ develop: {watch: [{action: sync}]}\n',
    'error COMPOSE_KEY_REQUIRED 4:23 services.web.develop.watch.0 must have a `path`',
    'error COMPOSE_KEY_REQUIRED 4:23 services.web.develop.watch.0: action sync needs a `target`',
  ],
  [
    '~ extra_hosts: [a]\n',
    'error COMPOSE_VALUE_INVALID 4:19 services.web.extra_hosts: "a" has no address',
  ],
  [
    '~ command: a "b\n',
    'error COMPOSE_VALUE_INVALID 4:14 services.web.command has a quote that is not closed',
  ],
  ['~ env_file: nope.env\n', 'error COMPOSE_ENV_FILE_INVALID 4:15 file /p/nope.env does not exist'],
  [
    '~ label_file: nope.labels\n',
    'error COMPOSE_ENV_FILE_INVALID 4:17 file /p/nope.labels does not exist',
  ],
  [
    '~ ulimits: {nofile: {soft: 1}}\n',
    'error COMPOSE_KEY_REQUIRED 4:23 services.web.ulimits.nofile must have a `hard`',
  ],
  ['~ image: y\n', 'error COMPOSE_YAML_DUPLICATE_KEY 4:5 key "image" is already defined at line 3'],
  [
    'services:\n  web: {image: x}\n  web: {image: y}\n',
    'error COMPOSE_YAML_DUPLICATE_KEY 3:3 key "web" is already defined at line 2',
  ],
  ['services:\n  1: {image: x}\n', 'error COMPOSE_KEY_NOT_STRING 2:3 key 1 is not a string'],
  [
    'services:\n  "a b": {image: x}\n',
    'error COMPOSE_VALUE_INVALID 2:3 "a b" is no name for a service: only letters, digits, "." "_" "-" are allowed',
  ],
  [
    'services:\n\tweb: {image: x}\n',
    'error COMPOSE_YAML_SYNTAX 2:1 tabs are not allowed as indentation',
  ],
  [
    'services:\n  web: {image: x\n',
    'error COMPOSE_YAML_SYNTAX 3:1 flow map in block collection must be sufficiently indented and end with a }',
  ],
  [
    'services:\n  web:\n    image: @x\n',
    'error COMPOSE_YAML_SYNTAX 3:12 plain value cannot start with reserved character @',
  ],
  ['services:\n  web: *nope\n', 'error COMPOSE_YAML_ALIAS 2:8 unknown anchor "nope"'],
  [
    'services:\n  web: &w\n    image: x\n    x-a: *w\n',
    'error COMPOSE_YAML_ALIAS 4:10 anchor "w" contains itself',
  ],
  [
    'services:\n  web:\n    <<: [a]\n    image: x\n',
    'error COMPOSE_YAML_ALIAS 3:5 `<<` takes a mapping or a list of mappings',
  ],
  [
    'services:\n  web:\n    image: "${X:?set X}"\n',
    'error COMPOSE_VARIABLE_REQUIRED 3:12 services.web.image: required variable X is not set: set X',
  ],
  [
    '~ hostname: "${X"\n',
    'error COMPOSE_INTERPOLATION_INVALID 4:16 services.web.hostname: "${X" is no variable',
  ],
  [
    '~ hostname: "a${1}"\n',
    'error COMPOSE_INTERPOLATION_INVALID 4:17 services.web.hostname: "${1}" is no variable',
  ],
  [
    '~ privileged: ${P:-perhaps}\n',
    'error COMPOSE_TYPE_MISMATCH 4:17 services.web.privileged must be a boolean, got "perhaps" (from ${P:-perhaps})',
  ],
  [
    '~ hostname: $UNSET\n',
    'warning COMPOSE_VARIABLE_UNSET 4:15 variable UNSET is not set; the empty string takes its place',
  ],
  [
    '~ extends: base\n',
    'error COMPOSE_EXTENDS_INVALID 4:14 service "web" extends "base", which this file does not define',
  ],
  [
    '~ extends: {service: a, file: nope.yaml}\n',
    'error COMPOSE_FILE_NOT_FOUND 4:33 no such file: /p/nope.yaml',
  ],
  [
    'services:\n  a: {image: x, extends: b}\n  b: {image: x, extends: a}\n',
    'error COMPOSE_EXTENDS_INVALID 3:26 services extend each other in a circle: a -> b -> a',
  ],
  [
    'services:\n  a: {extends: b}\n  b: {extends: a}\n',
    'error COMPOSE_EXTENDS_INVALID 3:16 services extend each other in a circle: a -> b -> a',
  ],
  [
    'include: [nope.yaml]\nservices: {a: {image: x}}\n',
    'error COMPOSE_FILE_NOT_FOUND 1:11 no such file: /p/nope.yaml',
  ],
  [
    'include: other.yaml\nservices: {a: {image: x}}\n',
    'error COMPOSE_TYPE_MISMATCH 1:10 `include` must be a list',
  ],
  [
    'include: [oci://x/y]\nservices: {a: {image: x}}\n',
    'error COMPOSE_REMOTE_DISABLED 1:11 "oci://x/y" is a remote file',
  ],
  [
    'include: [compose.yaml]\nservices: {a: {image: x}}\n',
    'error COMPOSE_INCLUDE_INVALID 1:11 files include each other in a circle: /p/compose.yaml -> /p/compose.yaml',
  ],
  [
    'volumes: {v: {external: true, driver: x}}\nservices: {a: {image: x}}\n',
    'error COMPOSE_CONFLICT 1:31 volumes.v is external, so `driver` cannot be set here',
  ],
  [
    'secrets: {s: {}}\nservices: {a: {image: x}}\n',
    'error COMPOSE_KEY_REQUIRED 1:14 secrets.s must have one of `file`, `environment`',
  ],
  [
    'secrets: {s: {file: a, environment: B}}\nservices: {a: {image: x}}\n',
    'error COMPOSE_CONFLICT 1:24 secrets.s must have only one of `file`, `environment`',
  ],
  [
    'networks: {n: {external: {name: a}, name: b}}\nservices: {a: {image: x, networks: [n]}}\n',
    'warning COMPOSE_DEPRECATED 1:33 networks.n.external.name is deprecated',
    'error COMPOSE_CONFLICT 1:33 networks.n: `name` and `external.name` differ',
  ],
  [
    'name: "!!"\nservices: {a: {image: x}}\n',
    'error COMPOSE_PROJECT_NAME_INVALID 1:7 "!!" is no project name',
  ],
  ['', 'error COMPOSE_PROJECT_EMPTY - /p/compose.yaml: nothing is defined'],
  ['{}\n', 'error COMPOSE_PROJECT_EMPTY 1:1 the compose file is empty'],
  [
    "version: '3'\nservices: {a: {image: x}}\n",
    'warning COMPOSE_DEPRECATED 1:1 `version` means nothing any more and is ignored',
  ],
];

describe('findings in broken files', () => {
  for (const [text, ...findings] of broken) {
    it(`finds ${findings.length === 1 ? 'the mistake' : 'the mistakes'} in ${JSON.stringify(text)}`, () => {
      expect(findingsOf(loadFrom({ 'compose.yaml': fileOf(text) }))).to.deep.equal(findings);
    });
  }

  it('reports the mistakes of all files in one run, sorted by file and place', () => {
    const result = loadFrom(
      {
        'a.yaml': 'services:\n  web: {image: x, prots: []}\n  db: {imagee: y}\n',
        'b.yaml': 'services:\n  web: {mem_limit: 5q, links: 1}\n',
      },
      { files: ['a.yaml', 'b.yaml'] },
    );
    const places = result.diagnostics.map(
      ({ range }) => `${range?.file}:${range?.start.line}:${range?.start.column}`,
    );
    expect(places).to.deep.equal([
      '/p/a.yaml:2:19',
      '/p/a.yaml:3:8',
      '/p/b.yaml:2:20',
      '/p/b.yaml:2:31',
    ]);
  });

  const hints: readonly (readonly [string, string])[] = [
    ['~ prots: []', 'Did you mean "ports"?'],
    ['~ depends_on: [wbe]', 'Did you mean "web"?'],
    ['~ user: 1000', 'Put it in quotes: "1000".'],
    ['ports: []\nservices: {a: {image: x}}', 'indent it below `services:`'],
    ['~ volumes: {services: {}}', 'Start each line with a dash.'],
    ['~ networks: {default: {volumes: {}}}', 'belongs to the top of the file'],
  ];
  for (const [text, hint] of hints) {
    it(`says what to do about ${JSON.stringify(text)}`, () => {
      const { diagnostics } = loadFrom({ 'compose.yaml': fileOf(text) });
      expect(diagnostics[0]?.hint).to.contain(hint);
    });
  }

  it('shows an interpolated value before and after', () => {
    const { diagnostics } = loadFrom(
      { 'compose.yaml': fileOf('~ ports: "$P"') },
      { env: { P: '80' } },
    );
    expect(diagnostics[0]?.message).to.equal(
      'services.web.ports must be a list, got "80" (from $P)',
    );
  });

  it('gives each unset variable one warning with all its places', () => {
    const { diagnostics } = loadFrom({ 'compose.yaml': fileOf('~ hostname: $A\n    user: $A') });
    expect(diagnostics).to.have.length(1);
    expect(diagnostics[0]?.related?.map(({ range }) => range.start.line)).to.deep.equal([5]);
  });
});
