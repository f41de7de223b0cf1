import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockSync } from '../../../native/lock.ts'
import { makeInitramfs } from './initramfs.ts'
import { type Kernel, prepareKernel } from './kernel.ts'
import { fillGuestRoot, makeExt4 } from './root-image.ts'

const cache = join(import.meta.dirname, '../../../node_modules/.cache/vm')

/** What guests boot from; several may at once, for what they write stays their own. */
export interface GuestImage {
  /** Temporary, with room for what belongs to a guest. */
  readonly folder: string
  readonly kernel: string
  readonly initramfs: string
  readonly disk: string
  remove(): void
}

/** Two files that start at the same time fetch it once, and ask apt one after the other. */
function prepareOnce(): Kernel {
  const held = lockSync(join(cache, 'kernel.lock'))
  try {
    return prepareKernel(cache)
  } finally {
    held.release()
  }
}

/**
 * Make a disk of this host's programs and this checkout, with a kernel that has cgroup v2 alone.
 *
 * @param script run by bash in the guest, as root, in the checkout
 * @throws {Error} when the host lacks what it is made of
 */
export function makeGuestImage(script: string): GuestImage {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-vm-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFolder)
  const remove = (): void => {
    process.off('exit', removeFolder)
    removeFolder()
  }
  try {
    const kernel = prepareOnce()
    const initramfs = join(folder, 'initramfs')
    const disk = join(folder, 'root.ext4')
    writeFileSync(initramfs, makeInitramfs(kernel.modules))
    fillGuestRoot(join(folder, 'root'), script)
    makeExt4(join(folder, 'root'), disk)
    rmSync(join(folder, 'root'), { recursive: true })
    return { folder, kernel: kernel.image, initramfs, disk, remove }
  } catch (error) {
    remove()
    throw error
  }
}
