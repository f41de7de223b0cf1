import { OperationError } from '../../native/error.ts'
import type { Config, NamespaceType } from '../spec/config.ts'
import { ProgramBuilder } from './builder.ts'
import type { CallOptions, Reason } from './builder.ts'
import type { CompileBase, CompileInput } from './compile-input.ts'
import { AT, AT_FDCWD, O, O_ARCH, RESOLVE } from './flags/values.ts'
import { MOVE_MOUNT } from './flags/values.ts'
import { OPEN_HOW_SIZE, openHow } from './structs.ts'
import type { Operand, Slot } from './operand.ts'

/** A program in the making, and what the parts of the compiler derive from the input once. */
export interface Compilation {
  readonly b: ProgramBuilder
  readonly base: CompileBase
  readonly config: Config
  readonly linux: NonNullable<Config['linux']>
  /** Namespaces that are made or joined, by type; the value is the path to join. */
  readonly namespaces: ReadonlyMap<NamespaceType, string | undefined>
  /** A new user namespace of the container's own. */
  readonly isUserNamespaceNew: boolean
  /**
   * It joins a user namespace and has new ones beside, which must belong to that one: the process that enters it is not
   * yet the container's first, and gives birth to it there. For OCI callers alone, whose roots have the right owners.
   */
  readonly isBornInside: boolean
  /** The inner half is root of another user namespace than the runtime is when it makes the container. */
  readonly isForeign: boolean
  /** No device nodes can be made: in any user namespace. */
  readonly isUnprivileged: boolean
}

/** A compilation of a whole container. */
export interface ContainerCompilation extends Compilation {
  readonly input: CompileInput
}

/** @throws {OperationError} `INVALID_SPEC` for a namespace named twice */
export function startCompilation(base: CompileBase, config: Config): Compilation {
  const namespaces = new Map<NamespaceType, string | undefined>()
  for (const { type, path } of config.linux?.namespaces ?? []) {
    if (namespaces.has(type)) refuseSpec('linux.namespaces', { type, problem: 'named twice' })
    namespaces.set(type, path === '' ? undefined : path)
  }
  const hasUser = namespaces.has('user')
  const isUserNamespaceNew = hasUser && namespaces.get('user') === undefined
  const isJoined = hasUser && !isUserNamespaceNew
  const isBornInside = isJoined && base.leave === true && hasNew(namespaces)
  return {
    b: new ProgramBuilder(base.host.architecture),
    base,
    config,
    linux: config.linux ?? {},
    namespaces,
    isUserNamespaceNew,
    isBornInside,
    isForeign: isUserNamespaceNew || isBornInside,
    isUnprivileged: hasUser || base.host.rootless,
  }
}

function hasNew(namespaces: Compilation['namespaces']): boolean {
  const types = ['mount', 'pid', 'network', 'uts', 'ipc'] as const
  return types.some((type) => namespaces.has(type) && namespaces.get(type) === undefined)
}

/** Whether the container gets a namespace of that type of its own. */
export function isNew({ namespaces }: Compilation, type: NamespaceType): boolean {
  return namespaces.has(type) && namespaces.get(type) === undefined
}

export function kernelAtLeast({ base }: Compilation, major: number, minor: number): boolean {
  const { kernel } = base.host
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor)
}

/** @throws {OperationError} `INVALID_SPEC`, always */
export function refuseSpec(
  field: string,
  detail: Record<string, string | number>,
  hint?: string,
): never {
  throw new OperationError('INVALID_SPEC', `check ${field}`, detail, { hint })
}

/** @throws {OperationError} `UNSUPPORTED`, always */
export function refuseFeature(
  field: string,
  detail: Record<string, string | number>,
  hint: string,
): never {
  throw new OperationError('UNSUPPORTED', `compile ${field}`, detail, { hint })
}

/** O_DIRECTORY, whose number depends on the architecture. */
export function directoryFlag({ b }: Compilation): number {
  return O_ARCH[b.architecture].DIRECTORY
}

/** O_NOFOLLOW, whose number depends on the architecture. */
export function noFollowFlag({ b }: Compilation): number {
  return O_ARCH[b.architecture].NOFOLLOW
}

/** Path inside the container as openat2(2) below the root takes it: relative, `.` for the root. */
export function relativePath(path: string): string {
  if (/^\/(?:[^/.][^/]*\/)*[^/.][^/]*$/.test(path)) return path.slice(1)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 ? '.' : parts.join('/')
}

export interface OpenOptions extends CallOptions {
  readonly flags: number
  readonly resolve: number
  readonly mode?: number
}

/** openat2(2) with everything that keeps a hostile path inside. */
export function openBelow(c: Compilation, at: Operand, path: string, options: OpenOptions): void {
  const { flags, mode = 0, resolve } = options
  const how = openHow(c.b.data, flags | O.CLOEXEC, mode, resolve)
  c.b.call('openat2', [at, c.b.text(path), how, OPEN_HOW_SIZE], options)
}

/** Resolve as if the container's root were `/`, and never through /proc/PID/fd links. */
export const IN_ROOT = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS

export function close(c: Compilation, slot: Operand, why: string): void {
  c.b.call('close', [slot], { ignore: ['EBADF'], why, source: 'close(2)' })
}

/** Put a detached mount on what a descriptor points to; no path is looked up in between. */
export function attachMount(c: Compilation, mount: Slot, target: Slot, reason: Reason): void {
  const { b } = c
  const flags = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH
  b.call('move_mount', [mount, b.text(''), target, b.text(''), flags], reason)
}

/** A write of a whole text to a file that exists, with the errnos that do not matter. */
export function writeFile(
  c: Compilation,
  file: Operand,
  value: string,
  options: Reason & { readonly ignore?: readonly string[] | 'any'; readonly at?: Operand },
): void {
  const { b } = c
  const fd = b.slot('file')
  const done = b.label('written')
  const { ignore = [], at = AT_FDCWD, why, source } = options
  b.call('openat', [at, file, O.WRONLY | O.CLOEXEC, 0], {
    to: fd,
    ignore,
    why,
    source,
    ...(ignore.length > 0 ? { ifIgnored: done } : {}),
  })
  b.call('write', [fd, b.text(value), Buffer.byteLength(value)], { ignore, why, source })
  close(c, fd, 'the value is written; a descriptor less to hand on')
  b.place(done)
}

/** Path-less flags of calls that work on a descriptor alone. */
export const BY_DESCRIPTOR = AT.EMPTY_PATH
