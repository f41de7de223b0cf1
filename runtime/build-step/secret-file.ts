import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { EngineFolders } from '../container/folders.ts'
import { stepOwner } from './step-owner.ts'

// Secrets are only ever in memory: in a folder on a tmpfs that nobody else can enter.

const tmpfsMagic = 0x01021994
const prefix = 'mycontainer-build-'

/** Where folders of secrets may be, for those who look for forgotten ones. */
export function secretFolders({ runDir }: EngineFolders): { parent: string; prefix: string }[] {
  return ['/dev/shm', runDir].map((parent) => ({ parent, prefix }))
}

export interface SecretFolder {
  /** @returns path of the file */
  add(content: Buffer, owner: { mode: number; uid: number; gid: number }): string
  remove(): void
}

/** A new folder for the secrets of one RUN: its name says whose it is. */
export function makeSecretFolder(folders: EngineFolders): SecretFolder {
  const parent = [folders.runDir, '/dev/shm'].find(isTmpfs) ?? folders.runDir
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const path = mkdtempSync(join(parent, `${prefix}${stepOwner().replace(' ', '-')}-`))
  let count = 0
  return {
    add(content, { mode, uid, gid }) {
      const file = join(path, String(count++))
      writeFileSync(file, content, { mode: 0o600, flag: 'wx' })
      chownSync(file, uid, gid)
      chmodSync(file, mode)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

function isTmpfs(folder: string): boolean {
  try {
    return statfsSync(folder).type === tmpfsMagic
  } catch {
    return false
  }
}
