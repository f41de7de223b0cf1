import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeNodeCredentials } from '../cluster/node-credentials.ts'
import type { NodeCredentials } from '../cluster/node-credentials.ts'

/** Who this machine is in its cluster; its certificates say the same. */
export interface JoinedNode {
  readonly name: string
  readonly address: string
}

const fileName = 'node.json'

/** The credentials are written last: where they are, all is. */
export function writeJoined(root: string, node: JoinedNode, credentials: NodeCredentials): void {
  mkdirSync(root, { recursive: true, mode: 0o711 })
  writeFileSync(join(root, fileName), `${JSON.stringify(node)}\n`)
  writeNodeCredentials(join(root, 'credentials.json'), credentials)
}

export function readJoined(root: string): JoinedNode {
  return JSON.parse(readFileSync(join(root, fileName), 'utf8')) as JoinedNode
}
