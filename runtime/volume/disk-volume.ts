import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'

// A volume with a size is an ext4 file system in a sparse file beside the folder that it is mounted on:
// a limit that holds on every file system below, without quotas.

const diskName = 'disk.img'
/** Owner and mode of the volume's own folder; there until it is mounted for the first time. */
const pristineName = 'pristine.json'

/**
 * Make the file system of a volume with what is in its folder, which is empty afterwards.
 *
 * @param folder of the volume: `_data` and what is beside it
 * @throws {OperationError} `UNSUPPORTED` without mke2fs(8), `INVALID_ARGUMENT` where the size does not do
 */
export function makeDisk(folder: string, bytes: number): void {
  const data = join(folder, '_data')
  const image = join(folder, `.${diskName}.new`)
  const file = openSync(image, 'w', 0o600)
  try {
    ftruncateSync(file, bytes)
  } finally {
    closeSync(file)
  }
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const made = spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-m', '0', '-d', data, image], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  })
  if (isSystemError(made.error, 'ENOENT'))
    throw new OperationError(
      'UNSUPPORTED',
      'limit the size of a volume',
      { missing: 'mke2fs' },
      { hint: 'Install e2fsprogs, or use a tmpfs: -o type=tmpfs -o o=size=SIZE' },
    )
  if (made.status !== 0) {
    rmSync(image, { force: true })
    throw new OperationError(
      'INVALID_ARGUMENT',
      'make the file system of a volume',
      { bytes, said: (made.stderr ?? '').trim().split('\n').at(-1)?.slice(0, 200) ?? '' },
      { hint: 'Give it a size from 1m on, for which there is room' },
    )
  }
  const { uid, gid, mode } = statSync(data)
  writeFileSync(join(folder, pristineName), JSON.stringify({ uid, gid, mode }), { mode: 0o600 })
  renameSync(image, join(folder, diskName))
  rmSync(data, { recursive: true })
  mkdirSync(data, { mode: 0o755 })
}

export function diskOf(folder: string): string {
  return join(folder, diskName)
}

/** Whether it was never mounted, so that nobody can have written to it. */
export function isPristine(folder: string): boolean {
  return existsSync(join(folder, pristineName))
}

/** After the first mount: the folder is as it was wished, and has nothing of the file system's own. */
export function completeFirstMount(folder: string): void {
  if (!isPristine(folder)) return
  const data = join(folder, '_data')
  const text = readFileSync(join(folder, pristineName), 'utf8')
  const { uid, gid, mode } = JSON.parse(text) as { uid: number; gid: number; mode: number }
  chownSync(data, uid, gid)
  chmodSync(data, mode & 0o7777)
  try {
    rmdirSync(join(data, 'lost+found'))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') && !isSystemError(error, 'ENOTEMPTY')) throw error
  }
  rmSync(join(folder, pristineName), { force: true })
}

/** Bytes that its blocks take on the disk below. */
export function diskBytes(folder: string): number | undefined {
  const found = statSync(diskOf(folder), { throwIfNoEntry: false })
  return found && found.blocks * 512
}
