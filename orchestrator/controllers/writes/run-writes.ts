import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { Remark, Remarks, Write } from './write.ts'

export interface WriteTools {
  readonly client: Client
  readonly remark: (remark: Remark) => void
}

/**
 * Make the writes in their order. Neighbouring creates run in batches of 1, 2, 4, … so that a quota or a refusal is met
 * once and not by a hundred requests.
 * @returns what the server made of created and updated objects
 * @throws StatusError of the first write that failed, after the rest of its batch has ended
 */
export async function runWrites(
  { client, remark }: WriteTools,
  writes: readonly Write[],
): Promise<KubeObject[]> {
  const results: KubeObject[] = []
  // Two writes of one plan to one object: the second follows the first.
  const revisions = new Map<string, string>()
  for (const batch of batches(writes)) {
    const outcomes = await Promise.allSettled(
      batch.map((write) => runWrite(client, remark, write, revisions)),
    )
    for (const outcome of outcomes)
      if (outcome.status === 'fulfilled' && outcome.value) results.push(outcome.value)
    const failed = outcomes.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }
  return results
}

function batches(writes: readonly Write[]): Write[][] {
  const all: Write[][] = []
  let size = 1
  for (const write of writes) {
    const last = all.at(-1)
    if (write.verb !== 'create' || last?.[0]?.verb !== 'create') {
      if (write.verb === 'create') size = 1
      all.push([write])
    } else if (last.length < size) last.push(write)
    else {
      size *= 2
      all.push([write])
    }
  }
  return all
}

async function runWrite(
  client: Client,
  remark: WriteTools['remark'],
  write: Write,
  revisions: Map<string, string>,
): Promise<KubeObject | undefined> {
  if (write.verb === 'remark') {
    remark(write.remark)
    return undefined
  }
  try {
    const result = await request(client, write, revisions)
    say(remark, write, result ?? write.object)
    return result
  } catch (error) {
    if (write.failed)
      remark({ ...write.failed, message: `${write.failed.message}${(error as Error).message}` })
    throw error
  }
}

function say(remark: WriteTools['remark'], { done }: Remarks, { metadata }: KubeObject): void {
  if (done) remark({ ...done, message: done.message.replace('%s', () => metadata.name ?? '') })
}

async function request(
  client: Client,
  write: Exclude<Write, { verb: 'remark' }>,
  revisions: Map<string, string>,
): Promise<KubeObject | undefined> {
  const { object } = write
  if (write.verb === 'create') return client.create(object)
  if (write.verb === 'delete') return deleteThis(client, object, write.options)
  const uid = object.metadata.uid ?? ''
  const resourceVersion = revisions.get(uid) ?? object.metadata.resourceVersion
  const metadata = {
    ...object.metadata,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  const result = await client.update({ ...object, metadata }, write.subresource)
  if (result.metadata.resourceVersion) revisions.set(uid, result.metadata.resourceVersion)
  return result
}

async function deleteThis(
  client: Client,
  { apiVersion, kind, metadata }: KubeObject,
  options: object = {},
): Promise<undefined> {
  const { name = '', namespace, uid } = metadata
  const preconditions = uid === undefined ? {} : { preconditions: { uid } }
  try {
    await client.delete({ apiVersion, kind }, { name, namespace }, { ...options, ...preconditions })
  } catch (error) {
    // Gone, or another one took its name: what was asked for is so already.
    if (!isStatus(error, 404, 409)) throw error
  }
}

/** Whether a request failed with one of these codes. */
export function isStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof StatusError && codes.includes(error.status.code)
}
