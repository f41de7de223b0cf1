import type { Command } from 'commander'
import { StatusError } from '../../api/status-error.ts'
import type { ApiResource } from './discover.ts'
import { UnreachableError } from '../../client/open-connection.ts'
import type { Connection } from '../../client/open-connection.ts'
import { addClientFlags } from '../client-flags.ts'
import type { ClientFlags } from '../client-flags.ts'
import { acceptFlagForms } from './flag-forms.ts'

/** What the commands on objects work with. */
export interface Session extends Connection {
  /** The namespace of the flags, or else of the context. */
  readonly namespace: string
  /** `https://10.213.0.1:6443` */
  readonly server: string
  /** Whether the flags name it. */
  readonly namespaceIsGiven: boolean
  /** What the server serves; asked once. */
  resources(): Promise<readonly ApiResource[]>
}

/** A failure whose text is what kubectl prints behind `error: `. */
export class CommandFailure extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

const interrupted = 130

/** Give a command the flags of a client, and its work a session; failures are printed as kubectl prints them. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander knows no type of the flags it parsed
export function addSessionAction<Flags extends ClientFlags>(
  command: Command,
  work: (session: Session, words: string[], flags: Flags) => Promise<void>,
): Command {
  acceptFlagForms(command)
  return addClientFlags(command).action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command
    const words = given
      .slice(0, -2)
      .flat()
      .filter((word) => typeof word === 'string')
    await reportFailure(async () => {
      const session = await openSession(self.opts())
      try {
        await work(session, words, self.opts())
      } finally {
        session.close()
      }
    })
  })
}

/** What a command works with; to be closed. @throws OperationError for a kubeconfig that is of no use */
export async function openSession(flags: ClientFlags): Promise<Session> {
  const { readKubeconfig } = await import('../../client/read-kubeconfig.ts')
  const { kubeconfigPath } = await import('../../cluster/kubeconfig-file.ts')
  const { openConnection } = await import('../../client/open-connection.ts')
  const { discover } = await import('./discover.ts')
  const path = flags.kubeconfig ?? kubeconfigPath(process.env)
  const address = await readKubeconfig(path, flags.context)
  const connection = openConnection(address)
  let found: Promise<readonly ApiResource[]> | undefined
  return {
    ...connection,
    server: address.server,
    namespace: flags.namespace ?? address.namespace ?? 'default',
    namespaceIsGiven: flags.namespace !== undefined,
    resources: () => (found ??= discover(connection)),
  }
}

/** Print a failure, and leave its exit code for the end of the process. */
export async function reportFailure(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StatusError) && !(error instanceof CommandFailure)) throw error
    if (error.message !== '') process.stderr.write(`${failureText(error)}\n`)
    process.exitCode = error instanceof CommandFailure ? error.exitCode : 1
  }
}

/** As kubectl puts it: `Error from server (NotFound): pods "web" not found`. */
export function failureText(error: unknown): string {
  if (!(error instanceof StatusError)) return prefixed((error as Error).message)
  const { message } = error
  if (error instanceof UnreachableError) return message
  const { reason = 'Unknown', details } = error.status
  const causes = details?.causes ?? []
  if (reason === 'Invalid') {
    const [first] = causes
    const isNamed = Boolean(details?.kind ?? details?.name)
    const what = isNamed
      ? `The ${details?.kind ?? ''} "${details?.name ?? ''}" is invalid`
      : 'The request is invalid'
    if (causes.length === 0) return isNamed ? what : `${what}: ${message}`
    if (causes.length === 1) return `${what}: ${first?.field ?? ''}: ${first?.message ?? ''}`
    return [`${what}: `, ...causes.map((cause) => `* ${cause.field ?? ''}: ${cause.message}`)].join(
      '\n',
    )
  }
  return `Error from server${reason === 'Unknown' ? '' : ` (${reason})`}: ${message}`
}

/** A signal that Ctrl-C and SIGTERM raise. @returns it, and how to listen no more */
export function untilInterrupted(): { signal: AbortSignal; done: () => void } {
  const aborter = new AbortController()
  const abort = (): void => {
    process.exitCode = interrupted
    aborter.abort()
  }
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  const done = (): void => {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
  return { signal: aborter.signal, done }
}

export function printWarning(text: string): void {
  process.stderr.write(`Warning: ${text}\n`)
}

/** How a command ended is not told of as a failure of ours. */
function prefixed(message: string): string {
  return message.startsWith('command terminated') ? message : `error: ${message}`
}
