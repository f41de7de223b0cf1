import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type Runtime, openRuntime } from '../../runtime/index.ts'
import { commandBench, waitUntil } from './command-line.ts'

t.setTimeout(120_000)

// A process that stays makes the interface of its next container ahead.

async function openTestRuntime(t: Test): Promise<Runtime> {
  await waitUntil('those of the test before are gone', () => spares().length === 0)
  const runtime = openRuntime({ root: commandBench(t).root })
  t.teardown(() => runtime.close())
  return runtime
}

/** Network namespaces that this process holds: those that were made ahead. */
function spares(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`)
      return target.startsWith('net:') ? [target] : []
    } catch {
      return [] // The descriptor of the folder itself.
    }
  })
}

/** @param former which was used */
async function oneSpare(former?: string): Promise<string> {
  const ready = (): boolean => spares().length === 1 && spares()[0] !== former
  await waitUntil('one network is made ahead', ready)
  return spares()[0] ?? ''
}

const look =
  'cat /sys/class/net/eth0/address; cat /sys/class/net/eth0/operstate; wc -l </proc/net/route'

async function runOne(runtime: Runtime): Promise<string> {
  const container = await runtime.run({ command: ['sh', '-c', look] })
  const { stdout, exitCode } = await container.collect()
  return `${exitCode} ${stdout.replace(/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/u, 'MAC')}`
}

const plain = '0 MAC\nup\n3\n'

t.test('the next container has what the first had', async (t) => {
  const runtime = await openTestRuntime(t)
  t.equal(await runOne(runtime), plain)
  const first = await oneSpare()
  t.equal(await runOne(runtime), plain)
  t.ok(await oneSpare(first), 'the spare was used, and is replaced')
  const [one, other] = await Promise.all([
    runtime.run({ command: ['sleep', '100'] }),
    runtime.run({ command: ['sleep', '100'] }),
  ])
  const own = await one.exec(['sh', '-c', 'cat /sys/class/net/eth0/address'])
  const others = await other.exec(['sh', '-c', 'cat /sys/class/net/eth0/address'])
  t.not(own.stdout, others.stdout, 'each has an interface of its own')
  await Promise.all([one.remove(), other.remove()])
})

t.test('a spare on a bridge that was deleted is not used', async (t) => {
  const runtime = await openTestRuntime(t)
  await runOne(runtime)
  await oneSpare()
  const [network] = await runtime.engine.networkList()
  const bridge = network?.bridgeName ?? ''
  execFileSync('ip', ['link', 'delete', bridge])
  t.equal(await runOne(runtime), plain)
  // Not by its number: the kernel may give it that of the one that was let go.
  const isOnBridge = (): boolean => readdirSync(`/sys/class/net/${bridge}/brif`).length === 1
  await waitUntil('another one, on the bridge that is there now', () => {
    return spares().length === 1 && isOnBridge()
  })
})

t.test(
  'what was taken from a bridge is back with a later start, before that is told of',
  async (t) => {
    const runtime = await openTestRuntime(t)
    t.equal(await runOne(runtime), plain)
    const [network] = await runtime.engine.networkList()
    const bridge = network?.bridgeName ?? ''
    const addresses = (): string =>
      execFileSync('ip', ['-4', '-o', 'address', 'show', 'dev', bridge]).toString()
    t.not(addresses(), '')
    execFileSync('ip', ['address', 'flush', 'dev', bridge])
    t.equal(addresses(), '')
    // Starts in a row go by one look for a second.
    const deadline = performance.now() + 30_000
    while (addresses() === '' && performance.now() < deadline) {
      const container = await runtime.run({ command: ['true'] })
      await container.wait()
    }
    t.not(addresses(), '')
    t.equal(await runOne(runtime), plain)
  },
)

t.test('nothing stays behind', async (t) => {
  const runtime = await openTestRuntime(t)
  await runOne(runtime)
  await oneSpare()
  runtime.close()
  t.strictSame(spares(), [])
})
