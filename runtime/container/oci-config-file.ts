import { OperationError } from '../../native/error.ts'
import { parseJson } from '../spec/json.ts'
import { containerFolder } from './container-folder.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { EngineContext } from './engine-context.ts'
import { resolveContainer } from './record-store.ts'

/** The OCI configuration of a container's last start. @throws `BAD_STATE` before the first */
export function readOciConfig(context: EngineContext, reference: string): unknown {
  const record = resolveContainer(context.folders, reference)
  const text = readTextIfPresent(containerFolder(context.folders, record.id).config)
  if (text !== undefined) return parseJson(text)
  throw new OperationError(
    'BAD_STATE',
    `show the OCI configuration of ${record.name}`,
    {},
    { hint: 'It is made at the first start' },
  )
}
