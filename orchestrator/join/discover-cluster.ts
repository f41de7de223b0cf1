import { timingSafeEqual } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { request } from 'node:https'
import { OperationError } from '../../native/error.ts'
import { listAt, textAt } from '../api/object.ts'
import { sign } from '../server/cluster-info.ts'
import { parseYaml } from '../server/parse-yaml.ts'
import { authorityHash } from './authority-hash.ts'

export interface DiscoverOptions {
  /** `https://HOST:PORT` */
  readonly server: string
  /** `ID.SECRET` */
  readonly token: string
  /** `sha256:…` of the authority's key; absent: the token alone proves it. */
  readonly authorityHash?: string | undefined
}

export interface DiscoveredCluster {
  /** PEM. */
  readonly authority: string
  /** By which this machine reaches the server. */
  readonly localAddress: string
}

const path = '/api/v1/namespaces/kube-public/configmaps/cluster-info'
const patienceMs = 15_000

/**
 * Learn a cluster's authority from a server that nobody vouches for yet: what it says is believed because it is signed
 * with the token, and because the authority is the one that was named.
 *
 * @throws {OperationError} `REFUSED` where either is not so, `UNREACHABLE`
 */
export async function discoverCluster(options: DiscoverOptions): Promise<DiscoveredCluster> {
  const { token } = options
  const server = readServer(options.server)
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read --token',
      { length: token.length },
      { hint: 'It is like abcdef.0123456789abcdef; "myorch token create" prints one' },
    )
  const { body, localAddress } = await getUnchecked(server)
  const kubeconfig = textAt(body, ['data', 'kubeconfig'])
  if (kubeconfig === undefined)
    throw refused(server, 'it does not tell of a cluster', {
      hint: 'Give the address that "myorch token create" prints: what answers there is something else',
    })
  const [id = ''] = token.split('.')
  const signature = textAt(body, ['data', `jws-kubeconfig-${id}`]) ?? ''
  if (!isSame(signature, sign(kubeconfig, id, token)))
    throw refused(server, 'the server does not know the token', {
      hint: 'Make a new one with "myorch token create": tokens end after a day',
    })
  const clusters = listAt(await parseYaml(kubeconfig), ['clusters'])
  const data = textAt(clusters[0], ['cluster', 'certificate-authority-data']) ?? ''
  const authority = Buffer.from(data, 'base64').toString()
  const found = authorityHash(authority)
  if (options.authorityHash !== undefined && !isSame(found, options.authorityHash))
    throw refused(server, 'its authority is another one', {
      hint: `It is ${found}: do not join unless the cluster's owner says the same`,
    })
  return { authority, localAddress }
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
function readServer(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' && /^\/?$/.test(url.pathname + url.search)) return url.origin
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read the address of the server',
    { address: text },
    { hint: 'Write it like https://10.0.0.1:6443' },
  )
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function refused(server: string, why: string, more: { readonly hint: string }): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'trust the server',
    { server, why },
    { exitCode: 1, ...more },
  )
}

/** Nothing of the answer is believed before it is checked. */
function getUnchecked(server: string): Promise<{ body: unknown; localAddress: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    body: unknown
    localAddress: string
  }>()
  const fail = (cause: unknown): void =>
    reject(
      new OperationError(
        'TIMEOUT',
        'reach the server',
        { server },
        { exitCode: 1, cause, hint: 'Check its address, and that its port is open' },
      ),
    )
  const options = { rejectUnauthorized: false, timeout: patienceMs, agent: false as const }
  const asking = request(`${server}${path}`, options, (response) => {
    const { localAddress = '' } = response.socket as TLSSocket
    const pieces: Buffer[] = []
    response.on('data', (piece: Buffer) => pieces.push(piece))
    response.on('error', fail)
    response.on('end', () => {
      try {
        resolve({ body: JSON.parse(Buffer.concat(pieces).toString()), localAddress })
      } catch (error) {
        fail(error)
      }
    })
  })
  asking.on('timeout', () => asking.destroy(new Error('no answer')))
  asking.on('error', fail)
  asking.end()
  return promise
}
