import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { loadProject } from '../../../runtime/compose/file/load-project.ts'
import type { ProjectOptions } from '../../../runtime/compose/file/load-project.ts'
import { configHash } from '../../../runtime/compose/plan/config-hash.ts'
import { toCompose } from '../../../runtime/compose/model/to-compose.ts'
import type { Project } from '../../../runtime/compose/model/project.ts'

type Files = Readonly<Record<string, string>>

function load(t: Test, files: Files, options: Partial<ProjectOptions> = {}): Project {
  const folder = t.testdir()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const base = { files: [], envFiles: [], profiles: [], env: {}, warn: () => undefined }
  return loadProject({ ...base, cwd: folder, projectName: 'p', ...options })
}

/** A service named web, in the words of its file. */
const web = (text: string): string =>
  `services:\n  web:\n    image: i\n${text.replaceAll(/^/gm, '    ')}\n`

const spellings: [string, string, object][] = [
  ['a command line', 'command: echo "a b"', { command: ['echo', 'a b'] }],
  ['command words', 'command: [echo, 1]', { command: ['echo', '1'] }],
  [
    'environment as a list',
    'environment: [A=1, B, "C=x=y"]',
    { environment: { A: '1', B: null, C: 'x=y' } },
  ],
  [
    'environment as a mapping',
    'environment: {A: 1, B: null, C: true}',
    { environment: { A: '1', B: null, C: 'true' } },
  ],
  ['all GPUs', 'gpus: all', { gpus: ['all'] }],
  [
    'devices by what they can',
    'gpus: [{device_ids: [0, 1]}]\ndeploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 2}]}}}',
    { gpus: ['device=0,1', '2'], deploy: { reservations: {} } },
  ],
  [
    'devices that their vendors describe',
    'devices: [/dev/a]\ngpus: [{driver: cdi, device_ids: [v.com/c=d]}]',
    { devices: ['/dev/a', 'v.com/c=d'] },
  ],
  [
    'hooks',
    'post_start: [{command: echo a, user: 7}]\npre_stop: [{command: [x], environment: [A=b], privileged: true}]',
    {
      postStart: [{ command: ['echo', 'a'], user: '7' }],
      preStop: [{ command: ['x'], environment: { A: 'b' }, privileged: true }],
    },
  ],
  ['a port', 'ports: [80]', { ports: [{ target: '80', protocol: 'tcp' }] }],
  [
    'a published port',
    'ports: ["8080:80/udp"]',
    { ports: [{ target: '80', published: '8080', protocol: 'udp' }] },
  ],
  [
    'a port at an address',
    'ports: ["127.0.0.1:8080:80"]',
    { ports: [{ target: '80', published: '8080', hostIp: '127.0.0.1', protocol: 'tcp' }] },
  ],
  [
    'a port at an IPv6 address',
    'ports: ["[::1]:8080:80"]',
    { ports: [{ target: '80', published: '8080', hostIp: '::1', protocol: 'tcp' }] },
  ],
  [
    'any port at an address',
    'ports: ["127.0.0.1::80"]',
    { ports: [{ target: '80', hostIp: '127.0.0.1', protocol: 'tcp' }] },
  ],
  [
    'ports',
    'ports: ["9000-9002:80-82"]',
    { ports: [{ target: '80-82', published: '9000-9002', protocol: 'tcp' }] },
  ],
  [
    'a port in words',
    'ports: [{target: 80, published: "8080", host_ip: 127.0.0.1}]',
    { ports: [{ target: '80', published: '8080', hostIp: '127.0.0.1', protocol: 'tcp' }] },
  ],
  [
    'a named volume',
    'volumes: [data:/x:ro]',
    { volumes: [{ type: 'volume', source: 'data', target: '/x', readOnly: true }] },
  ],
  ['a volume without a name', 'volumes: [/x]', { volumes: [{ type: 'volume', target: '/x' }] }],
  [
    'a health check line',
    'healthcheck: {test: curl x, interval: 5s, retries: 2}',
    { healthcheck: { test: ['CMD-SHELL', 'curl x'], interval: '5s', retries: 2 } },
  ],
  [
    'dependencies as a list',
    'depends_on: [other]',
    { dependsOn: { other: { condition: 'service_started', restart: false, required: true } } },
  ],
  [
    'limits',
    'ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}',
    { ulimits: { nproc: '10:10', nofile: '1:2' } },
  ],
  [
    'other hosts',
    'extra_hosts: ["a=1.2.3.4", "b:1.2.3.5"]',
    { extraHosts: ['a:1.2.3.4', 'b:1.2.3.5'] },
  ],
  ['a mode', 'secrets: [{source: s, mode: 0o440}]', { secrets: [{ source: 's', mode: '440' }] }],
  ['text for a number', 'scale: "2"', { scale: 2 }],
  ['text for a truth value', 'tty: "true"', { tty: true }],
]

const others = `  other: {image: i}\nvolumes: {data: }\nsecrets: {s: {file: ./s}}\n`

for (const [title, text, expected] of spellings)
  t.test(`spelling: ${title}`, async (t) => {
    const { services } = load(t, { 'compose.yaml': web(text) + others })
    t.strictSame(services['web'], { image: 'i', ...expected })
  })

t.test('paths are relative to the file', async (t) => {
  const text = web('volumes: [./d:/d]\nbuild: ./b\nenv_file: e')
  const { services, folder } = load(t, { 'compose.yaml': text })
  t.strictSame(services['web']?.volumes?.[0]?.source, join(folder, 'd'))
  t.equal(services['web']?.build?.context, join(folder, 'b'))
  t.equal(services['web']?.envFiles?.[0]?.path, join(folder, 'e'))
})

t.test('files go over each other', async (t) => {
  const { services } = load(t, {
    'compose.yaml': web(
      'command: a\nenvironment: [A=1, B=2]\nports: ["1:1"]\nvolumes: ["/x:/v", "/y:/w"]\ndns: 1.1.1.1\nlogging: {driver: json-file, options: {max-size: 1m}}',
    ),
    'compose.override.yaml': web(
      'command: [b, c]\nenvironment: {B: 3}\nports: ["2:2"]\nvolumes: ["/z:/v"]\ndns: [2.2.2.2]\nlogging: {driver: none}',
    ),
  })
  t.match(services['web'], {
    command: ['b', 'c'],
    environment: { A: '1', B: '3' },
    dns: ['1.1.1.1', '2.2.2.2'],
  })
  t.equal(services['web']?.ports?.length, 2)
  t.strictSame(
    services['web']?.volumes?.map(({ source, target }) => [source, target]),
    [
      ['/z', '/v'],
      ['/y', '/w'],
    ],
  )
  t.strictSame(services['web']?.logging, { driver: 'none' })
})

t.test('!reset and !override', async (t) => {
  const { services } = load(t, {
    'compose.yaml': web('ports: ["1:1"]\nmem_limit: 1g\nenvironment: {A: 1, B: 2}\ncap_add: [X]'),
    'compose.override.yaml': web(
      'ports: !override ["2:2"]\nmem_limit: !reset null\nenvironment: {A: !reset null}\ncap_add: !reset []',
    ),
  })
  t.strictSame(services['web'], {
    image: 'i',
    ports: [{ target: '2', published: '2', protocol: 'tcp' }],
    environment: { B: '2' },
  })
})

t.test('extends: the same file, another one, and not in circles', async (t) => {
  const { services, folder } = load(t, {
    'compose.yaml': `services:
  base: {image: i, environment: {A: 1, B: 1}}
  web: {extends: base, environment: {B: 2}}
  far: {extends: {file: sub/other.yaml, service: there}}
`,
    'sub/other.yaml': 'services: {there: {image: far, volumes: ["./d:/d"]}}',
  })
  t.strictSame(services['web']?.environment, { A: '1', B: '2' })
  t.equal(services['far']?.volumes?.[0]?.source, join(folder, 'sub/d'))
  t.throws(
    () => load(t, { 'compose.yaml': 'services: {a: {extends: b}, b: {extends: a}}' }),
    /circle/,
  )
})

t.test('include: paths and variables of its own', async (t) => {
  const files = {
    'compose.yaml': 'include: [sub/compose.yaml]\nservices: {web: {image: i, depends_on: [db]}}',
    'sub/compose.yaml': 'services: {db: {image: "${TAG}", volumes: ["./d:/d"]}}',
    'sub/.env': 'TAG=from-there',
  }
  const { services, folder } = load(t, files)
  t.equal(services['db']?.image, 'from-there')
  t.equal(services['db']?.volumes?.[0]?.source, join(folder, 'sub/d'))
  t.throws(
    () =>
      load(t, {
        ...files,
        'compose.yaml': 'include: [sub/compose.yaml]\nservices: {db: {image: x}}',
      }),
    /services\.db is defined here too/,
  )
})

t.test('profiles', async (t) => {
  const text =
    'services: {a: {image: i}, b: {image: i, profiles: [x]}, c: {image: i, profiles: [y]}}'
  const names = (options: Partial<ProjectOptions>): string[] =>
    Object.keys(load(t, { 'compose.yaml': text }, options).services)
  t.strictSame(names({}), ['a'])
  t.strictSame(names({ profiles: ['x'] }), ['a', 'b'])
  t.strictSame(names({ profiles: ['*'] }), ['a', 'b', 'c'])
  t.strictSame(names({ services: ['c'] }), ['a', 'c'])
  t.strictSame(names({ env: { COMPOSE_PROFILES: 'y' } }), ['a', 'c'])
})

t.test('variables: the environment goes over the .env file; the name is one', async (t) => {
  const files = {
    'compose.yaml': 'services: {web: {image: "$A-$B-$COMPOSE_PROJECT_NAME"}}',
    '.env': 'A=file\nB=file\n',
  }
  t.equal(load(t, files, { env: { B: 'caller' } }).services['web']?.image, 'file-caller-p')
})

t.test('networks: the default one, names, those of others', async (t) => {
  const { networks } = load(t, {
    'compose.yaml':
      'services: {web: {image: i}}\nnetworks: {own: {name: called}, far: {external: true}, sub: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}',
  })
  t.match(networks, {
    default: { name: 'p_default', external: false },
    own: { name: 'called' },
    far: { name: 'far', external: true },
    sub: { name: 'p_sub', subnets: ['10.1.0.0/24'] },
  })
})

t.test('the name of a project', async (t) => {
  const text = 'name: from-file\nservices: {web: {image: i}}'
  const files = { 'compose.yaml': text }
  t.equal(load(t, files, { projectName: undefined }).name, 'from-file')
  t.equal(load(t, files, { projectName: undefined, env: { COMPOSE_PROJECT_NAME: 'e' } }).name, 'e')
  t.throws(() => load(t, files, { projectName: 'Not Good' }), { code: 'INVALID_ARGUMENT' })
})

const refused: [string, string, RegExp][] = [
  ['no YAML', 'services: [', /compose\.yaml:1/],
  [
    'an unknown field',
    web('comand: x'),
    /compose\.yaml:4: services\.web\.comand: .*did you mean command/,
  ],
  ['an unknown part', 'servces: {}', /compose\.yaml:1: servces: .*did you mean services/],
  ['a wrong type', web('ports: {a: 1}'), /services\.web\.ports: expected a list/],
  [
    'a wrong word',
    web('healthcheck: {retries: many}'),
    /healthcheck\.retries: expected a number, found "many"/,
  ],
  ['no image', 'services: {web: {}}', /neither an image nor a build/],
  ['a missing dependency', web('depends_on: [nope]'), /undefined service nope/],
  ['a missing network', web('networks: [nope]'), /undefined network nope/],
  [
    'a missing volume',
    `${web('volumes: ["dat:/x"]')}volumes: {data: }`,
    /undefined volume dat: did you mean data/,
  ],
  ['a missing secret', web('secrets: [nope]'), /undefined secret nope/],
  [
    'a circle',
    'services: {a: {image: i, depends_on: [b]}, b: {image: i, depends_on: [a]}}',
    /wait for each other: a → b → a/,
  ],
  ['two ways to a network', web('network_mode: host\nnetworks: [default]'), /mutually exclusive/],
  ['one name for two', web('container_name: x\nscale: 2'), /a name is for one container/],
  ['a bad port', web('ports: ["80:"]'), /services\.web\.ports\[0\]/],
  ['an open quote', web(`command: 'echo "x'`), /services\.web\.command/],
  [
    'a bomb',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    /compose\.yaml/,
  ],
]

for (const [title, text, wanted] of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.throws(() => load(t, { 'compose.yaml': text }), { exitCode: 1, code: /./ })
    t.throws(() => load(t, { 'compose.yaml': text }), wanted)
  })

t.test('no file', async (t) => {
  t.throws(() => load(t, {}, { files: ['nope.yaml'] }), { code: 'NOT_FOUND', exitCode: 1 })
})

t.test('what config prints means the same', async (t) => {
  const text = `${web(
    'command: a "b c"\nports: ["8080:80", 81]\nvolumes: [data:/x, ./y:/y:ro]\nenvironment: {A: 1}\ndepends_on: {other: {condition: service_healthy}}\nulimits: {nofile: {soft: 1, hard: 2}}\nmem_limit: 1g\nblkio_config: {weight: 10, device_read_bps: [{path: /dev/sda, rate: 1mb}]}\ncpus: 0.5\nhealthcheck: {test: [CMD, x], interval: 1s}\nsecrets: [{source: s, mode: "0400"}]\nnetworks: {default: {aliases: [w]}}\ndeploy: {replicas: 2}\nbuild: {context: ., args: {A: 1}}',
  )}${others}`
  const first = load(t, { 'compose.yaml': text })
  const printed = JSON.stringify(toCompose(first))
  const second = load(t, { 'compose.yaml': printed })
  const again = { ...second, folder: first.folder }
  t.equal(JSON.stringify(toCompose(again)), printed)
  t.equal(configHash(again, 'web'), configHash(first, 'web'))
})

t.test('the hash of a configuration', async (t) => {
  const hash = (text: string): string => configHash(load(t, { 'compose.yaml': web(text) }), 'web')
  t.equal(hash('ports: ["1:1"]\nscale: 2'), hash('scale: 3\nports: ["1:1"]'))
  t.not(hash('ports: ["1:1"]'), hash('ports: ["1:2"]'))
  t.not(hash('environment: {A: 1}'), hash('environment: {A: 2}'))
})

t.test('what nothing is done with is told', async (t) => {
  const told: string[] = []
  const text = web('isolation: x\nbuild: {context: ., ssh: [default]}\ndeploy: {placement: {}}')
  load(t, { 'compose.yaml': text }, { warn: (line) => told.push(line) })
  t.match(told, [/services\.web\.isolation/, /web\.build\.ssh/, /web\.deploy\.placement/])
})
