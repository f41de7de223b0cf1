import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import { UnreachableError } from '../client/open-connection.ts'
import type { ClientFlags } from './client-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { ChoiceFlags, Chosen } from './resources/chosen-objects.ts'
import { addDryRunFlag, dryRunQuery, dryRunSuffix, readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure, failureText, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ChoiceFlags {
  readonly cascade: string
  readonly gracePeriod: string
  readonly force?: boolean
  readonly now?: boolean
  readonly wait: boolean
  readonly timeout: string
  readonly ignoreNotFound?: boolean
  readonly output?: string
  readonly dryRun?: string | boolean
}

const examples = `
Examples:
  myorch delete pod web-1
  myorch delete deployment,service web
  myorch delete -f app.yaml
  myorch delete pods -l app=web
  myorch delete pod web-1 --grace-period=0 --force`

const immediate =
  'Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.'

const propagation: Readonly<Record<string, string>> = {
  background: 'Background',
  foreground: 'Foreground',
  orphan: 'Orphan',
}

/** `myorch delete TYPE NAME…`. */
export function addDelete(program: Command): void {
  const command = addChoiceFlags(
    program
      .command('delete')
      .description('Delete objects, and wait until they are gone')
      .argument('[target...]', 'TYPE NAME…, TYPE/NAME…, or TYPE with -l or --all'),
  )
    .option('--cascade <how>', 'background, foreground or orphan', 'background')
    .option('--grace-period <seconds>', '-1: as the object says', '-1')
    .option('--force', 'at once, without waiting for the node')
    .option('--now', 'with a grace period of one second')
    .option('--wait', 'until they are gone', true)
    .option('--timeout <time>', 'how long to wait, like 30s; 0s: for ever', '0s')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .option('-o, --output <format>', 'name')
    .addHelpText('after', examples)
  addSessionAction<Flags>(addDryRunFlag(command), deleteAll)
}

async function deleteAll(session: Session, words: string[], flags: Flags): Promise<void> {
  const { chosenPath, findChosen } = await import('./resources/chosen-objects.ts')
  const { readGoDuration } = await import('./resources/go-duration.ts')
  const dryRun = readDryRun(flags.dryRun)
  const grace = graceOf(flags)
  const body = deleteOptions(flags, grace)
  const timeout = readGoDuration('timeout', flags.timeout, 'delete')
  if (flags.output !== undefined && flags.output !== 'name')
    throw new CommandFailure(
      `unexpected -o output mode: ${flags.output}. We only support '-o name'`,
    )
  const all = await findChosen(session, words, flags)
  if (grace === 0 && dryRun !== 'client') printWarning(immediate)
  const waiting: (() => Promise<void>)[] = []
  const query = new URLSearchParams(dryRunQuery(dryRun)).toString()
  for (const chosen of all)
    try {
      const path = chosenPath(chosen)
      const answer =
        dryRun === 'client'
          ? undefined
          : await session.send({ method: 'DELETE', path: query ? `${path}?${query}` : path, body })
      tell(chosen, `${grace === 0 ? 'force deleted' : 'deleted'}${dryRunSuffix(dryRun)}`, flags)
      waiting.push(() => awaitGone(session, chosen, uidOf(answer), timeout))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (flags.ignoreNotFound && error.status.reason === 'NotFound') continue
      process.stderr.write(`${failureText(inFile(error, flags))}\n`)
      process.exitCode = 1
      if (error instanceof UnreachableError) return
    }
  if (all.length === 0 && !flags.filename) process.stdout.write('No resources found\n')
  if (flags.wait && dryRun === 'none') for (const wait of waiting) await wait()
}

function tell(chosen: Chosen, how: string, { output }: Flags): void {
  const { resource, name } = chosen
  const kind = resource.group === '' ? resource.singular : `${resource.singular}.${resource.group}`
  process.stdout.write(output === 'name' ? `${kind}/${name}\n` : `${kind} "${name}" ${how}\n`)
}

function inFile(error: StatusError, { filename }: Flags): StatusError {
  const [file] = filename ?? []
  const { code, reason = '' } = error.status
  if (file === undefined || error instanceof UnreachableError) return error
  return new StatusError(code, reason, `error when deleting "${file}": ${error.message}`)
}

/** Seconds; undefined: as the object says. */
function graceOf({ gracePeriod, force, now }: Flags): number | undefined {
  const given = Number(gracePeriod)
  if (!Number.isInteger(given))
    throw new CommandFailure(
      `invalid argument "${gracePeriod}" for "--grace-period" flag: strconv.ParseInt: parsing "${gracePeriod}": invalid syntax\nSee 'myorch delete --help' for usage.`,
    )
  if (now && given !== -1)
    throw new CommandFailure('--now and --grace-period cannot be specified together')
  if (force && given > 0)
    throw new CommandFailure(
      '--force and --grace-period greater than 0 cannot be specified together',
    )
  if (now) return 1
  if (force) return 0
  // Nothing is to be lost by a slip: at once is only by force.
  if (given === 0) return 1
  return given < 0 ? undefined : given
}

function deleteOptions({ cascade }: Flags, seconds: number | undefined): object {
  const propagationPolicy = propagation[cascade]
  if (propagationPolicy === undefined)
    throw new CommandFailure(
      `invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`,
    )
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy,
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
  }
}

/** What is gone at once is answered with a Status, what needs time with the object. */
function uidOf(answer: unknown): string | undefined {
  const { details, metadata } = (answer ?? {}) as {
    details?: { uid?: string }
  } & Partial<KubeObject>
  return details?.uid ?? metadata?.uid
}

const interval = 100

/** Another object of the same name is not the one that was to go. @param timeout milliseconds; 0: for ever */
async function awaitGone(
  session: Session,
  chosen: Chosen,
  uid: string | undefined,
  timeout: number,
): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const { chosenPath } = await import('./resources/chosen-objects.ts')
  const path = chosenPath(chosen)
  const deadline = timeout === 0 ? Infinity : Date.now() + timeout
  while (Date.now() < deadline) {
    try {
      const object = (await session.send({ path })) as KubeObject
      if (uid !== undefined && object.metadata.uid !== uid) return
    } catch (error) {
      if (error instanceof StatusError && error.status.reason === 'NotFound') return
      throw error
    }
    await pause(interval)
  }
  const { plural } = chosen.resource
  throw new CommandFailure(`timed out waiting for the condition on ${plural}/${chosen.name}`)
}
