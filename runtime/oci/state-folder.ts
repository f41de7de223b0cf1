import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { hookErrorsFile } from '../program/hooks.ts'

/** Where the files of one container are; native/shim/oci-container.h says what the launcher reads of them. */
export interface StateFolder {
  readonly root: string
  readonly id: string
  readonly path: string
  /** Its configuration as it was made, with what the runtime has added. */
  readonly config: string
  /** `OciRecord`. */
  readonly record: string
  /** What `state` prints, without pid and status. */
  readonly state: string
  readonly launch: string
  readonly process: string
  readonly gate: string
  /** FIFO on which the init tells of its hooks and its program; there only where somebody has to know. */
  readonly started: string
  /** What hooks of `create` have said on their standard error. */
  readonly hookErrors: string
  /** Where its root is mounted when it has no mount namespace of its own. */
  readonly mounted: string
  /** Socket folder of sd_notify(3), shown inside. */
  readonly notify: string
}

/** @throws {OperationError} `INVALID_ARGUMENT` for what runc and crun would not take either */
export function stateFolder(root: string, id: string): StateFolder {
  requireId(id)
  const path = join(root, id)
  return {
    root,
    id,
    path,
    config: join(path, 'config.json'),
    record: join(path, 'record.json'),
    state: join(path, 'state.json'),
    launch: join(path, 'launch'),
    process: join(path, 'process'),
    gate: join(path, 'start'),
    started: join(path, 'started'),
    hookErrors: join(path, hookErrorsFile),
    mounted: join(path, 'rootfs'),
    notify: join(path, 'notify'),
  }
}

const longestId = 200

export function isContainerId(id: string): boolean {
  return /^[a-zA-Z0-9_+-][a-zA-Z0-9_+.-]*$/.test(id) && id.length <= longestId
}

function requireId(id: string): void {
  if (isContainerId(id)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    `use the container id ${JSON.stringify(id)}: invalid container ID format`,
    {},
    {
      hint: `Letters, digits, "_", "+", "-" and (not first) "." are allowed, ${longestId} at most`,
    },
  )
}
