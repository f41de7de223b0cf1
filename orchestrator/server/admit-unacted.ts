import { findUnacted } from '../api/unacted/find-unacted.ts'
import type { Admission } from './admission.ts'

/** Tells who writes a field that nothing acts on. It is kept all the same: the part may come, and the object may go to a cluster that has it. */
export const warnOfUnacted: Admission = async (request) => {
  const { operation, kind, object, current, subresource, warn } = request
  if (!warn || operation === 'DELETE' || kind.isCustom) return
  if (subresource !== undefined && subresource !== 'ephemeralcontainers') return
  for (const path of findUnacted(kind, object, current))
    warn(`${path === '' ? kind.kind : path}: stored, but nothing in this cluster acts on it yet`)
}
