import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure, untilInterrupted } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly follow?: boolean
  readonly container?: string
  readonly allContainers?: boolean
  readonly previous?: boolean
  readonly tail?: string
  readonly since?: string
  readonly sinceTime?: string
  readonly limitBytes?: string
  readonly timestamps?: boolean
  readonly selector?: string
  readonly prefix?: boolean
  readonly ignoreErrors?: boolean
}

const examples = `
Examples:
  myorch logs web-1
  myorch logs -f deployment/web -c web
  myorch logs -l app=web --tail=20 --prefix
  myorch logs web-1 --previous
  myorch logs web-1 --since=5m --timestamps`

const usage = `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
POD or TYPE/NAME is a required argument for the logs command
See 'myorch logs -h' for help and examples`

/** `myorch logs POD`. */
export function addLogs(program: Command): void {
  const command = program
    .command('logs')
    .description('What a container has written')
    .argument('[pod...]', 'POD [CONTAINER], or TYPE/NAME')
    .option('-f, --follow', 'go on with what is written')
    .option('-c, --container <name>', 'absent: the first one')
    .option('--all-containers', 'of all containers of the pod')
    .option('-p, --previous', 'of the run before this one')
    .option('--tail <lines>', 'only so many of the last lines; -1: all')
    .option('--since <time>', 'only what is younger, like 90s, 5m, 1h')
    .option('--since-time <time>', 'only what is younger than a time, like 2026-01-31T12:00:00Z')
    .option('--limit-bytes <number>', 'no more than that')
    .option('--timestamps', 'each line with its time')
    .option('--prefix', 'each line with its pod and container')
    .option('--ignore-errors', 'with -f: go on with the other containers')
    .option('-l, --selector <labels>', 'of all pods with these labels')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, showLogs)
}

async function showLogs(session: Session, words: string[], flags: Flags): Promise<void> {
  const { selector } = flags
  if (words.length > 2 || (words.length === 0 && selector === undefined))
    throw new CommandFailure(usage)
  if (selector !== undefined && words.length > 0)
    throw new CommandFailure('only a selector (-l) or a POD name is allowed')
  if (words.length === 2 && flags.container !== undefined)
    throw new CommandFailure('only one of -c or an inline [CONTAINER] arg is allowed')
  const { logQuery } = await import('./resources/log-query.ts')
  const query = logQuery(flags)
  const { containersOf, containerOf, findPods } = await import('./resources/find-pods.ts')
  const pods = await findPods(session, words[0] ?? '', {
    selector,
    doing: 'get the logs from',
  }).catch((error: unknown) => {
    throw isNoPod(error) ? new CommandFailure(noPod(error, session)) : error
  })
  if (pods.length === 0)
    process.stderr.write(`No resources found in ${session.namespace} namespace.\n`)
  const chosen = flags.container ?? words[1]
  const streams = pods.flatMap((pod) => {
    const names = flags.allContainers ? containersOf(pod) : [containerOf(pod, chosen)]
    for (const name of names) checkContainer(pod, name, containersOf(pod))
    return names.map((name) => ({ pod, name }))
  })
  const { signal, done } = untilInterrupted()
  const print = async ({ pod, name }: (typeof streams)[number]): Promise<void> => {
    try {
      await printStream(session, { pod, name, query, prefix: flags.prefix === true, signal })
    } catch (error) {
      if (!flags.ignoreErrors || signal.aborted) throw error
      process.stderr.write(`error: ${(error as Error).message}\n`)
    }
  }
  try {
    if (flags.follow) await Promise.all(streams.map(print))
    else for (const stream of streams) await print(stream)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    done()
  }
}

function isNoPod(error: unknown): error is StatusError {
  return (
    error instanceof StatusError &&
    error.status.reason === 'NotFound' &&
    error.status.details?.kind === 'pods'
  )
}

/** The only command that names the namespace. */
function noPod({ message }: StatusError, { namespace }: Session): string {
  return `error from server (NotFound): ${message} in namespace "${namespace}"`
}

function checkContainer(pod: KubeObject, name: string, known: readonly string[]): void {
  if (!known.includes(name))
    throw new CommandFailure(`container ${name} is not valid for pod ${pod.metadata.name ?? ''}`)
}

interface Stream {
  readonly pod: KubeObject
  readonly name: string
  readonly query: Readonly<Record<string, string>>
  readonly prefix: boolean
  readonly signal: AbortSignal
}

async function printStream(session: Session, stream: Stream): Promise<void> {
  const { pipeline } = await import('node:stream/promises')
  const { metadata } = stream.pod
  const query = new URLSearchParams({ container: stream.name, ...stream.query }).toString()
  const path = `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name ?? ''}/log?${query}`
  const response = await session.stream({ path, accept: '*/*', signal: stream.signal })
  if (!stream.prefix) return pipeline(response, process.stdout, { end: false })
  const { createInterface } = await import('node:readline')
  const prefix = `[pod/${metadata.name ?? ''}/${stream.name}] `
  for await (const line of createInterface({ input: response }))
    process.stdout.write(`${prefix}${line}\n`)
}
