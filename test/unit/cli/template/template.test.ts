import { expect } from 'chai';
import {
  evaluateTemplate,
  parseTemplate,
  TemplateError,
} from '../../../../src/cli/template/index.ts';

const container = {
  Name: 'web-1',
  State: { Status: 'running', Running: true, Pid: 42, Error: '' },
  Config: { Labels: { 'a.b': 'x<y', z: '1' }, Env: ['A=1', 'B=2'], Cmd: null },
  Mounts: [
    { Type: 'volume', Destination: '/d' },
    { Type: 'bind', Destination: '/e' },
  ],
  Label: (key: string) => ({ z: '1' })[key] ?? '',
};

function render(template: string): string {
  return evaluateTemplate(parseTemplate(template), container);
}

/** Each answer was read off `docker inspect --format` or `docker ps --format`, or follows from Go's documentation. */
const rendered: readonly (readonly [template: string, expected: string])[] = [
  ['plain', 'plain'],
  ['{{.Name}}', 'web-1'],
  ['{{ .State.Status }}!', 'running!'],
  ['{{.Config.Labels.nope}}', '<no value>'],
  ['{{index .Config.Labels "a.b"}}', 'x<y'],
  ['{{index .Config.Labels "nope"}}', ''],
  ['{{index .Config.Env 1}}', 'B=2'],
  ['{{json .Config.Labels}}', '{"a.b":"x\\u003cy","z":"1"}'],
  ['{{json .Config.Cmd}}', 'null'],
  ['{{.Config.Env}}', '[A=1 B=2]'],
  ['{{.Config.Labels}}', 'map[a.b:x<y z:1]'],
  ['{{.State}}', '{running true 42 }'],
  ['{{range .Mounts}}{{.Destination}} {{end}}', '/d /e '],
  ['{{range $i, $m := .Mounts}}{{if $i}},{{end}}{{$m.Type}}{{end}}', 'volume,bind'],
  ['{{range .Config.Cmd}}x{{else}}none{{end}}', 'none'],
  ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}', 'a.b=x<y;z=1;'],
  ['{{range .Config.Env}}{{.}}{{break}}{{end}}', 'A=1'],
  ['{{range .Config.Env}}{{if eq . "A=1"}}{{continue}}{{end}}{{.}}{{end}}', 'B=2'],
  ['{{with .State}}{{.Pid}}{{$.Name}}{{end}}', '42web-1'],
  ['{{with .Config.Cmd}}x{{else}}y{{end}}', 'y'],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if .State.Error}}e{{else if eq .State.Pid 42}}answer{{else}}?{{end}}', 'answer'],
  ['{{if and .State.Running (gt .State.Pid 41)}}y{{end}}', 'y'],
  ['{{if or .State.Error (not .State.Running)}}y{{else}}n{{end}}', 'n'],
  ['{{eq .State.Status "exited" "running"}}', 'true'],
  ['{{ne .State.Pid 1}}{{lt 1 2}}{{ge 1 2}}', 'truetruefalse'],
  ['{{.Name | upper | printf "%s/%d" | printf "%q"}}', '"WEB-1/%!d(MISSING)"'],
  [
    '{{printf "%-8s|%5d|%05d|%.2f|%t|%v" .Name 42 7 1.5 true .Config.Env}}',
    'web-1   |   42|00007|1.50|true|[A=1 B=2]',
  ],
  ['{{join (split "a,b,c" ",") "-"}}', 'a-b-c'],
  ['{{title "hello wide world"}} {{lower "ABC"}}', 'Hello Wide World abc'],
  ['{{truncate .Name 3}}{{pad "x" 1 2}}|', 'web x  |'],
  ['{{len .Mounts}} {{len .Name}}', '2 5'],
  ['{{slice .Name 0 3}}', 'web'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{print "a" 1 2 "b"}}', 'a1 2b'],
  ['a {{- /* gone */ -}} b', 'ab'],
  ['a\n{{- .Name -}}\nb', 'aweb-1b'],
  ['{{$x := .Name}}{{$x}}{{$x = "new"}}{{$x}}', 'web-1new'],
  ['{{(index .Mounts 0).Type}}', 'volume'],
  ['{{.Label "z"}}', '1'],
  ['{{`raw\\n`}}{{"\\u0041\\x42\\t"}}', 'raw\\nAB\t'],
  ['{{html "<a>"}}{{urlquery "a b&c"}}', '&#60;a&#62;a+b%26c'],
];

const refused: readonly (readonly [template: string, message: RegExp])[] = [
  ['{{.Name', /unclosed action/],
  ['{{}}', /missing value/],
  ['{{.Nope}}', /can't evaluate field Nope/],
  ['{{.State.Status.Foo}}', /can't evaluate field Foo in type string/],
  ['{{.Config.Cmd.Foo}}', /nil pointer/],
  ['{{nope .Name}}', /function "nope" not defined/],
  ['{{if .Name}}x', /\{\{end\}\} is missing/],
  ['{{end}}', /unexpected \{\{end\}\}/],
  ['{{"a}}', /unterminated quoted string/],
  ['{{(.Name}}', /unclosed left paren/],
  ['{{.Name 1}}', /can't give argument to non-function \.Name/],
  ['{{index .Config.Env 7}}', /index out of range/],
  ['{{lower 1}}', /expected string/],
  ['{{$x}}', /undefined variable/],
  ['{{break}}', /outside/],
  ['{{template "x"}}', /not supported/],
  ['{{eq 1 "1"}}', /incompatible types/],
];

describe('a format template', () => {
  for (const [template, expected] of rendered) {
    it(`renders ${JSON.stringify(template)}`, () => {
      expect(render(template)).to.equal(expected);
    });
  }

  for (const [template, message] of refused) {
    it(`refuses ${JSON.stringify(template)}`, () => {
      expect(() => render(template)).to.throw(TemplateError, message);
    });
  }
});
