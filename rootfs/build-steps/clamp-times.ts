import { closeFile, openAt, openFlags, setTimesAt } from '../../native/file.ts'
import { openSync } from 'node:fs'
import { rawPath } from '../layer/folder-cache.ts'
import { fileTime, listFolder, statusIn } from './read-source.ts'

/** Give every file below a folder whose time is later than `epoch` (seconds since 1970) that time. */
export function clampTimes(folder: string, epoch: number): void {
  const top = openSync(folder, openFlags.directory | openFlags.noFollow)
  try {
    clampBelow(top, epoch)
  } finally {
    closeFile(top)
  }
}

function clampBelow(folder: number, epoch: number): void {
  const limit = { seconds: epoch, nanoseconds: 0 }
  for (const name of listFolder(folder)) {
    const status = statusIn(folder, name)
    if (status.isDirectory()) {
      const inner = openAt(folder, rawPath(name), openFlags.directory | openFlags.noFollow)
      if (inner >= 0) {
        clampBelow(inner, epoch)
        closeFile(inner)
      }
    }
    const { seconds, nanoseconds } = fileTime(status.mtimeNs)
    const isLater = seconds > epoch || (seconds === epoch && nanoseconds > 0)
    if (isLater) setTimesAt(folder, rawPath(name), limit, limit)
  }
}
