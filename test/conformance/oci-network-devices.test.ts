import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import {
  type Config,
  type Row,
  type RuntimeUnderTest,
  checkRuntime,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config-linux.md#network-devices. The host is a network namespace of the test's own.

const [device, peer] = ['dev-conform', 'peer-conform']

interface Host {
  readonly name: string
  /** A command in that namespace. */
  readonly ip: (...words: string[]) => string
}

function host(t: Test, name: string): Host {
  const run = (words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8' })
  run(['netns', 'add', name])
  t.teardown(() => run(['netns', 'del', name]))
  return { name, ip: (...words) => run(['-n', name, ...words]) }
}

/** A device with addresses that stay and one that does not. */
function addDevice({ ip }: Host): void {
  ip('link', 'add', device, 'type', 'veth', 'peer', 'name', peer)
  ip('addr', 'add', '10.99.1.5/24', 'dev', device)
  ip('addr', 'add', '10.99.2.5', 'peer', '10.99.2.6', 'dev', device)
  ip('addr', 'add', 'fd00:99::5/64', 'dev', device)
  ip('addr', 'add', '10.99.3.5/24', 'dev', device, 'valid_lft', '1000', 'preferred_lft', '1000')
  ip('addr', 'add', '169.254.7.7/16', 'dev', device, 'scope', 'link')
  ip('link', 'set', peer, 'up')
}

/** `run` of a container in that namespace; its program lists the devices. */
function list(
  { name }: Host,
  { bundle, newId, run }: RuntimeUnderTest,
  change: (config: Config) => void,
) {
  const path = bundle((config) => {
    config.process.args = ['/bin/busybox', 'ip', 'addr']
    config.linux.namespaces.push({ type: 'network' })
    change(config)
  })
  return run(['run', '--bundle', path, newId()], {
    prefix: ['nsenter', `--net=/run/netns/${name}`],
  })
}

function moved(wish: Record<string, { name?: string }>): (config: Config) => void {
  return ({ linux }) => void Object.assign(linux, { netDevices: wish })
}

const rows: Row[] = [
  {
    title: 'a device comes with its lasting addresses, and is up',
    check(t, runtime) {
      const outside = host(t, 'mc-conform-1')
      addDevice(outside)
      const { stdout, stderr } = list(outside, runtime, moved({ [device]: { name: 'inner' } }))
      t.match(stdout, /inner@\S+ <[^>]*\bUP\b/, stderr)
      for (const address of ['10.99.1.5/24', '10.99.2.5 peer 10.99.2.6/32', 'fd00:99::5/64'])
        t.match(stdout, ` ${address} `, address)
      for (const address of ['10.99.3.5', '169.254.7.7']) t.notMatch(stdout, address, address)
      t.notMatch(outside.ip('link'), device, 'it was not moved back')
    },
  },
  {
    title: 'a device keeps its name, or gets one from the kernel',
    check(t, runtime) {
      const cases = [
        ['mc-conform-2', {}, ` ${device}@`],
        ['mc-conform-5', { name: 'kernel%d' }, ' kernel0@'],
      ] as const
      for (const [name, wish, listed] of cases) {
        const outside = host(t, name)
        addDevice(outside)
        t.match(list(outside, runtime, moved({ [device]: wish })).stdout, listed)
      }
    },
  },
  {
    title: 'what cannot be moved is an error, and stays where it was',
    check(t, runtime) {
      const [outside, other] = [host(t, 'mc-conform-3'), host(t, 'mc-conform-4')]
      addDevice(outside)
      const before = outside.ip('-o', 'addr', 'show', 'dev', device)
      other.ip('link', 'add', 'taken', 'type', 'veth', 'peer', 'name', 'other-peer')
      const cases: Record<string, (config: Config) => void> = {
        'no such device': moved({ 'no-device': {} }),
        'a name that is taken': (config) => {
          moved({ [device]: { name: 'taken' } })(config)
          config.linux.namespaces = config.linux.namespaces.map((one) =>
            one.type === 'network' ? { ...one, path: `/run/netns/${other.name}` } : one,
          )
        },
        'a start that fails later': (config) => {
          moved({ [device]: { name: 'inner' } })(config)
          config.process.args = ['/no/such/program']
        },
      }
      for (const [title, change] of Object.entries(cases)) {
        t.not(list(outside, runtime, change).code, 0, title)
        t.match(outside.ip('-o', 'addr', 'show', 'dev', device), /10\.99\.1\.5/, title)
      }
      t.match(before, '10.99.1.5')
    },
  },
]

void checkRuntime(t, rows)
