import { X509Certificate } from 'node:crypto'
import { describeError } from '../../native/error.ts'
import { readNodeCredentials, writeNodeCredentials } from '../cluster/node-credentials.ts'
import type { NodeCredentials } from '../cluster/node-credentials.ts'
import { renewCredentials } from './join-cluster.ts'

// A node's certificates are made anew, by itself, when a fifth of their time is left.

const usedShare = 0.8
const longestWait = 24 * 60 * 60 * 1000
const retryMs = 10 * 60 * 1000

/** When the first of a node's certificates is to be made anew, in milliseconds since 1970. Pure. */
export function renewalTime(credentials: Pick<NodeCredentials, 'client' | 'serving'>): number {
  const times = [credentials.client, credentials.serving].map(({ certificate }) => {
    const { validFrom, validTo } = new X509Certificate(certificate)
    const from = Date.parse(validFrom)
    return from + (Date.parse(validTo) - from) * usedShare
  })
  return Math.min(...times)
}

/** Whether the node cannot prove itself any more, and has to join again. Pure. */
export function isOver({ client }: Pick<NodeCredentials, 'client'>, now = Date.now()): boolean {
  return Date.parse(new X509Certificate(client.certificate).validTo) <= now
}

export interface RenewalOptions {
  readonly server: string
  readonly name: string
  readonly address: string
  /** File of {@link NodeCredentials}. */
  readonly credentials: string
}

/** @returns when there are new ones in the file; a server that cannot be asked is asked again every ten minutes */
export async function untilRenewed(options: RenewalOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const current = readNodeCredentials(options.credentials)
    const wait = renewalTime(current) - Date.now()
    if (wait > 0) {
      await sleep(Math.min(wait, longestWait), signal)
      continue
    }
    try {
      const identity = { ...options, authority: current.authority }
      writeNodeCredentials(options.credentials, await renewCredentials(identity, current.client))
      return
    } catch (error) {
      process.stderr.write(`myorch: node: renew certificates: ${describeError(error)}\n`)
      await sleep(retryMs, signal)
    }
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
