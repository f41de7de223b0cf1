import { getAttribute, getAttributeOfPath } from '../../native/xattr.ts'

// A folder of an upper layer that hides what is below: overlayfs, "whiteouts and opaque directories".

/** The attribute that says so; the second where the first may not be set. */
export const opaqueMarks = ['trusted.overlay.opaque', 'user.overlay.opaque'] as const

/** Of a folder by its path; raw bytes need a NUL at their end. */
export function isOpaquePath(path: string | Uint8Array): boolean {
  return opaqueMarks.some((mark) => isYes(getAttributeOfPath(path, mark)))
}

/** Of an open folder, also one that was opened with `O_PATH`. */
export function isOpaqueFolder(folder: number): boolean {
  return opaqueMarks.some((mark) => isYes(getAttribute(folder, mark)))
}

function isYes(value: Buffer | number): boolean {
  return typeof value !== 'number' && value.toString('latin1') === 'y'
}
