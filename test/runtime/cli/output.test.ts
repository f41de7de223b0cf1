import t from 'tap'
import { statusText } from '../../../runtime/cli/output/container-status.ts'
import {
  containerHeaders,
  containerRow,
  defaultContainerTable,
} from '../../../runtime/cli/output/container-row.ts'
import { formatRows } from '../../../runtime/cli/output/format-rows.ts'
import { humanDuration } from '../../../runtime/cli/output/human-duration.ts'
import { humanBinarySize, humanSize } from '../../../rootfs/human-size.ts'
import { inspectDocument } from '../../../runtime/cli/output/inspect-document.ts'
import { portsText } from '../../../runtime/cli/output/published-ports.ts'
import { formatTable } from '../../../runtime/cli/output/table.ts'
import { renderTemplate } from '../../../runtime/cli/template/render-template.ts'
import { parseTemplate } from '../../../runtime/cli/template/parse-template.ts'
import type { ContainerState, PublishedPort } from '../../../runtime/container/state.ts'
import { sampleContainer } from './sample-container.ts'

const minute = 60_000
const day = 24 * 60 * minute

const durations: { ms: number; want: string }[] = [
  { ms: -5, want: 'Less than a second' },
  { ms: 1000, want: '1 second' },
  { ms: 59_999, want: '59 seconds' },
  { ms: minute, want: 'About a minute' },
  { ms: 59 * minute, want: '59 minutes' },
  { ms: 60 * minute, want: 'About an hour' },
  { ms: 47 * 60 * minute, want: '47 hours' },
  { ms: 2 * day, want: '2 days' },
  { ms: 13 * day, want: '13 days' },
  { ms: 14 * day, want: '2 weeks' },
  { ms: 60 * day, want: '2 months' },
  { ms: 730 * day, want: '2 years' },
]

for (const { ms, want } of durations) {
  t.test(`duration: ${want}`, async (t) => {
    t.equal(humanDuration(ms), want)
  })
}

t.test('sizes', async (t) => {
  t.equal(humanSize(0), '0B')
  t.equal(humanSize(1_234_567), '1.23MB')
  t.equal(humanBinarySize(1_515_520), '1.445MiB')
  t.equal(humanBinarySize(1023), '1023B')
})

const now = Date.parse('2026-01-01T00:03:01Z')
const statuses: { name: string; state: Partial<ContainerState>; want: string }[] = [
  { name: 'running', state: {}, want: 'Up 3 minutes' },
  {
    name: 'healthy',
    state: { health: { status: 'healthy', failingStreak: 0, log: [] } },
    want: 'Up 3 minutes (healthy)',
  },
  {
    name: 'starting',
    state: { health: { status: 'starting', failingStreak: 0, log: [] } },
    want: 'Up 3 minutes (health: starting)',
  },
  { name: 'paused', state: { status: 'paused' }, want: 'Up 3 minutes (Paused)' },
  {
    name: 'exited',
    state: { status: 'exited', exitCode: 137, finishedAt: '2026-01-01T00:02:59Z' },
    want: 'Exited (137) 2 seconds ago',
  },
  {
    name: 'restarting',
    state: { status: 'restarting', exitCode: 1, finishedAt: '2026-01-01T00:02:59Z' },
    want: 'Restarting (1) 2 seconds ago',
  },
  { name: 'created', state: { status: 'created' }, want: 'Created' },
]

for (const { name, state, want } of statuses) {
  t.test(`status: ${name}`, async (t) => {
    t.equal(statusText(sampleContainer({}, state).state, now), want)
  })
}

const tcp = (containerPort: number, hostPort: number, hostIp = '0.0.0.0'): PublishedPort => ({
  containerPort,
  hostPort,
  hostIp,
  protocol: 'tcp',
})

const ports: { name: string; published: PublishedPort[]; exposed: string[]; want: string }[] = [
  { name: 'none', published: [], exposed: [], want: '' },
  { name: 'one', published: [tcp(80, 8080)], exposed: ['80/tcp'], want: '0.0.0.0:8080->80/tcp' },
  {
    name: 'an unpublished one',
    published: [],
    exposed: ['443/tcp', '80/tcp'],
    want: '80/tcp, 443/tcp',
  },
  {
    name: 'a range',
    published: [tcp(81, 8081), tcp(80, 8080)],
    exposed: [],
    want: '0.0.0.0:8080-8081->80-81/tcp',
  },
  {
    name: 'no range',
    published: [tcp(80, 8080), tcp(81, 9000)],
    exposed: [],
    want: '0.0.0.0:8080->80/tcp, 0.0.0.0:9000->81/tcp',
  },
  { name: 'IPv6', published: [tcp(80, 8080, '::')], exposed: [], want: '[::]:8080->80/tcp' },
  {
    name: 'both families',
    published: [tcp(80, 8080), tcp(80, 8080, '::')],
    exposed: [],
    want: '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  },
]

for (const { name, published, exposed, want } of ports) {
  t.test(`ports: ${name}`, async (t) => {
    t.equal(portsText(published, exposed), want)
  })
}

t.test('a table is padded but for the last column', async (t) => {
  t.equal(
    formatTable([
      ['A', 'LONG', 'X'],
      ['ä…b', 'c', 'd'],
    ]),
    'A     LONG   X\nä…b   c      d\n',
  )
})

t.test('ps prints docker’s columns', async (t) => {
  const rows = [containerRow(sampleContainer(), { isTruncated: true, nowMs: now })]
  const layout = {
    format: undefined,
    defaultTable: defaultContainerTable(false),
    headers: containerHeaders,
  }
  const [header = '', line = ''] = formatRows(rows, layout).split('\n')
  t.match(header, /^CONTAINER ID {3}IMAGE {10}COMMAND {18}CREATED {9}STATUS {9}PORTS {27}NAMES$/)
  t.strictSame(line.split(/ {2,}/), [
    '0123456789ab',
    'nginx:latest',
    '"/docker-entrypoint.…"',
    '3 minutes ago',
    'Up 3 minutes',
    '0.0.0.0:8080->80/tcp, 443/tcp',
    'web',
  ])
})

t.test('an empty table still has its header', async (t) => {
  const layout = {
    format: 'table {{.Names}}\\t{{.ID}}',
    defaultTable: '',
    headers: containerHeaders,
  }
  t.equal(formatRows([], layout), 'NAMES   CONTAINER ID\n')
})

t.test('json and templates print a line a row', async (t) => {
  const rows = [
    { ID: 'a', Names: 'x' },
    { ID: 'b', Names: 'y' },
  ]
  const layout = { defaultTable: '', headers: {} }
  t.equal(
    formatRows(rows, { ...layout, format: 'json' }),
    '{"ID":"a","Names":"x"}\n{"ID":"b","Names":"y"}\n',
  )
  t.equal(formatRows(rows, { ...layout, format: '{{.ID}}' }), 'a\nb\n')
  t.throws(() => formatRows(rows, { ...layout, format: '{{.Nope}}' }), { code: 'INVALID_ARGUMENT' })
})

const inspected: { template: string; want: string }[] = [
  { template: '{{.State.Status}} {{.State.Running}} {{.State.Pid}}', want: 'running true 42' },
  { template: '{{.State.OOMKilled}} {{.State.ExitCode}}', want: 'false 0' },
  { template: '{{.NetworkSettings.IPAddress}}', want: '10.1.0.2' },
  { template: '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', want: '10.1.0.2' },
  { template: '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', want: '8080' },
  {
    template: '{{json .NetworkSettings.Ports}}',
    want: '{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"443/tcp":null}',
  },
  { template: '{{index .Config.Labels "app"}}', want: 'web' },
  { template: '{{.Name}} {{.Image}}', want: `/web sha256:${'ab'.repeat(32)}` },
  { template: '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}', want: 'no 0' },
  {
    template: '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}}',
    want: 'volume data /data',
  },
  { template: '{{.Path}} {{join .Args " "}}', want: '/docker-entrypoint.sh nginx -g daemon off;' },
]

for (const { template, want } of inspected) {
  t.test(`inspect ${template}`, async (t) => {
    t.equal(renderTemplate(parseTemplate(template), inspectDocument(sampleContainer())), want)
  })
}
