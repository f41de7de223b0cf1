import { join } from 'node:path'
import type { FileTime } from '../../../native/file.ts'
import type { Lease } from '../../store/lease.ts'

export interface Downloaded {
  readonly file: string
  readonly name: string | undefined
  readonly mtime: FileTime | undefined
  /** "sha256:…" */
  readonly digest: string
}

/** What ADD brings from the network, each address once. */
export interface Downloads {
  get(url: string, checksum: string | undefined): Promise<Downloaded>
}

export function openDownloads(lease: Lease, signal: AbortSignal | undefined): Downloads {
  const known = new Map<string, Promise<Downloaded>>()
  return {
    get(url, checksum) {
      const running = known.get(url)
      if (running) return running
      const file = join(lease.folder, `download-${known.size}`)
      const started = import('../../build-steps/download.ts').then(({ download }) =>
        download(url, { file, checksum, signal }),
      )
      known.set(url, started)
      return started
    },
  }
}
