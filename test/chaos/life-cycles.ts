import { type CommandBench, type CommandResult, runCommand } from '../integration/command-line.ts'
import { pick, type Random } from './random.ts'

/** What one container does and what is done to it. */
export interface LifeCycle {
  readonly name: string
  readonly flags: readonly string[]
  /** Of its program, unless something else ends it. */
  readonly exitCode: number
  readonly seconds: number
  readonly isForeground: boolean
  readonly isRemoved: boolean
  /** Commands after the start; they may fail when something of ours is killed. */
  readonly commands: readonly (readonly string[])[]
  /** One of the commands ends the container before its program would. */
  readonly isEnded: boolean
}

/** What a user saw of a container: the answers of all commands in turn. */
export interface Seen {
  readonly cycle: LifeCycle
  readonly results: readonly CommandResult[]
  /** Milliseconds of `performance.now`. */
  readonly from: number
  readonly to: number
}

export function planLifeCycles(random: Random, count: number): LifeCycle[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `chaos-${index}`
    const isForeground = random() < 0.4
    const isRemoved = random() < 0.3
    const network = pick<readonly string[]>(random, [
      ['--network', 'none'],
      [],
      ['-p', `127.0.0.1:${24_000 + index}:80`],
    ])
    const restart = !isRemoved && random() < 0.2 ? ['--restart', 'on-failure:2'] : []
    const volume = random() < 0.3 ? ['-v', '/data'] : []
    const endings = [
      ['stop', '-t', '0', name],
      ['kill', name],
      ['rm', '-f', '-v', name],
    ]
    const isEnded = !isForeground && random() < 0.5
    const isTidied = !isRemoved && random() < 0.6
    const exec = random() < 0.4 ? [['exec', name, 'true']] : []
    return {
      name,
      flags: [...network, ...restart, ...volume, ...(isRemoved ? ['--rm'] : [])],
      exitCode: 1 + Math.floor(random() * 99),
      seconds: 0.05 + random() * 0.25,
      isForeground,
      isRemoved,
      isEnded,
      commands: [
        ...(isForeground ? [] : exec),
        ...(isEnded ? [pick(random, endings)] : []),
        ...(isForeground || random() < 0.5 ? [] : [['wait', name]]),
        // What is left for ever makes every look at all of them longer.
        ...(isTidied ? [['rm', '-f', '-v', '-t', '0', name]] : []),
      ],
    }
  })
}

/** Live one of them. A command may fail in any way, but must come to an end. */
export async function live(bench: CommandBench, cycle: LifeCycle): Promise<Seen> {
  const program = ['sh', '-c', `sleep ${cycle.seconds.toFixed(2)}; exit ${cycle.exitCode}`]
  const mode = cycle.isForeground ? [] : ['-d']
  const start = ['run', ...mode, '--name', cycle.name, ...cycle.flags, 'host', ...program]
  const results: CommandResult[] = []
  const from = performance.now()
  for (const args of [start, ...cycle.commands])
    results.push(await runCommand(args, { root: bench.root, timeoutMs: 40_000 }))
  return { cycle, results, from, to: performance.now() }
}
