import { describeError } from '../../../native/error.ts'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { formatTime } from '../../api/write/prepare-write.ts'
import type { ApiContext } from '../api-context.ts'
import { serverUser } from '../bootstrap.ts'
import { signRequest } from '../certificates.ts'
import type { KeyPair } from '../certificates.ts'
import { followKind } from '../follow-kind.ts'
import { everything, listObjects } from '../list-objects.ts'
import { readCertificateRequest } from './read-request.ts'
import { approvesItself, kubeletServingSigner, signerNames, signerRefuses } from './signers.ts'
import type { SigningQuestion } from './signers.ts'

// Approves and signs CertificateSigningRequests of the signers that the cluster itself is.

const write = { user: serverUser, dryRun: false }
const hourMs = 60 * 60 * 1000

export interface SigningOptions {
  readonly authority: KeyPair
  /** Names and addresses of the server itself. */
  readonly hosts: readonly string[]
}

export async function startSigning(
  context: ApiContext,
  options: SigningOptions,
): Promise<{ stop(): Promise<void> }> {
  const kind = context.registry.byKind('certificates.k8s.io/v1', 'CertificateSigningRequest')!
  let last: Promise<void> = Promise.resolve()
  const follower = await followKind(context.store, kind, {
    onObject: (object) => {
      if (!needsWork(object)) return
      last = last
        .then(() => work(context, options, object))
        .catch((error: unknown) => {
          const name = object.metadata.name ?? ''
          context.logger.error(`sign certificate request ${name}`, error)
        })
    },
  })
  return {
    stop: async () => {
      follower.stop()
      await last
    },
  }
}

const conditionOf = (object: KubeObject, type: string) =>
  listAt(object, ['status', 'conditions']).find((one) => one['type'] === type)

function needsWork(object: KubeObject): boolean {
  const isDone =
    valueAt(object, ['status', 'certificate']) !== undefined ||
    conditionOf(object, 'Denied') !== undefined ||
    conditionOf(object, 'Failed') !== undefined
  return signerNames.has(textAt(object, ['spec', 'signerName']) ?? '') && !isDone
}

const textsAt = (value: unknown, path: readonly string[]): string[] => {
  const list = valueAt(value, path)
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
}

async function work(
  context: ApiContext,
  { authority, hosts }: SigningOptions,
  object: KubeObject,
): Promise<void> {
  const pem = textAt(object, ['spec', 'request']) ?? ''
  const usages = textsAt(object, ['spec', 'usages'])
  const signer = textAt(object, ['spec', 'signerName']) ?? ''
  let question: SigningQuestion
  try {
    question = { ...(await readCertificateRequest(pem)), signer, usages }
  } catch (error) {
    return fail(context, object, describeError(error))
  }
  const why = signerRefuses(question)
  if (!conditionOf(object, 'Approved')) {
    if (why !== undefined) return
    const requester = {
      name: textAt(object, ['spec', 'username']) ?? '',
      groups: textsAt(object, ['spec', 'groups']),
    }
    const taken = await takenHosts(context, requester.name.replace(/^system:node:/, ''))
    const isTaken = (host: string) => taken.has(host) || hosts.includes(host)
    if (approvesItself(question, requester, isTaken)) await approve(context, object)
    return
  }
  if (why !== undefined) return fail(context, object, why)
  const seconds = valueAt(object, ['spec', 'expirationSeconds'])
  const certificate = await signRequest(authority, Buffer.from(pem, 'base64').toString('latin1'), {
    usage: signer === kubeletServingSigner ? 'server' : 'client',
    lifetimeMs: typeof seconds === 'number' ? seconds * 1000 : 365 * 24 * hourMs,
  })
  await update(context, object, 'status', (status) => ({
    ...status,
    certificate: Buffer.from(certificate).toString('base64'),
  }))
}

/** Names and addresses of the other nodes. */
async function takenHosts({ store, registry }: ApiContext, self: string): Promise<Set<string>> {
  const { items } = await listObjects(store, registry.byKind('v1', 'Node')!, everything)
  return new Set(
    items
      .filter(({ metadata }) => metadata.name !== self)
      .flatMap((node) => [
        node.metadata.name ?? '',
        ...listAt(node, ['status', 'addresses']).map((one) => textAt(one, ['address']) ?? ''),
      ]),
  )
}

function condition(type: string, reason: string, message: string): JsonObject {
  const now = formatTime(new Date())
  return { type, status: 'True', reason, message, lastUpdateTime: now, lastTransitionTime: now }
}

const approve = (context: ApiContext, object: KubeObject) =>
  addCondition(
    context,
    object,
    'approval',
    condition(
      'Approved',
      'AutoApproved',
      'Auto approving kubelet certificate: the requester may have it.',
    ),
  )

const fail = (context: ApiContext, object: KubeObject, why: string) =>
  addCondition(context, object, 'status', condition('Failed', 'SignerValidationFailure', why))

function addCondition(
  context: ApiContext,
  object: KubeObject,
  subresource: string,
  added: JsonObject,
): Promise<void> {
  return update(context, object, subresource, (status) => ({
    ...status,
    conditions: [...listAt(status, ['conditions']), added],
  }))
}

async function update(
  { resources, registry }: ApiContext,
  { metadata }: KubeObject,
  subresource: string,
  change: (status: JsonObject) => JsonObject,
): Promise<void> {
  const kind = registry.byKind('certificates.k8s.io/v1', 'CertificateSigningRequest')!
  await resources.update(
    kind,
    undefined,
    metadata.name ?? '',
    (current) => ({ ...current, status: change(current.status ?? {}) }),
    write,
    subresource,
  )
}
