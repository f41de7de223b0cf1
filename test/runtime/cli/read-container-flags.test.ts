import t from 'tap'
import {
  containerFlags,
  readContainerFlags,
} from '../../../runtime/cli/container-flags/container-flags.ts'
import { parseFlags } from '../../../runtime/cli/flag-parser.ts'
import { defaultOptions } from '../../../runtime/container/default-options.ts'

const context = {
  io: { env: { USER: 'me' }, cwd: '/home/me' },
  readText: (path: string) => (path === 'labels' ? 'a=file\nb=file' : 'A=file\nB=file'),
}

function read(...argv: string[]) {
  const { flags, args } = parseFlags(argv, containerFlags(), {
    command: 'run',
    interspersed: false,
  })
  return readContainerFlags(flags, args, context)
}

t.test('no flag gives the defaults', async (t) => {
  const expected = { ...defaultOptions('host'), command: ['sh', '-c', 'true'] }
  // JSON leaves out what is undefined, as the record does.
  const options: unknown = JSON.parse(JSON.stringify(read('host', 'sh', '-c', 'true')))
  t.strictSame(options, JSON.parse(JSON.stringify(expected)))
})

t.test('the result is plain JSON', async (t) => {
  const options = read(
    '-it',
    '-m',
    '50m',
    '-v',
    '.:/src:ro',
    '--label',
    '__proto__=x',
    'host',
    'sh',
  )
  t.strictSame(JSON.parse(JSON.stringify(options)).resources, { memory: 52_428_800 })
  t.match(options, { tty: true, interactive: true })
  t.match(options.mounts, [{ kind: 'bind', source: '/home/me', readOnly: true }])
})

t.test('files come before flags', async (t) => {
  const options = read(
    '--env-file',
    'env',
    '-e',
    'A=flag',
    '-e',
    'USER',
    '-e',
    'GONE',
    '--label-file',
    'labels',
    '-l',
    'a=flag',
    'i',
  )
  t.strictSame(options.env, ['A=file', 'B=file', 'A=flag', 'USER=me'])
  t.strictSame({ ...options.labels }, { a: 'flag', b: 'file' })
})

t.test('many flags at once', async (t) => {
  const options = read(
    ...'-d --name web -p 8080:80 --network front --network-alias www --restart on-failure:3'.split(
      ' ',
    ),
    ...'--cap-drop all --cap-add net_admin,CAP_CHOWN --security-opt no-new-privileges'.split(' '),
    ...'--user 1000:1000 --cpus 1.5 --pids-limit 10 --ulimit nofile=5 --sysctl net.a.b=1'.split(
      ' ',
    ),
    ...'--stop-signal 15 --stop-timeout -1 --init --read-only --tmpfs /run --userns keep-id'.split(
      ' ',
    ),
    'image',
  )
  t.match(options, {
    detach: true,
    name: 'web',
    network: {
      mode: { kind: 'networks', names: ['front'] },
      publish: ['8080:80'],
      aliases: ['www'],
    },
    restart: { name: 'on-failure', maximumRetryCount: 3 },
    security: { capDrop: ['ALL'], capAdd: ['NET_ADMIN', 'CHOWN'], noNewPrivileges: true },
    user: '1000:1000',
    resources: { cpus: 1.5, pidsLimit: 10 },
    stopSignal: 'SIGTERM',
    stopTimeout: -1,
    init: true,
    readOnly: true,
    namespaces: { user: { kind: 'keep-id' } },
  })
})

t.test('an entry point may be empty, a word, or JSON', async (t) => {
  t.strictSame(read('--entrypoint', '', 'i', 'x').entrypoint, [])
  t.strictSame(read('--entrypoint', 'a b', 'i').entrypoint, ['a b'])
  t.strictSame(read('--entrypoint', '["a","b"]', 'i').entrypoint, ['a', 'b'])
})

const rejected: { name: string; argv: string[] }[] = [
  { name: '--rm with a restart policy', argv: ['--rm', '--restart', 'always', 'i'] },
  { name: '--detach with --attach', argv: ['-d', '-a', 'stdout', 'i'] },
  { name: 'two mounts at one place', argv: ['-v', '/a:/x', '--tmpfs', '/x/', 'i'] },
  { name: 'a host name in the host’s UTS namespace', argv: ['-h', 'x', '--uts', 'host', 'i'] },
  { name: 'a swap limit under the memory limit', argv: ['-m', '50m', '--memory-swap', '10m', 'i'] },
  { name: '--cpus with a quota', argv: ['--cpus', '1', '--cpu-quota', '5', 'i'] },
  { name: 'an address in the host’s network', argv: ['--ip', '1.2.3.4', '--network', 'host', 'i'] },
  { name: 'a name that is a path', argv: ['--name', '../x', 'i'] },
  { name: 'a relative working folder', argv: ['-w', 'x', 'i'] },
  { name: '--replace without a name', argv: ['--replace', 'i'] },
  { name: 'an empty image', argv: [''] },
  { name: 'a name that is too small a share', argv: ['--cpus', '0.001', 'i'] },
  { name: 'an id map of words', argv: ['-v', '/a:/b:idmap=uids=x', 'i'] },
  { name: 'a line of resolv.conf', argv: ['--dns-search', 'a\nnameserver 6.6.6.6', 'i'] },
  { name: 'a cgroup parent that climbs', argv: ['--cgroup-parent', '../x', 'i'] },
  { name: 'an unknown personality', argv: ['--personality', 'BSD', 'i'] },
  { name: 'a timezone that is a path', argv: ['--tz', '../etc/passwd', 'i'] },
  { name: 'a domain name with a newline', argv: ['--domainname', 'a\nb', 'i'] },
  { name: 'an unknown capability', argv: ['--cap-add', 'net_admn', 'i'] },
  { name: 'an unknown pull policy', argv: ['--pull', 'sometimes', 'i'] },
]

for (const { name, argv } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => read(...argv), { code: 'INVALID_ARGUMENT' })
  })
}
