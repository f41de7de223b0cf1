import { OperationError } from '../../native/error.ts'

/**
 * Path of a group below the place where we make groups.
 *
 * @param cgroupPath OCI `cgroupsPath`; a relative one is taken below `/mycontainer`
 * @throws {OperationError} `INVALID_SPEC` when the path is empty, is the top itself or has `..`
 */
export function resolveGroupPath(cgroupPath: string): string {
  const full = cgroupPath.startsWith('/') ? cgroupPath : `/mycontainer/${cgroupPath}`
  const parts = full.split('/').filter((part) => part !== '' && part !== '.')
  const isHostile = parts.includes('..') || full.includes('\0') || full.includes('\n')
  const isEmpty = parts.length === 0 || cgroupPath === ''
  if (isHostile || isEmpty)
    throw new OperationError(
      'INVALID_SPEC',
      'check linux.cgroupsPath',
      { value: cgroupPath },
      { hint: 'Give the path of a group of its own, without "..", as in /mycontainer/web' },
    )
  return `/${parts.join('/')}`
}

/** `path` (beginning with a slash) below `folder`, which may be the root. */
export function joinPath(folder: string, path: string): string {
  return folder === '/' ? path : folder + path
}

/** Each folder of `path` on the way to `leaf` (which ends in `path`), the leaf itself last. */
export function ancestorsOf(leaf: string, path: string): string[] {
  let at = leaf.slice(0, leaf.length - path.length)
  return path
    .split('/')
    .slice(1)
    .map((part) => {
      at = `${at}/${part}`
      return at
    })
}
