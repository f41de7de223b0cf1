import { checksum } from '../../../rootfs/layer/tar-header.ts'
import { paxRecord, tarPadding } from '../../../rootfs/layer/tar-writer.ts'

/** A member of a hostile or odd archive: everything may be wrong on purpose. */
export interface BuiltMember {
  readonly name: string
  readonly type?: string
  readonly linkName?: string
  readonly mode?: number
  readonly uid?: number
  readonly mtime?: number
  readonly content?: Buffer | string
  /** What the header claims, where that is not the length of the content. */
  readonly size?: number
  readonly pax?: Readonly<Record<string, string>>
  readonly device?: readonly [major: number, minor: number]
}

/** Bytes of a header in GNU's or ustar's format. */
export function rawHeader(member: BuiltMember, size: number): Buffer {
  const block = Buffer.alloc(512)
  const octal = (at: number, length: number, value: number): void => {
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
  }
  block.write(member.name.slice(0, 100), 0, 'latin1')
  octal(100, 8, member.mode ?? 0o644)
  octal(108, 8, member.uid ?? process.geteuid?.() ?? 0)
  octal(116, 8, process.getegid?.() ?? 0)
  octal(124, 12, size)
  octal(136, 12, member.mtime ?? 1000)
  block.write(member.type ?? '0', 156, 'latin1')
  block.write((member.linkName ?? '').slice(0, 100), 157, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  if (member.device) {
    octal(329, 8, member.device[0])
    octal(337, 8, member.device[1])
  }
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** A whole archive. */
export function buildTar(members: readonly BuiltMember[]): Buffer {
  const parts = members.flatMap((member) => {
    const content = Buffer.isBuffer(member.content)
      ? member.content
      : Buffer.from(member.content ?? '', 'latin1')
    const own = [
      rawHeader(member, member.size ?? content.length),
      content,
      tarPadding(content.length),
    ]
    if (!member.pax) return own
    const data = Buffer.concat(
      Object.entries(member.pax).map(([key, value]) => paxRecord(key, value)),
    )
    return [
      rawHeader({ name: 'pax', type: 'x' }, data.length),
      data,
      tarPadding(data.length),
      ...own,
    ]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}
