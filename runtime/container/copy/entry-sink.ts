import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'

/** Takes files one after the other: a folder, an archive. */
export interface EntrySink {
  /** A file of any kind. For a regular one, `entry.storedSize` bytes and `end` follow. */
  entry(entry: TarEntry): void
  /** Stored bytes: what lies between the stretches of `entry.sparse` is not among them. */
  data(chunk: Buffer): void
  end(): void
  /** All has been given. */
  finish(): void
  /** Give back what is open, also after a failure. */
  close(): void
}
