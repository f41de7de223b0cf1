import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { HostDevice } from './oci-config/facts.ts'

/** Device numbers as glibc packs them, makedev(3). */
function splitDevice(device: number): { major: number; minor: number } {
  const number = BigInt(device)
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
  }
}

function readDevice(path: string): HostDevice | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status || !(status.isCharacterDevice() || status.isBlockDevice())) return undefined
  return {
    path,
    type: status.isBlockDevice() ? 'b' : 'c',
    ...splitDevice(status.rdev),
    fileMode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
  }
}

/**
 * The device at a host path, or all below a folder, as `--device` takes them.
 *
 * @throws {OperationError} `NOT_FOUND` where there is none
 */
export function devicesAt(path: string): HostDevice[] {
  const single = readDevice(path)
  if (single) return [single]
  const found = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? devicesBelow(path) : []
  if (found.length > 0) return found
  throw new OperationError(
    'NOT_FOUND',
    `add the device ${path}`,
    {},
    {
      hint: existsSync(path)
        ? 'It is no device node: give the container a file or folder with -v'
        : 'There is no device node of this host at that path: correct it, or load the driver (modprobe)',
    },
  )
}

/** Folders of /dev that a container has its own of. */
const ownFolders = new Set(['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/fd'])
const ownDevices = new Set(['/dev/console', '/dev/ptmx', '/dev/tty'])

/** Every device of the host, for `--privileged`. */
export function allDevices(): HostDevice[] {
  return devicesBelow('/dev').filter(({ path }) => !ownDevices.has(path))
}

function devicesBelow(folder: string): HostDevice[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ownFolders.has(path) ? [] : devicesBelow(path)
    return entry.isSymbolicLink() ? [] : (readDevice(path) ?? [])
  })
}
