import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { issueCertificate } from '../server/certificates.ts'
import type { KeyPair } from '../server/certificates.ts'
import { isGood } from '../server/kept-pair.ts'

/** What a node proves itself with, and checks others by. PEM. */
export interface NodeCredentials {
  readonly authority: string
  /** To the API server. */
  readonly client: KeyPair
  /** Of the agent's own server. */
  readonly serving: KeyPair
}

const fileName = 'credentials.json'

/** Those that a node has, or new ones by the cluster's own authority where they are damaged, run out, or are another's. */
export async function ensureNodeCredentials(
  folder: string,
  authority: KeyPair,
  node: { readonly name: string; readonly address: string },
): Promise<string> {
  const path = join(folder, fileName)
  if (existsSync(path) && areGood(path, authority)) return path
  const commonName = `system:node:${node.name}`
  const [client, serving] = await Promise.all([
    issueCertificate(authority, { commonName, organizations: ['system:nodes'], usage: 'client' }),
    issueCertificate(authority, {
      commonName,
      organizations: ['system:nodes'],
      hosts: [node.name, node.address, '127.0.0.1'],
      usage: 'server',
    }),
  ])
  writeNodeCredentials(path, { authority: authority.certificate, client, serving })
  return path
}

function areGood(path: string, authority: KeyPair): boolean {
  try {
    const { client, serving, authority: known } = readNodeCredentials(path)
    return (
      known === authority.certificate &&
      [client, serving].every((pair) => isGood(pair, authority.certificate))
    )
  } catch {
    return false
  }
}

export function writeNodeCredentials(path: string, credentials: NodeCredentials): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.tmp`, JSON.stringify(credentials), { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readNodeCredentials(path: string): NodeCredentials {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as NodeCredentials
    for (const { certificate, key } of [found.client, found.serving])
      if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
        throw new Error('a key that is not of its certificate')
    return found
  } catch (cause) {
    const hint =
      'Of a local cluster: "myorch cluster start" makes new ones; else join again: "myorch node join"'
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the credentials of the node',
      { path },
      { cause, hint, exitCode: 1 },
    )
  }
}
