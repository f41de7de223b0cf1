import { OperationError } from '../../native/error.ts'
import { openRuntime } from '../api/runtime.ts'
import { readContainerFlags, containerFlags } from '../cli/container-flags/container-flags.ts'
import type { ReadContext } from '../cli/container-flags/read-context.ts'
import { parseFlags } from '../cli/flag-parser.ts'
import type { ContainerOptions } from '../container/options.ts'
import { attacks } from './attacks.ts'
import type { Attack } from './attacks.ts'

export interface AttackResult {
  readonly title: string
  readonly known: readonly string[]
  /** `untried`: the container or the script did not get to its end. */
  readonly verdict: 'held' | 'broken' | 'untried'
  /** What the attacker got, or why it was not tried. */
  readonly got: readonly string[]
}

export interface SelfTestOptions {
  /** State root, as of the engine. */
  readonly root: string | undefined
  /** Words of `mycontainer run` that every container is run with: how one's own flags would fare. */
  readonly flags: readonly string[]
  readonly context: ReadContext
}

/**
 * Attack this host from containers of its own shell, one after the other.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a flag that `run` does not have
 */
export async function* tryAttacks(options: SelfTestOptions): AsyncGenerator<AttackResult> {
  // The user's own words first: a refusal of those is no success.
  readWords(options.flags, options)
  using runtime = openRuntime({ root: options.root })
  for (const attack of attacks) yield await tryAttack(runtime, attack, options)
}

async function tryAttack(
  runtime: ReturnType<typeof openRuntime>,
  attack: Attack,
  wanted: SelfTestOptions,
): Promise<AttackResult> {
  const { title, known, script } = attack
  try {
    const lines = await runAttack(runtime, attack, wanted)
    if (script === undefined)
      return { title, known, verdict: 'broken', got: ['such a container runs'] }
    const got = lines.filter((line) => line.startsWith('BROKEN ')).map((line) => line.slice(7))
    if (got.length > 0) return { title, known, verdict: 'broken', got }
    return lines.includes('tried')
      ? { title, known, verdict: 'held', got: [] }
      : { title, known, verdict: 'untried', got: ['the script did not get to its end'] }
  } catch (error) {
    if (script === undefined && isRefusal(error)) return { title, known, verdict: 'held', got: [] }
    return { title, known, verdict: 'untried', got: [(error as Error).message] }
  }
}

function readWords(words: readonly string[], { context }: SelfTestOptions): ContainerOptions {
  const parsed = parseFlags([...words, '--', 'host'], containerFlags(), {
    command: 'mycontainer run',
    interspersed: false,
  })
  return readContainerFlags(parsed.flags, parsed.args, context)
}

/** @returns what it printed, by line */
async function runAttack(
  runtime: ReturnType<typeof openRuntime>,
  { script, flags = [] }: Attack,
  wanted: SelfTestOptions,
): Promise<string[]> {
  const isOnNetwork = wanted.flags.some((word) => /^--net(?:work)?(?:=|$)/.test(word))
  const words = [...(isOnNetwork ? [] : ['--network', 'none']), ...flags, ...wanted.flags]
  const options = readWords(words, wanted)
  await using container = await runtime.run({
    options: {
      ...options,
      command: ['sh', '-c', `${script ?? ''}\necho tried`],
      rm: true,
      log: { driver: 'none', other: {} },
    },
    signal: AbortSignal.timeout(deadlineMs),
  })
  const { stdout } = await container.collect()
  return stdout.split('\n').filter(Boolean)
}

/** Said no to, and not failed for another reason. */
function isRefusal(error: unknown): boolean {
  const refusals: readonly string[] = ['INVALID_ARGUMENT', 'INVALID_SPEC', 'START_FAILED']
  return error instanceof OperationError && refusals.includes(error.code)
}

/** An attack that waits for ever has failed, and must not keep the others waiting. */
const deadlineMs = 30_000
