import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import type { Laboratory } from './laboratory.ts'
import { type Measured } from './samples.ts'
import { printTable } from './table.ts'

/** Containers of ours and of each other engine, which need longer to start. */
const ownCount = 50
const peerCount = 8

interface Use {
  readonly privateKb: number
  readonly pssKb: number
}

/** What an idle detached container costs in processes of its engine, the container's own left out. */
export async function measureMemory(laboratory: Laboratory): Promise<void> {
  const { shell, peers, newName } = laboratory
  const own = {
    name: 'mycontainer',
    start: `mycontainer run -d --name {} bench /bin/sleep 1000`,
    remove: `mycontainer rm -f {}`,
    count: ownCount,
  }
  const others = peers
    .filter(({ isLight }) => !isLight)
    .map(({ name, startIdle = '', removeIdle = '' }) => ({
      name,
      start: startIdle,
      remove: removeIdle,
      count: peerCount,
    }))
  const uses = new Map<string, { command: string; use: readonly Use[] }>()
  for (const { name, start, remove, count } of [own, ...others]) {
    const names = Array.from({ length: count }, newName)
    const before = new Set(hostProcesses())
    try {
      for (const each of names) await shell.time(start.replaceAll('{}', each))
      await settle(before)
      const use = hostProcesses()
        .filter((pid) => !before.has(pid))
        .map(useOf)
      uses.set(`${name}, ${count} containers, ${use.length} processes`, {
        command: start,
        use: perContainer(use, count),
      })
    } finally {
      for (const each of names)
        await shell.time(remove.replaceAll('{}', each)).catch(() => undefined)
    }
  }
  print('Private memory per idle container', uses, 'privateKb')
  print('Proportional memory (PSS) per idle container', uses, 'pssKb')
}

/** One figure: the sum over all processes for each container. */
function perContainer(use: readonly Use[], count: number): Use[] {
  const sum = (field: keyof Use): number =>
    use.reduce((total, each) => total + each[field], 0) / count
  return [{ privateKb: sum('privateKb'), pssKb: sum('pssKb') }]
}

function print(
  title: string,
  uses: ReadonlyMap<string, { command: string; use: readonly Use[] }>,
  field: keyof Use,
): void {
  const rows = [...uses].map(([name, { command, use }]): Measured => ({
    row: {
      title: name,
      command,
      isOurs: name.startsWith('mycontainer'),
      sample: () => Promise.resolve(0),
    },
    sorted: use.map((each) => each[field]),
  }))
  const notes = [
    'Sum of /proc/PID/smaps_rollup over all processes that the engine left outside of the containers.',
    'runc and crun leave none: no log, no exit code kept. dockerd and containerd themselves are not counted.',
  ]
  printTable({ title, unit: 'KB', notes }, rows)
}

/**
 * Engines' processes: in the benchmark's process namespace, which what runs in containers is not, and in
 * its network or mount namespace, which the rest of the host is not.
 */
function hostProcesses(): string[] {
  const own = namespacesOf('self')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const other = namespacesOf(pid)
      return other.pid === own.pid && (other.net === own.net || other.mnt === own.mnt)
    })
}

function namespacesOf(pid: string): {
  readonly pid: string
  readonly net: string
  readonly mnt: string
} {
  const read = (name: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/ns/${name}`)
    } catch {
      // Ended meanwhile.
      return ''
    }
  }
  return { pid: read('pid'), net: read('net'), mnt: read('mnt') }
}

/** Wait until what ends by itself has ended: two looks, a moment apart, that find the same. */
async function settle(before: ReadonlySet<string>): Promise<void> {
  let last = ''
  for (let look = 0; look < 20; look += 1) {
    const now = hostProcesses()
      .filter((pid) => !before.has(pid))
      .join()
    if (now === last) return
    last = now
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

function useOf(pid: string): Use {
  let text = ''
  try {
    text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  } catch {
    // Ended meanwhile.
  }
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return { privateKb: field('Private_Clean') + field('Private_Dirty'), pssKb: field('Pss') }
}
