import type { FileSource } from '../../build-steps/file-source.ts'
import type { Lease } from '../../store/lease.ts'
import { type ContextDigests, openContextDigests } from '../cache/context-digests.ts'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import { excludeRules } from '../ignore-rules.ts'
import type { StepInput } from '../key/step-facts.ts'
import type { BuildRequest } from './build-request.ts'

/** The trees that steps take files from, opened once each. */
export interface StepSources {
  /** @throws {DockerfileError} where the build has none */
  context(source: InstructionSource): Promise<FileSource>
  /** Layers of a stage or image. */
  layers(folders: readonly string[], name: string): Promise<FileSource>
  digests: ContextDigests | undefined
  /** A digest of the files that these patterns take. */
  digest(source: FileSource, wish: FileWish): Promise<StepInput>
  close(): void
}

export interface FileWish {
  readonly patterns: readonly string[]
  readonly parents: boolean
  readonly exclude: readonly string[]
}

export function openStepSources(lease: Lease, { context }: BuildRequest): StepSources {
  const opened = new Map<string, FileSource>()
  const isKept = context !== undefined && !context.isTemporary
  const digests = isKept ? openContextDigests(lease.store, context.folder) : undefined
  const once = async (key: string, open: () => Promise<FileSource>): Promise<FileSource> => {
    const known = opened.get(key)
    if (known) return known
    const source = await open()
    opened.set(key, source)
    return source
  }
  return {
    digests,
    context: (source) => {
      if (!context)
        throw complain(source, {
          problem: 'there is no build context to take files from',
          expected: 'a folder or an archive as the context',
          hint: 'Give a folder instead of "-"',
        })
      return once('', async () => {
        const { openContextSource } = await import('../../build-steps/open-source.ts')
        return openContextSource(context.folder, context.ignore)
      })
    },
    layers: (folders, name) =>
      once(folders.join(':'), async () => {
        const { openLayersSource } = await import('../../build-steps/open-source.ts')
        return openLayersSource(folders, name)
      }),
    digest: (source, wish) => digestFiles(source, wish, digests),
    close() {
      for (const source of opened.values()) source.close()
    },
  }
}

async function digestFiles(
  source: FileSource,
  { patterns, parents, exclude }: FileWish,
  digests: ContextDigests | undefined,
): Promise<StepInput> {
  const { selectSources } = await import('../../build-steps/select-sources.ts')
  const { digestSources, fileDigest } = await import('../../build-steps/digest-sources.ts')
  const excludes = exclude.length === 0 ? undefined : excludeRules(exclude)
  const selected = selectSources(source, { patterns, parents, excludes })
  // What a stage holds is read once only: its files are gone with the build.
  const cache = source.keepsOwners || !digests ? memory() : digests
  const digest = digestSources(source, selected, cache)
  const files = (): Record<string, string> =>
    Object.fromEntries(
      selected
        .flatMap((match) => match.files)
        .map((file) => {
          const content =
            file.kind === 'file'
              ? fileDigest(source, file, cache).slice('sha256:'.length, 'sha256:'.length + 16)
              : (file.target ?? file.kind)
          return [file.path || '.', `${file.mode.toString(8)} ${content}`]
        }),
    )
  return { name: `files of ${source.name}`, digest, files }
}

function memory(): Pick<ContextDigests, 'get' | 'set'> {
  const known = new Map<string, string>()
  return { get: (key) => known.get(key), set: (key, digest) => void known.set(key, digest) }
}
