import t from 'tap'
import { createWords } from '../../../runtime/docker-api/create-words.ts'

const rows = [
  ['a command', { Cmd: ['echo', 'a'] }, ['--detach', '--network', 'bridge']],
  ['an entrypoint that is taken away', { Entrypoint: [''] }, ['--entrypoint', '']],
  ['a variable without a value', { Env: ['A=b', 'C'] }, ['--env', 'A=b', '--unsetenv', 'C']],
  ['streams', { AttachStdout: true, Tty: true }, ['--tty', '--attach', 'STDOUT']],
  [
    'ports',
    { HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }, {}] } } },
    ['--publish', '[::1]:8080:80/tcp', '--publish', '80/tcp'],
  ],
  [
    'a network with wishes',
    {
      HostConfig: { NetworkMode: 'net' },
      NetworkingConfig: {
        EndpointsConfig: { net: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.1.2.3' } } },
      },
    },
    ['--network', 'net:alias=db,ip=10.1.2.3'],
  ],
  [
    'a mount whose path has a comma',
    { HostConfig: { Mounts: [{ Type: 'bind', Source: '/a,b', Target: '/c', ReadOnly: true }] } },
    ['--mount', 'type=bind,"source=/a,b",target=/c,readonly=true'],
  ],
  [
    'a volume that Binds has too',
    { Volumes: { '/d': {} }, HostConfig: { Binds: ['v:/d'] } },
    ['--volume', 'v:/d'],
  ],
  [
    'limits',
    { HostConfig: { NanoCpus: 1.5e9, Memory: 4096, MemorySwappiness: -1 } },
    ['--memory', '4096', '--cpus', '1.5'],
  ],
  [
    'a policy',
    { HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } } },
    ['--restart', 'on-failure:3'],
  ],
  ['GPUs', { HostConfig: { DeviceRequests: [{ Count: -1 }] } }, ['--gpus', 'all']],
  [
    'GPUs and devices by name',
    {
      HostConfig: {
        DeviceRequests: [{ DeviceIDs: ['0', '1'] }, { Driver: 'cdi', DeviceIDs: ['a.b/c=d'] }],
      },
    },
    ['--gpus', 'device=0,1', '--device', 'a.b/c=d'],
  ],
  [
    'a health check',
    { Healthcheck: { Test: ['CMD', 'a'], Interval: 1e9 } },
    ['--health-cmd', '["CMD","a"]', '--health-interval', '1000ms'],
  ],
] as const

for (const [title, body, words] of rows)
  t.test(title, async (t) => {
    const { flags } = createWords({ Image: 'i', ...body }, undefined)
    const text = ` ${flags.join(' ')} `
    t.ok(text.includes(` ${words.join(' ')} `) || words.every((word) => flags.includes(word)), text)
  })

const wrong = [
  {},
  { Image: 1 },
  { Image: 'i', Env: 'A=b' },
  { Image: 'i', HostConfig: [] },
  { Image: 'i', HostConfig: { Memory: 'much' } },
  { Image: 'i', HostConfig: { PortBindings: { x: [{}] } } },
  { Image: 'i', HostConfig: { Mounts: [{ Source: 'a\nb' }] } },
]

t.test('a field of the wrong type is refused', async (t) => {
  for (const body of wrong)
    t.throws(() => createWords(body, undefined), { code: 'INVALID_ARGUMENT' }, JSON.stringify(body))
})
