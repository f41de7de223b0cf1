import * as z from 'zod/mini'
import { optional, text, texts } from './field.ts'
import { int32 } from './integer.ts'
import { once } from './once.ts'

/** One program run at a moment of the life cycle; it reads the state JSON on its stdin. */
export const hookSchema = once(() =>
  z.object({
    /** Absolute path in the runtime's (or, for some moments, the container's) file system. */
    path: text(),
    /** The first one is the program's own name. Absent: the path alone. */
    args: optional(texts()),
    /** `NAME=value`. Absent: an empty environment. */
    env: optional(texts()),
    /** Seconds until the hook is killed and counts as failed. Absent: no limit. */
    timeout: optional(int32()),
  }),
)

/**
 * Programs by moment, each list run in order.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks
 */
export const hooksSchema = once(() => {
  const list = optional(z.array(hookSchema()))
  return z.object({
    /** Deprecated by the specification: runs with createRuntime, before it. */
    prestart: list,
    /** Runtime namespaces, after the container's exist, before pivot_root. */
    createRuntime: list,
    /** Container namespaces, before pivot_root; the path is the runtime's. */
    createContainer: list,
    /** Container namespaces, after `start`, before the program; the path is the container's. */
    startContainer: list,
    /** Runtime namespaces, after the program started. A failure destroys the container (since 1.3.0). */
    poststart: list,
    /** Runtime namespaces, after the container is deleted. A failure is only a warning. */
    poststop: list,
  })
})

export type Hook = z.infer<ReturnType<typeof hookSchema>>
export type Hooks = z.infer<ReturnType<typeof hooksSchema>>

/** Names of the moments, in the order in which they come. */
export const hookMoments = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const satisfies readonly (keyof Hooks)[]
