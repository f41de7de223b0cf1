import { createReadStream } from 'node:fs'
import { OperationError } from '../../../../native/error.ts'
import { defaultOptions } from '../../../container/default-options.ts'
import { plainMount } from '../../../container/mount-spec.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { CommandIo } from '../../command-io.ts'
import type { Command } from '../../command.ts'
import type { CopyPlace, Engine } from '../../engine.ts'
import { flag } from '../../flag-spec.ts'
import { writeArchive } from '../../output/archive-file.ts'

// A volume as a tar archive, and back. A container that never runs has it for as long as it takes, so that what is in the
// volume, links above all, is looked at as anything of a container's is.

const place = '/volume'

/** `volume export` */
export const volumeExportCommand: Command = {
  usage: '[OPTIONS] VOLUME',
  summary: 'Write the content of a volume to a tar archive',
  flags: [flag('string', 'output,o', 'Write to a file, instead of STDOUT', { value: 'file' })],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args: [volume = ''], io, engine }) {
    const output = flags.string('output')
    if (output === undefined && io.stdoutIsTty)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'write an archive to a terminal',
        {},
        { hint: 'Use -o FILE or redirect' },
      )
    const opened = await engine()
    await withVolume(opened, volume, io, async (inside) => {
      const from = { ...inside, path: `${place}/.` }
      if (output === undefined) await copy(opened, from, io)
      else
        await writeArchive(absolutePath(io.cwd, output), (write) =>
          copy(opened, from, { ...io, stdout: { write } }),
        )
    })
    return 0
  },
}

/** `volume import` */
export const volumeImportCommand: Command = {
  usage: 'VOLUME [FILE|-]',
  summary: 'Unpack a tar archive into a volume',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 2,
  interspersed: true,
  async run({ args: [volume = '', file = '-'], io, engine }) {
    const opened = await engine()
    const stdin = file === '-' ? io.stdin : readFrom(absolutePath(io.cwd, file))
    await withVolume(opened, volume, io, async (to) => {
      const options = {
        from: { kind: 'host', path: '-' },
        to,
        archive: true,
        followLink: false,
      } as const
      await opened.copy(options, { ...io, stdin: plain(stdin) })
    })
    return 0
  },
}

async function copy(engine: Engine, from: CopyPlace, io: CommandIo): Promise<void> {
  await engine.copy({ from, to: { kind: 'host', path: '-' }, archive: true, followLink: false }, io)
}

/** @throws {OperationError} `NOT_FOUND`: it is not made by the way */
async function withVolume(
  engine: Engine,
  volume: string,
  io: CommandIo,
  act: (place: Extract<CopyPlace, { kind: 'container' }>) => Promise<void>,
): Promise<void> {
  await engine.volumeInspect(volume)
  const mount = { ...plainMount('volume', place), source: volume, copy: false }
  const options = { ...defaultOptions('host'), command: ['true'], mounts: [mount] }
  const { id } = await engine.create({ ...options, detach: true, quiet: true }, io)
  try {
    await act({ kind: 'container', container: id, path: place })
  } finally {
    await engine.remove(id, { force: true, volumes: false })
  }
}

async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read an archive', { path }, { cause })
  }
}

/** The archive as it was before gzip or zstd; anything else as it is. */
async function* plain(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { decompress, detectCompression, unpackLimits } =
    await import('../../../../rootfs/layer/decompress.ts')
  const chunks = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done === true) return
  const start = Buffer.from(first.value)
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield start
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
      yield Buffer.from(next.value)
  }
  yield* decompress(whole(), detectCompression(start), unpackLimits())
}
