import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
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

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readJoined(root: string): JoinedNode {
  const path = join(root, fileName)
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JoinedNode
  } catch (cause) {
    const hint = `Remove ${join(root, 'credentials.json')} and join again with a new token`
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read which node this machine is',
      { path },
      { cause, hint, exitCode: 1 },
    )
  }
}
