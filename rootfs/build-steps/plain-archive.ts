import { spawn } from 'node:child_process'
import { OperationError } from '../../native/error.ts'
import { decompress, defaultUnpackLimits, detectCompression } from '../layer/decompress.ts'
import { parseTarHeader } from '../layer/tar-header.ts'
import { readPieces } from '../store/blob-source.ts'
import { fstatSync } from 'node:fs'

/** Programs of the host, never of an image, for what Node cannot decompress. */
const hostPrograms = {
  xz: { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), package: 'xz-utils' },
  bzip2: { magic: Buffer.from('BZh'), package: 'bzip2' },
} as const

/** Whether the first block of a file is a tar header. */
export function isTarHeader(start: Buffer): boolean {
  if (start.length < 512) return false
  try {
    return parseTarHeader(start.subarray(0, 512)) !== undefined
  } catch {
    return false
  }
}

/**
 * The decompressed bytes of a file that may be an archive.
 *
 * @param start its first bytes
 * @returns undefined where it is surely none
 * @throws {OperationError} `UNSUPPORTED` where the host lacks the program it takes
 */
export async function openPlainArchive(
  descriptor: number,
  start: Buffer,
): Promise<AsyncIterable<Buffer> | undefined> {
  for (const [program, { magic }] of Object.entries(hostPrograms))
    if (start.subarray(0, magic.length).equals(magic))
      return decompressByProgram(program as keyof typeof hostPrograms, descriptor)
  const compression = detectCompression(start)
  if (compression === 'none' && !isTarHeader(start)) return undefined
  const { size } = fstatSync(descriptor)
  const pieces = readPieces({ descriptor, offset: 0, size })
  return tolerant(decompress(pieces, compression, defaultUnpackLimits))
}

/** What cannot be decompressed from its first byte on is no archive; damage later is an error. */
async function* tolerant(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true
  try {
    for await (const piece of pieces) {
      isFirst = false
      yield piece
    }
  } catch (error) {
    if (!isFirst) throw error
  }
}

async function* decompressByProgram(
  program: keyof typeof hostPrograms,
  descriptor: number,
): AsyncGenerator<Buffer> {
  const child = spawn(program, ['--decompress', '--stdout'], {
    stdio: [descriptor, 'pipe', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    cwd: '/',
  })
  const ended = new Promise<Error | number | null>((resolve) => {
    child.once('error', resolve).once('close', resolve)
  })
  let bytes = 0
  let problem = ''
  child.stderr?.on('data', (text: Buffer) => (problem += text.toString().slice(0, 200)))
  try {
    for await (const piece of child.stdout ?? []) {
      bytes += (piece as Buffer).length
      if (bytes > defaultUnpackLimits.maxBytes)
        throw new OperationError('INVALID_IMAGE', 'decompress an archive', { bytes })
      yield piece as Buffer
    }
  } finally {
    child.kill('SIGKILL')
  }
  const outcome = await ended
  if (outcome instanceof Error)
    throw new OperationError(
      'UNSUPPORTED',
      `unpack an archive with ${program}`,
      {},
      {
        cause: outcome,
        hint: `Install ${hostPrograms[program].package} on this host, or unpack the file before the build`,
      },
    )
  if (outcome !== 0 && bytes > 0)
    throw new OperationError('INVALID_IMAGE', 'decompress an archive', {
      program,
      problem: problem.trim(),
    })
}
