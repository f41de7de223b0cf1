import * as z from 'zod/mini'
import { optional, text, texts } from './field.ts'
import { uint32 } from './integer.ts'
import { once } from './once.ts'

/** One row of a uid_map or gid_map; see user_namespaces(7). */
export const idMappingSchema = once(() =>
  z.object({
    /** First id inside. */
    containerID: uint32(),
    /** First id outside. */
    hostID: uint32(),
    /** How many ids the row covers. */
    size: uint32(),
  }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#mounts */
export const mountSchema = once(() =>
  z.object({
    /** Path in the container; a relative one (deprecated) is relative to `/`. */
    destination: text(),
    type: optional(text()),
    /** Device, path (relative to the bundle for bind mounts) or a dummy. */
    source: optional(text()),
    /** fstab style; what the runtime does not know goes to the file system as data. */
    options: optional(texts()),
    uidMappings: optional(z.array(idMappingSchema())),
    gidMappings: optional(z.array(idMappingSchema())),
  }),
)

export type IdMapping = z.infer<ReturnType<typeof idMappingSchema>>
export type Mount = z.infer<ReturnType<typeof mountSchema>>

/** Whether the mount binds an existing tree: its type is then a dummy. */
export function isBindMount(mount: Mount): boolean {
  return mount.options?.some((option) => option === 'bind' || option === 'rbind') ?? false
}
