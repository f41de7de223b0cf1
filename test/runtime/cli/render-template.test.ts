import t from 'tap'
import { parseTemplate } from '../../../runtime/cli/template/parse-template.ts'
import { renderTemplate } from '../../../runtime/cli/template/render-template.ts'

const data = {
  Name: 'web',
  Running: true,
  Pid: 42,
  Empty: '',
  Config: { Labels: { 'a.b': 'one', c: 'two' }, Cmd: ['sh', '-c'] },
  Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
  Nothing: null,
}

const rows: { template: string; want: string }[] = [
  { template: 'plain', want: 'plain' },
  { template: '{{.Name}}: {{.Pid}} {{.Running}}', want: 'web: 42 true' },
  { template: '{{json .Config.Cmd}}', want: '["sh","-c"]' },
  { template: '{{.Config.Labels}}', want: 'map[a.b:one c:two]' },
  { template: '{{.Config.Cmd}}', want: '[sh -c]' },
  { template: '{{.Nothing}}', want: '<no value>' },
  { template: '{{.Config.Labels.c}} {{.Config.Labels.missing}}', want: 'two <no value>' },
  { template: '{{index .Config.Labels "a.b"}}', want: 'one' },
  { template: '{{index .Config.Labels "missing"}}', want: '' },
  { template: '{{(index (index .Ports "80/tcp") 0).HostPort}}', want: '8080' },
  { template: '{{join .Config.Cmd ", "}}', want: 'sh, -c' },
  { template: '{{.Name | upper}}', want: 'WEB' },
  { template: '{{.Name | printf "%5s|%-5s|" "x"}}', want: '    x|web  |' },
  { template: '{{printf "%q %d %v %%" .Name .Pid .Running}}', want: '"web" 42 true %' },
  { template: '{{range .Config.Cmd}}<{{.}}>{{end}}', want: '<sh><-c>' },
  { template: '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}', want: 'a.b=one;c=two;' },
  { template: '{{range $i, $e := .Config.Cmd}}{{if $i}},{{end}}{{$e}}{{end}}', want: 'sh,-c' },
  { template: '{{range .Nothing}}x{{else}}none{{end}}', want: 'none' },
  { template: '{{if .Empty}}a{{else if .Running}}b{{else}}c{{end}}', want: 'b' },
  { template: '{{if and .Running (not .Empty)}}yes{{end}}', want: 'yes' },
  { template: '{{if or (eq .Name "x" "web") false}}yes{{end}}', want: 'yes' },
  { template: '{{if gt .Pid 41}}big{{end}}{{if ne .Name "web"}}x{{end}}', want: 'big' },
  { template: '{{with .Config}}{{len .Cmd}}{{$.Name}}{{end}}', want: '2web' },
  { template: '{{$x := .Name}}{{$x}}', want: 'web' },
  { template: 'a {{- .Name -}} b', want: 'awebb' },
  { template: '{{/* nothing */}}x', want: 'x' },
  { template: '{{println .Name}}', want: 'web\n' },
  { template: '{{"a\\tb"}}{{`c"d`}}', want: 'a\tbc"d' },
  { template: '{{slice .Name 1}}{{title "abc def"}}{{lower "X"}}', want: 'ebAbc Defx' },
]

for (const { template, want } of rows) {
  t.test(template, async (t) => {
    t.equal(renderTemplate(parseTemplate(template), data), want)
  })
}

const rejected = [
  '{{.Missing}}',
  '{{.Nothing.Field}}',
  '{{',
  '{{.Name',
  '{{if .Name}}',
  '{{end}}',
  '{{else}}',
  '{{frob .Name}}',
  '{{constructor}}',
  '{{.constructor}}',
  '{{.__proto__}}',
  '{{.Name 1}}',
  '{{$unknown}}',
  '{{(.Name}}',
  '{{}}',
  '{{index .Config.Cmd 7}}',
  '{{range .Pid}}{{end}}',
  '{{"open}}',
  '{{if .Name}}'.repeat(500),
  `{{${'('.repeat(5000)}`,
]

for (const template of rejected) {
  t.test(`rejects ${template.slice(0, 40)}`, async (t) => {
    t.throws(() => renderTemplate(parseTemplate(template), data), { code: 'INVALID_ARGUMENT' })
  })
}
