import { OperationError } from '../../native/error.ts'
import { listAt, textAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { makeHttpClient } from '../client/http-client.ts'
import type { ServerAddress } from '../client/http-client.ts'
import { makeInformer } from '../client/informer.ts'
import type { NodeCredentials } from '../cluster/node-credentials.ts'
import { kubeletClientSigner, kubeletServingSigner } from '../server/signing/signers.ts'
import type { KeyPair } from '../server/certificates.ts'
import { makeCertificateRequest } from './make-certificate-request.ts'

export interface NodeIdentity {
  readonly server: string
  /** PEM. */
  readonly authority: string
  /** Of the node. */
  readonly name: string
  readonly address: string
}

export interface JoinOptions extends NodeIdentity {
  readonly token: string
}

const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' }
const patienceMs = 30_000
const keyUsages = ['digital signature', 'key encipherment']

/**
 * Get a node's certificates from a cluster: the one that it proves itself with for the token, the one that it serves
 * with for the first.
 *
 * @throws {OperationError} `BAD_STATE` where a request is denied, `TIMEOUT` where nobody approves it
 * @throws {StatusError} where the token is none
 */
export function joinCluster({ token, ...identity }: JoinOptions): Promise<NodeCredentials> {
  return obtainBoth(identity, { token: () => token })
}

/**
 * Get a node's certificates anew, for those that it has.
 *
 * @throws {OperationError} as {@link joinCluster}
 * @throws {StatusError} where the server does not answer
 */
export function renewCredentials(
  identity: NodeIdentity,
  current: KeyPair,
): Promise<NodeCredentials> {
  return obtainBoth(identity, current)
}

async function obtainBoth(
  { server, authority, name, address }: NodeIdentity,
  proof: Pick<ServerAddress, 'token' | 'certificate' | 'key'>,
): Promise<NodeCredentials> {
  const asked = makeHttpClient({ server, authority, ...proof })
  try {
    const client = await obtain(asked, name, { signer: kubeletClientSigner, hosts: [] })
    const asNode = makeHttpClient({ server, authority, ...client })
    try {
      const hosts = [name, address]
      const serving = await obtain(asNode, name, { signer: kubeletServingSigner, hosts })
      return { authority, client, serving }
    } finally {
      asNode.close()
    }
  } finally {
    asked.close()
  }
}

interface Question {
  readonly signer: string
  readonly hosts: readonly string[]
}

async function obtain(client: Client, node: string, { signer, hosts }: Question): Promise<KeyPair> {
  const { request, key } = await makeCertificateRequest(
    `system:node:${node}`,
    'system:nodes',
    hosts,
  )
  const purpose = signer === kubeletServingSigner ? 'server auth' : 'client auth'
  const asked = await client.create({
    ...kind,
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: signer,
      usages: [...keyUsages, purpose],
    },
  })
  const answered = await untilAnswered(client, asked)
  const data = textAt(answered, ['status', 'certificate'])
  if (data !== undefined) return { certificate: Buffer.from(data, 'base64').toString(), key }
  const { name = '' } = asked.metadata
  const [denied] = listAt(answered, ['status', 'conditions']).filter(({ type }) => isBad(type))
  if (denied)
    throw new OperationError(
      'BAD_STATE',
      'get a certificate',
      {
        request: name,
        reason: textAt(denied, ['reason']) ?? '',
        why: textAt(denied, ['message']) ?? '',
      },
      { exitCode: 1 },
    )
  throw new OperationError(
    'TIMEOUT',
    'get a certificate',
    { request: name, signer },
    { exitCode: 1, hint: `Somebody has to approve it: "kubectl certificate approve ${name}"` },
  )
}

function isBad(type: unknown): boolean {
  return type === 'Denied' || type === 'Failed'
}

/** @returns it as it was last, when it has a certificate, never will have one, or it takes too long */
function untilAnswered(client: Client, asked: KubeObject): Promise<KubeObject> {
  const { name = '' } = asked.metadata
  const informer = makeInformer(client, kind, { fieldSelector: `metadata.name=${name}` })
  const done = Promise.withResolvers<KubeObject>()
  let last = asked
  const timer = setTimeout(() => done.resolve(last), patienceMs)
  informer.onChange((object, isThere) => {
    if (!isThere) return
    last = object
    const isOver = listAt(object, ['status', 'conditions']).some(({ type }) => isBad(type))
    if (isOver || textAt(object, ['status', 'certificate']) !== undefined) done.resolve(object)
  })
  return done.promise.finally(() => {
    clearTimeout(timer)
    informer.stop()
  })
}
