import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { Conversion } from '../copy/convert-manifest.ts'
import { formatReference } from '../reference.ts'
import { candidateReferences } from '../store/find-image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withStore } from './register.ts'
import { type TransferFlags, addTransferFlags, withRegistries } from './registry-flags.ts'
import { openTransferView } from './transfer-view.ts'

interface PushFlags extends TransferFlags, ConversionFlags {
  readonly digestfile?: string
  readonly all?: true
  readonly chunkSize?: string
}

export interface ConversionFlags {
  readonly format?: string
  readonly compressionFormat?: string
}

/** `myimage push`. */
export function addPush(program: Command): void {
  const command = program
    .command('push')
    .description('Send an image to a registry')
    .argument('<image>')
    .argument('[target]', 'reference there, where it is another one')
    .option('--digestfile <file>', 'write the digest there')
    .option('-a, --all', 'every tag of the repository that is here')
    .option('--chunk-size <bytes>', 'send layers in pieces of this size')
  addConversionFlags(command)
  withStore(
    addTransferFlags(command),
    async (context, name: string, target: string | undefined, flags: PushFlags) => {
      const { pushImage } = await import('../copy/push-image.ts')
      const conversion = readConversion(flags)
      const chunkSize = readChunkSize(flags.chunkSize)
      const names = flags.all ? tagsHere(context.store, name) : [name]
      const progress = openTransferView(flags.quiet ?? false)
      try {
        await withRegistries(flags, progress.note, async (access) => {
          for (const each of names) {
            const there = flags.all ? each : (target ?? nameHere(context.store, each))
            const { jobs } = flags
            const { digest } = await pushImage(
              context.store,
              each,
              there.replace(/^docker:\/\//, ''),
              { access, conversion, jobs, chunkSize, progress },
            )
            if (flags.digestfile !== undefined) writeFileSync(flags.digestfile, digest)
            if (!flags.quiet) context.print(digest)
          }
        })
      } finally {
        progress.end()
      }
    },
  )
}

export function addConversionFlags(command: Command): Command {
  return command
    .option('--format <format>', 'oci or docker (v2s2); absent: as the image is')
    .option('--compression-format <kind>', 'gzip, zstd or none; absent: as the layers are')
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readConversion({ format, compressionFormat }: ConversionFlags): Conversion {
  const formats = { oci: 'oci', docker: 'docker', v2s2: 'docker' } as const
  const kinds = { gzip: 'gzip', zstd: 'zstd', none: 'none' } as const
  return {
    format: choice('--format', formats, format),
    compression: choice('--compression-format', kinds, compressionFormat),
  }
}

function choice<Value>(
  flag: string,
  choices: Readonly<Record<string, Value>>,
  value: string | undefined,
): Value | undefined {
  if (value === undefined) return undefined
  if (Object.hasOwn(choices, value)) return choices[value]
  throw new OperationError('INVALID_ARGUMENT', 'read a flag', {
    flag,
    value,
    expected: Object.keys(choices).join(', '),
  })
}

function readChunkSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const size = Number(text)
  if (Number.isSafeInteger(size) && size >= 1024) return size
  throw new OperationError('INVALID_ARGUMENT', 'read a flag', {
    flag: '--chunk-size',
    value: text,
    expected: 'a number of bytes from 1024',
  })
}

/** In full, as the image is called here: a short name may mean one below localhost/. */
function nameHere(store: ImageStore, name: string): string {
  const { references } = store.require(name)
  const meant = candidateReferences(name).map(formatReference)
  return meant.find((each) => references.includes(each)) ?? name
}

/** References of the store in the same repository. */
function tagsHere(store: ImageStore, name: string): string[] {
  const image = store.require(name)
  const own = image.references.map((reference) => reference.slice(0, reference.lastIndexOf(':')))
  const found = store
    .list()
    .flatMap(({ references }) => references)
    .filter((reference) => own.includes(reference.slice(0, reference.lastIndexOf(':'))))
  return [...new Set(found)].filter((reference) => !reference.includes('@'))
}
