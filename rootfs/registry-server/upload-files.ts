import { type Hash, createHash, randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemError } from '../../native/system-error.ts'
import { hashFile } from './hash-file.ts'
import type { HashedFile } from './receive-body.ts'
import { refusal } from './registry-error.ts'

// Uploads that are not whole yet: one file each, which a restart of the server survives. The name of
// the file has the id and a hash of the repository, so that an id means nothing in another repository.

/** An upload that one request has to itself. */
export interface OpenUpload extends HashedFile {
  readonly path: string
  /** Give it back; what it has stays. */
  close(): Promise<void>
  /** Throw it away; harmless after its file got another name. */
  remove(): Promise<void>
}

export interface UploadFiles {
  readonly folder: string
  /** @returns the id */
  start(repository: string): string
  /**
   * Have an upload to oneself. Whoever has it is interrupted: that is a connection which its client
   * gave up and nobody told us.
   *
   * @param interrupt ends the caller when the next one comes
   * @throws {RegistryError} `BLOB_UPLOAD_UNKNOWN`
   */
  open(repository: string, id: string, interrupt: () => void): Promise<OpenUpload>
  /**
   * Bytes that it has. Who asks has lost the connection before: nothing more comes on it once the
   * answer is out.
   *
   * @throws {RegistryError} `BLOB_UPLOAD_UNKNOWN`
   */
  settledSize(repository: string, id: string): Promise<number>
  /** @throws {RegistryError} `BLOB_UPLOAD_UNKNOWN` */
  cancel(repository: string, id: string): Promise<void>
  /** Remove those that nobody added to for so long. @returns bytes freed */
  removeStale(idleMs: number): number
  /** Bytes of unfinished uploads, of one repository or of all. */
  pendingBytes(repository?: string): number
  /** Uploads that a request is writing to now. */
  readonly activeCount: number
}

interface Live {
  interrupt: () => void
  done: Promise<void>
}

interface HashState {
  readonly hash: Hash
  readonly size: number
}

interface State {
  readonly folder: string
  /** By path: uploads that a request has open. */
  readonly live: Map<string, Live>
  /** By path: hashes between two requests; where one is missing the file is read again. */
  readonly hashes: Map<string, HashState>
}

export function openUploadFiles(folder: string): UploadFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const state: State = { folder, live: new Map(), hashes: new Map() }
  return {
    folder,
    start(repository) {
      const id = randomUUID()
      const path = uploadPath(folder, repository, id)
      closeSync(openSync(path, 'wx', 0o600))
      state.hashes.set(path, { hash: createHash('sha256'), size: 0 })
      return id
    },
    open: (repository, id, interrupt) =>
      takeUpload(state, uploadPath(folder, repository, id), interrupt),
    async settledSize(repository, id) {
      const path = uploadPath(folder, repository, id)
      requireSize(path)
      await interruptOther(state, path)
      return requireSize(path)
    },
    async cancel(repository, id) {
      const path = uploadPath(folder, repository, id)
      requireSize(path)
      const upload = await takeUpload(state, path, () => undefined)
      await upload.remove()
    },
    removeStale: (idleMs) => removeStale(state, idleMs),
    pendingBytes: (repository) => pendingBytes(folder, repository),
    get activeCount() {
      return state.live.size
    },
  }
}

function uploadPath(folder: string, repository: string, id: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw unknown()
  return join(folder, `${id}${ownerSuffix(repository)}`)
}

function ownerSuffix(repository: string): string {
  return `.${createHash('sha256').update(repository).digest('hex').slice(0, 32)}`
}

function pendingBytes(folder: string, repository: string | undefined): number {
  const suffix = repository === undefined ? '' : ownerSuffix(repository)
  let sum = 0
  for (const name of readdirSync(folder))
    if (name.endsWith(suffix))
      sum += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  return sum
}

function requireSize(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw unknown()
  return found.size
}

async function takeUpload(state: State, path: string, interrupt: () => void): Promise<OpenUpload> {
  await interruptOther(state, path)
  let finished = (): void => undefined
  const done = new Promise<void>((resolve) => {
    finished = resolve
  })
  state.live.set(path, { interrupt, done })
  const leave = (): void => {
    state.live.delete(path)
    finished()
  }
  try {
    return await openFile(state, path, leave)
  } catch (error) {
    leave()
    throw error
  }
}

async function interruptOther(state: State, path: string): Promise<void> {
  for (let other = state.live.get(path); other; other = state.live.get(path)) {
    other.interrupt()
    await other.done
  }
}

async function openFile(state: State, path: string, leave: () => void): Promise<OpenUpload> {
  const file = await openExisting(path)
  const { hash, size } = await resumeHash(state, path, file)
  let isOpen = true
  const close = async (keep: boolean): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    try {
      if (!keep) rmSync(path, { force: true })
      // Not while the kernel works on it.
      await upload.syncing.catch(() => undefined)
      if (keep && upload.hashed === upload.size) state.hashes.set(path, upload)
      await file.close()
    } finally {
      leave()
    }
  }
  const upload: OpenUpload = {
    file,
    path,
    hash,
    size,
    hashed: size,
    synced: size,
    syncing: Promise.resolve(),
    isSyncing: false,
    close: () => close(true),
    remove: () => close(false),
  }
  return upload
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw unknown()
    throw error
  }
}

/** The hash of what the file has: kept from the request before, or made anew after a restart. */
async function resumeHash(state: State, path: string, file: FileHandle): Promise<HashState> {
  const { size } = await file.stat()
  const kept = state.hashes.get(path)
  state.hashes.delete(path)
  if (kept?.size === size) return kept
  const hash = createHash('sha256')
  await hashFile(file, size, hash)
  return { hash, size }
}

function removeStale({ folder, live, hashes }: State, idleMs: number): number {
  let freed = 0
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found || live.has(path) || Date.now() - found.mtimeMs < idleMs) continue
    rmSync(path, { force: true })
    hashes.delete(path)
    freed += found.size
  }
  return freed
}

function unknown(): Error {
  return refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload in this repository')
}
