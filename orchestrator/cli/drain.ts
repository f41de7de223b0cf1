import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import { chooseNodes, setClosed } from './cordon.ts'
import type { NodeChoice } from './cordon.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { addDryRunFlag, dryRunSuffix, readDryRun } from './resources/dry-run.ts'
import { sortPods } from './resources/drained-pods.ts'
import { readGoDuration } from './resources/go-duration.ts'
import { addSessionAction, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

export interface DrainFlags extends NodeChoice {
  readonly force?: boolean
  readonly ignoreDaemonsets?: boolean
  readonly deleteEmptydirData?: boolean
  readonly disableEviction?: boolean
  readonly gracePeriod: string
  readonly podSelector?: string
  readonly timeout: string
}

/** `myorch drain NODE`. */
export function addDrain(program: Command): void {
  const command = program
    .command('drain')
    .description('Have the pods of a node go elsewhere')
    .argument('[node...]', 'names')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--force', 'also pods that nobody makes anew')
    .option('--ignore-daemonsets', 'leave the pods of daemon sets')
    .option('--delete-emptydir-data', 'also pods that keep something on the node')
    .option('--disable-eviction', 'delete pods, whatever disruption budgets say')
    .option('--grace-period <seconds>', '-1: as the pod says', '-1')
    .option('--pod-selector <labels>', 'only pods with these labels')
    .option('--timeout <time>', 'how long to go on, like 60s; 0s: as long as it takes', '0s')
  addSessionAction<DrainFlags>(addDryRunFlag(command), async (session, words, flags) => {
    const nodes = await chooseNodes(session, words, flags, command)
    const timeout = readGoDuration('timeout', flags.timeout, 'drain')
    const deadline = timeout === 0 ? Infinity : Date.now() + timeout
    for (const node of nodes) await setClosed(session, node, true, flags)
    const failures: { node: Chosen; text: string[] }[] = []
    for (const node of nodes) {
      const text = await drainOne(session, node, flags, deadline)
      if (text.length > 0) failures.push({ node, text })
      else
        process.stdout.write(`node/${node.name} drained${dryRunSuffix(readDryRun(flags.dryRun))}\n`)
    }
    if (failures.length > 0) tellFailures(failures)
  })
}

/** @returns why it could not be done */
async function drainOne(
  session: Session,
  node: Chosen,
  flags: DrainFlags,
  deadline: number,
): Promise<string[]> {
  const { findResource } = await import('./resources/discover.ts')
  const { listObjects } = await import('./resources/targets.ts')
  const pods = await listObjects(session, findResource(await session.resources(), 'pods'), {
    allNamespaces: true,
    fieldSelector: `spec.nodeName=${node.name}`,
    ...(flags.podSelector === undefined ? {} : { selector: flags.podSelector }),
  })
  const { going, warnings, refusals } = await sortPods(session, pods, flags)
  if (refusals.length > 0) return refusals
  if (warnings.length > 0) printWarning(warnings.join('; '))
  const dryRun = readDryRun(flags.dryRun)
  for (const pod of going) {
    const { name = '', namespace = '' } = pod.metadata
    const verb = flags.disableEviction ? 'deleting' : 'evicting'
    process.stdout.write(`${verb} pod ${namespace}/${name}${dryRunSuffix(dryRun)}\n`)
  }
  if (dryRun !== 'none') return []
  const results = await Promise.allSettled(
    going.map(async (pod) => sendAway(session, pod, flags, deadline)),
  )
  return results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => (reason instanceof Error ? reason.message : String(reason)))
}

const retryMs = 5000
const pollMs = 100

async function sendAway(
  session: Session,
  pod: KubeObject,
  flags: DrainFlags,
  deadline: number,
): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const { name = '', namespace = '', uid } = pod.metadata
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`
  const grace = Number(flags.gracePeriod)
  const deleteOptions = grace < 0 ? {} : { gracePeriodSeconds: grace }
  const request = flags.disableEviction
    ? {
        method: 'DELETE',
        path,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', ...deleteOptions },
      }
    : {
        method: 'POST',
        path: `${path}/eviction`,
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
          deleteOptions,
        },
      }
  for (;;)
    try {
      await session.send(request)
      break
    } catch (error) {
      if (isGone(error)) break
      if (!(error instanceof StatusError) || error.status.reason !== 'TooManyRequests')
        throw new Error(
          `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}: ${(error as Error).message}`,
          { cause: error },
        )
      process.stderr.write(
        `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)} (will retry after 5s): ${error.message}\n`,
      )
      await pause(Math.min(retryMs, Math.max(0, deadline - Date.now())))
      requireTime(deadline, name)
    }
  while (await isThere(session, path, uid)) {
    await pause(pollMs)
    requireTime(deadline, name)
  }
  process.stdout.write(`pod/${name} ${flags.disableEviction ? 'deleted' : 'evicted'}\n`)
}

function requireTime(deadline: number, name: string): void {
  if (Date.now() < deadline) return
  throw new Error(
    `error when waiting for pod ${JSON.stringify(name)} to terminate: global timeout reached`,
  )
}

async function isThere(session: Session, path: string, uid: string | undefined): Promise<boolean> {
  try {
    const now = (await session.send({ path })) as KubeObject
    return now.metadata.uid === uid
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof StatusError && error.status.reason === 'NotFound'
}

function tellFailures(failures: readonly { node: Chosen; text: string[] }[]): void {
  for (const { node, text } of failures) {
    const shown = text.length === 1 ? text[0]! : `[${text.join(', ')}]`
    process.stderr.write(
      `error: unable to drain node ${JSON.stringify(node.name)} due to error: ${shown}, continuing command...\n`,
    )
  }
  const names = failures.map(({ node }) => ` ${node.name}\n`).join('')
  process.stderr.write(`There are pending nodes to be drained:\n${names}`)
  for (const { text } of failures) process.stderr.write(`${text.join('\n')}\n`)
  process.exitCode = 1
}
