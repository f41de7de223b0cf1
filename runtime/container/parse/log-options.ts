import type { LogOptions } from '../options.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'
import { parseKeyValues } from './key-value.ts'
import { parseSizeOrUnlimited } from './size.ts'

/** Options of docker's and podman's file drivers that change nothing here but what `inspect` shows. */
const showOnly: readonly string[] = [
  'compress',
  'env',
  'env-regex',
  'label',
  'labels',
  'labels-regex',
  'max-buffer-size',
  'mode',
  'tag',
]

/**
 * Read `--log-driver` and the `--log-opt` values.
 * @param driver absent means json-file
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseLogOptions(driver: string | undefined, values: readonly string[]): LogOptions {
  const {
    path,
    'max-size': maxSize,
    'max-file': maxFiles,
    ...other
  } = parseKeyValues('log option', values, true)
  for (const name of Object.keys(other)) if (!showOnly.includes(name)) throw unknownOption(name)
  return {
    driver: parseDriver(driver ?? 'json-file'),
    ...(path === undefined ? {} : { path }),
    ...(maxSize === undefined ? {} : { maxSize: parseSizeOrUnlimited(maxSize) }),
    ...(maxFiles === undefined ? {} : { maxFiles: parseInteger('max-file', maxFiles, 1, 1000) }),
    other,
  }
}

function unknownOption(name: string): Error {
  const hint = `The options are max-size, max-file and path; ${showOnly.join(', ')} are only kept for inspect`
  return invalidValue('log option', name, hint)
}

function parseDriver(text: string): LogOptions['driver'] {
  if (text === 'json-file' || text === 'k8s-file' || text === 'none') return text
  // What docker and podman call nearly the same file.
  if (text === 'local') return 'json-file'
  if (text === 'cri') return 'k8s-file'
  throw invalidValue('log driver', text, 'The drivers are json-file, k8s-file and none')
}
