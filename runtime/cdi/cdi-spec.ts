import * as z from 'zod/mini'
import { hookMoments } from '../spec/hooks.ts'
import { once } from '../spec/once.ts'

// The Container Device Interface: what a vendor says a container needs to use a device. Fields that are not here are
// left alone, as the specification wants it of older readers.

const node = () =>
  z.object({
    path: z.string(),
    hostPath: z.optional(z.string()),
    type: z.optional(z.string()),
    major: z.optional(z.number()),
    minor: z.optional(z.number()),
    fileMode: z.optional(z.number()),
    permissions: z.optional(z.string()),
    uid: z.optional(z.number()),
    gid: z.optional(z.number()),
  })

const mount = () =>
  z.object({
    hostPath: z.string(),
    containerPath: z.string(),
    type: z.optional(z.string()),
    options: z.optional(z.array(z.string())),
  })

const hook = () =>
  z.object({
    hookName: z.enum(hookMoments),
    path: z.string(),
    args: z.optional(z.array(z.string())),
    env: z.optional(z.array(z.string())),
    timeout: z.optional(z.number()),
  })

const edits = once(() =>
  z.object({
    env: z.optional(z.array(z.string())),
    deviceNodes: z.optional(z.array(node())),
    mounts: z.optional(z.array(mount())),
    hooks: z.optional(z.array(hook())),
    additionalGids: z.optional(z.array(z.number())),
  }),
)

/** @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md */
export const cdiSpec = once(() =>
  z.object({
    cdiVersion: z.string(),
    kind: z.string().check(z.regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w-]*$/)),
    containerEdits: z.optional(edits()),
    devices: z.array(z.object({ name: z.string(), containerEdits: edits() })),
  }),
)

export type CdiSpec = z.infer<ReturnType<typeof cdiSpec>>
export type CdiEdits = z.infer<ReturnType<typeof edits>>
