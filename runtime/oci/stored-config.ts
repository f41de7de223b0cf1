import { readFileSync } from 'node:fs'
import type { Config } from '../spec/config.ts'
import { parseJson } from '../spec/json.ts'
import type { StateFolder } from './state-folder.ts'

/**
 * The configuration of a container as `create` has kept it: checked then, and in a file that nobody else may write. To
 * check it once more would take a tenth of an exec.
 *
 * @throws {OperationError} `INVALID_SPEC` where it is no JSON any more
 */
export function readStoredConfig(folder: StateFolder): Config {
  return parseJson(readFileSync(folder.config, 'utf8'), { what: folder.config }) as Config
}
