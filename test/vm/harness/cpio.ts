export interface CpioEntry {
  /** Path in the archive, without a leading slash. */
  readonly path: string
  /** File type and permission bits as in `st_mode`; 0o040755 is a folder. */
  readonly mode: number
  readonly content?: Buffer
}

const TRAILER = 'TRAILER!!!' // ends an archive

function pad(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4)
}

function encodeEntry({ path, mode, content = Buffer.alloc(0) }: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`)
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  const head = Buffer.concat([Buffer.from(header), name])
  return Buffer.concat([head, pad(head.length), content, pad(content.length)])
}

/**
 * Encode an archive in the "newc" format, the one that the kernel unpacks as initramfs. All
 * entries belong to root; times are zero, so equal entries give equal bytes.
 *
 * @see https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */
export function encodeCpio(entries: readonly CpioEntry[]): Buffer {
  const all = [...entries, { path: TRAILER, mode: 0 }]
  return Buffer.concat(all.map((entry, index) => encodeEntry(entry, index + 1)))
}
