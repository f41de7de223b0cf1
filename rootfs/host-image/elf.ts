/** What the dynamic loader will look for, read from an ELF file. */
export interface ElfDependencies {
  /** The loader itself (PT_INTERP); undefined for libraries and static programs. */
  readonly interpreter: string | undefined
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[]
  /** DT_RPATH and DT_RUNPATH, split, $ORIGIN not yet replaced. */
  readonly rpath: readonly string[]
  readonly runpath: readonly string[]
  /** Class and machine: a library must have the same. */
  readonly architecture: string
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_RPATH = 15
const DT_RUNPATH = 29

/**
 * Read the dynamic section of a little-endian ELF file, 32 or 64 bits.
 *
 * @returns undefined for what is no such file, or is malformed
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html
 */
export function parseElf(file: Buffer): ElfDependencies | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[5] !== 1) return undefined
  try {
    return readElf(file, file[4] === 2)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readElf(file: Buffer, is64: boolean): ElfDependencies {
  const segments = readSegments(file, is64)
  const interp = segments.find((segment) => segment.type === PT_INTERP)
  const tags = readDynamic(file, segments, is64)
  const tableAddress = tags.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0
  const table = fileOffset(segments, tableAddress)
  const texts = (wanted: number): string[] =>
    tags.filter(([tag]) => tag === wanted).map(([, value]) => textAt(file, table + value))
  const paths = (wanted: number): string[] =>
    texts(wanted).flatMap((text) => text.split(':').filter((path) => path !== ''))
  return {
    interpreter: interp && textAt(file, interp.offset),
    needed: texts(DT_NEEDED),
    rpath: paths(DT_RPATH),
    runpath: paths(DT_RUNPATH),
    architecture: elfArchitecture(file) ?? '',
  }
}

/** Class and machine, from the first 64 bytes of a file; undefined where it is not ELF. */
export function elfArchitecture(start: Buffer): string | undefined {
  if (start.length < 20 || start.readUInt32BE(0) !== 0x7f454c46) return undefined
  return `${start[4] === 2 ? 64 : 32}/${start.readUInt16LE(18)}`
}

function readSegments(file: Buffer, is64: boolean): Segment[] {
  const start = is64 ? word(file, 32) : file.readUInt32LE(28)
  const size = file.readUInt16LE(is64 ? 54 : 42)
  const count = file.readUInt16LE(is64 ? 56 : 44)
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size
    const type = file.readUInt32LE(at)
    return is64
      ? {
          type,
          offset: word(file, at + 8),
          address: word(file, at + 16),
          size: word(file, at + 32),
        }
      : {
          type,
          offset: file.readUInt32LE(at + 4),
          address: file.readUInt32LE(at + 8),
          size: file.readUInt32LE(at + 16),
        }
  })
}

function readDynamic(
  file: Buffer,
  segments: readonly Segment[],
  is64: boolean,
): [number, number][] {
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC)
  if (!dynamic) return []
  const tags: [number, number][] = []
  const step = is64 ? 16 : 8
  for (let at = dynamic.offset; at + step <= dynamic.offset + dynamic.size; at += step) {
    const tag = file.readUInt32LE(at)
    if (tag === 0) break
    tags.push([tag, is64 ? word(file, at + 8) : file.readUInt32LE(at + 4)])
  }
  return tags
}

function fileOffset(segments: readonly Segment[], address: number): number {
  const home = segments.find(
    (segment) =>
      segment.type === PT_LOAD &&
      address >= segment.address &&
      address < segment.address + segment.size,
  )
  return home ? address - home.address + home.offset : address
}

function textAt(file: Buffer, at: number): string {
  const end = file.indexOf(0, at)
  if (end === -1 || at > file.length) throw new RangeError('no end of text')
  return file.toString('utf8', at, end)
}

/** A 64-bit value; one beyond 2^53 is no offset in a file and ends in a RangeError later. */
function word(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at))
}
