import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueCertificate } from '../server/certificates.ts'
import type { KeyPair } from '../server/certificates.ts'

/** What a node proves itself with, and checks others by. PEM. */
export interface NodeCredentials {
  readonly authority: string
  /** To the API server. */
  readonly client: KeyPair
  /** Of the agent's own server. */
  readonly serving: KeyPair
}

const fileName = 'credentials.json'

/** Those that a node has, or new ones by the cluster's own authority. */
export async function ensureNodeCredentials(
  folder: string,
  authority: KeyPair,
  node: { readonly name: string; readonly address: string },
): Promise<string> {
  const path = join(folder, fileName)
  if (existsSync(path)) return path
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

export function writeNodeCredentials(path: string, credentials: NodeCredentials): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.tmp`, JSON.stringify(credentials), { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}

export function readNodeCredentials(path: string): NodeCredentials {
  return JSON.parse(readFileSync(path, 'utf8')) as NodeCredentials
}
