// Entry of this folder: the OCI runtime configuration 1.3 as a schema and as types, and
// the two ways into it, from text and from a value.

import * as z from 'zod/mini'
import { flag, optional, text } from './field.ts'
import { hooksSchema } from './hooks.ts'
import { parseJson } from './json.ts'
import { linuxSchema } from './linux.ts'
import { mountSchema } from './mount.ts'
import { once } from './once.ts'
import { requireValid } from './problem.ts'
import { processSchema } from './process.ts'
import { semanticChecks } from './checks/semantic-checks.ts'

export type { Int64 } from './integer.ts'
export type { Hook, Hooks } from './hooks.ts'
export type {
  Device,
  IntelRdt,
  Linux,
  MemoryPolicy,
  Namespace,
  NamespaceType,
  NetDevice,
  Personality,
  TimeOffset,
} from './linux.ts'
export type { IdMapping, Mount } from './mount.ts'
export type { Capabilities, IoPriority, Process, Rlimit, Scheduler, User } from './process.ts'
export type { Resources } from './resources.ts'
export type { Seccomp } from './seccomp.ts'
export type { State } from './state.ts'

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md */
export const configSchema = once(() =>
  z.object({
    ociVersion: text(),
    root: z.object({
      /** Absolute, or relative to the bundle. */
      path: text(),
      readonly: optional(flag()),
    }),
    /** Mounted in this order. */
    mounts: optional(z.array(mountSchema())),
    /** May be absent until `start`. */
    process: optional(processSchema()),
    hostname: optional(text()),
    domainname: optional(text()),
    hooks: optional(hooksSchema()),
    annotations: optional(z.record(text(), text())),
    linux: optional(linuxSchema()),
  }),
)

export type Config = z.infer<ReturnType<typeof configSchema>>
export type Root = Config['root']

/** A config.json larger than this is refused: real ones have 10 to 200 KB. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024

/**
 * Read the text of a config.json.
 *
 * Keys that the specification does not know are ignored, as it demands; `null` counts as absent.
 * @throws {OperationError} `INVALID_SPEC`; its detail `fields` names every wrong field and what it expects
 */
export function parseConfig(text: string): Config {
  const value = parseJson(text, {
    what: 'config.json',
    maxLength: MAX_CONFIG_BYTES,
    hint: 'Correct it there: "jq . config.json" finds the place, "spec" writes a whole one',
  })
  return validateConfig(
    value,
    'Correct these fields; "spec" writes a config.json that has all it needs',
  )
}

/**
 * Check a value against the specification: first the shape of each field, then, if all have
 * the right shape, what they mean together.
 * @throws {OperationError} `INVALID_SPEC`, as `parseConfig`
 */
export function validateConfig(value: unknown, hint?: string): Config {
  return requireValid(value, configSchema(), semanticChecks, 'check config.json', hint)
}
