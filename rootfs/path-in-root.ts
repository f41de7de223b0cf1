import { closeSync, constants, openSync } from 'node:fs'
import { requireSuccess } from '../native/ffi/library.ts'
import { openAt2, openFlags, resolveFlags } from '../native/file.ts'

/** A folder whose content somebody else controls, e.g. the root of a container. */
export interface UntrustedRoot {
  readonly descriptor: number
  close(): void
  [Symbol.dispose](): void
}

/** Open the folder at `path`, which must itself be trusted. */
export function openRoot(path: string): UntrustedRoot {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  const close = (): void => closeSync(descriptor)
  return { descriptor, close, [Symbol.dispose]: close }
}

export interface OpenInRootOptions {
  /** openat2(2) flags; absent: `O_RDONLY | O_NONBLOCK | O_NOCTTY`, so that no FIFO or terminal holds us up. */
  readonly flags?: number | undefined
  /** For a file that is made. */
  readonly mode?: number | undefined
}

/**
 * Open a path as a process chrooted into `root` would: symlinks, absolute ones too, and ".."
 * stay inside, and no magic link of /proc is followed. The kernel does it in one step, so
 * renaming folders meanwhile gains nothing.
 *
 * @param root descriptor of the folder
 * @returns a descriptor that the caller closes
 * @throws {OperationError} `SYSCALL_FAILED`
 * @see openat2(2), RESOLVE_IN_ROOT
 */
export function openInRoot(root: number, path: string, options: OpenInRootOptions = {}): number {
  const flags = options.flags ?? openFlags.nonBlock | openFlags.noCtty
  const result = openAt2(root, path, {
    flags,
    mode: options.mode ?? 0,
    resolve: resolveFlags.inRoot | resolveFlags.noMagicLinks,
  })
  return requireSuccess(result, 'open a path inside a root', { path })
}
