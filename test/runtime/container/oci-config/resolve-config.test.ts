import t from 'tap'
import { defaultOptions } from '../../../../runtime/container/default-options.ts'
import {
  resolveConfig,
  resolveHealth,
} from '../../../../runtime/container/oci-config/resolve-config.ts'
import { systemPaths } from '../../../../runtime/container/oci-config/system-paths.ts'
import { wantedMounts } from '../../../../runtime/container/oci-config/user-mounts.ts'
import { plainMount } from '../../../../runtime/container/mount-spec.ts'
import { sampleImage } from './sample.ts'

interface Row {
  name: string
  image: { entrypoint?: string[]; cmd?: string[] }
  entrypoint?: string[]
  command?: string[]
  want: [string[], string[]]
}

const merges: Row[] = [
  { name: 'the image’s own', image: { entrypoint: ['e'], cmd: ['c'] }, want: [['e'], ['c']] },
  {
    name: 'a command replaces',
    image: { entrypoint: ['e'], cmd: ['c'] },
    command: ['x'],
    want: [['e'], ['x']],
  },
  {
    name: 'an entry point drops the command',
    image: { entrypoint: ['e'], cmd: ['c'] },
    entrypoint: ['n'],
    want: [['n'], []],
  },
  { name: 'both', image: { cmd: ['c'] }, entrypoint: ['n'], command: ['x'], want: [['n'], ['x']] },
  {
    name: 'an empty entry point',
    image: { entrypoint: ['e'], cmd: ['c'] },
    entrypoint: [],
    command: ['x'],
    want: [[], ['x']],
  },
]

for (const { name, image, entrypoint, command = [], want } of merges) {
  t.test(`command: ${name}`, async (t) => {
    const options = { ...defaultOptions('i'), command, entrypoint }
    const config = { ...sampleImage, entrypoint: image.entrypoint, cmd: image.cmd }
    const resolved = resolveConfig(options, config)
    t.strictSame([resolved.entrypoint, resolved.command], want)
  })
}

t.test('no command at all is an error', async (t) => {
  const image = { ...sampleImage, cmd: undefined }
  t.throws(() => resolveConfig(defaultOptions('i'), image), { code: 'INVALID_ARGUMENT' })
})

t.test('the environment can be unset', async (t) => {
  const options = { ...defaultOptions('i'), unsetEnv: ['LANG'], env: ['B=1'] }
  t.strictSame(resolveConfig(options, sampleImage).env, ['PATH=/bin', 'B=1'])
  t.strictSame(resolveConfig({ ...options, unsetAllEnv: true }, sampleImage).env, ['B=1'])
})

t.test('health: the image’s durations are nanoseconds', async (t) => {
  const image = {
    test: ['CMD', 'x'],
    interval: 5e9,
    timeout: 0,
    startPeriod: 0,
    startInterval: 0,
    retries: 0,
  }
  t.match(resolveHealth(undefined, image), { intervalMs: 5000, timeoutMs: 30_000, retries: 3 })
  t.match(resolveHealth({ disabled: false, retries: 7 }, image), { test: ['CMD', 'x'], retries: 7 })
  t.strictSame(resolveHealth({ disabled: true }, image), { disabled: true })
  t.strictSame(resolveHealth(undefined, { ...image, test: ['NONE'] }), { disabled: true })
  t.equal(resolveHealth(undefined, undefined), undefined)
})

t.test('paths can be masked and unmasked', async (t) => {
  const { security } = defaultOptions('i')
  const paths = systemPaths({ ...security, mask: ['/x'], unmask: ['/proc/*'] })
  t.strictSame(paths.readonlyPaths, [])
  t.strictSame(paths.maskedPaths, [
    '/sys/dev/block',
    '/sys/devices/virtual/powercap',
    '/sys/firmware',
    '/sys/fs/selinux',
    '/x',
  ])
  t.strictSame(systemPaths({ ...security, systemPathsUnconfined: true }).maskedPaths, [])
})

t.test('image volumes are made unless the user covers them', async (t) => {
  const options = {
    ...defaultOptions('i'),
    mounts: [plainMount('tmpfs', '/data')],
    readOnly: true,
    readOnlyTmpfs: true,
  }
  const places = wantedMounts(options, ['/data', '/more']).map(
    ({ kind, destination }) => `${kind} ${destination}`,
  )
  t.strictSame(places, [
    'tmpfs /data',
    'volume /more',
    'tmpfs /run',
    'tmpfs /tmp',
    'tmpfs /var/tmp',
  ])
})
