import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { type FileSink, archiveSink, folderSink } from '../import/file-sink.ts'
import { type SaveLayout, type SavedContent, saveImages } from '../import/save-images.ts'
import { findDocument } from '../store/documents.ts'
import { namedReference } from '../store/find-image.ts'
import { announceImage } from '../store/image-events.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withStore } from './register.ts'

interface SaveFlags {
  readonly output?: string
  readonly format: string
  readonly allPlatforms?: true
}

type Format = { readonly layout: SaveLayout; readonly isFolder: boolean }

const formats: Readonly<Record<string, Format>> = {
  'oci-archive': { layout: 'oci', isFolder: false },
  oci: { layout: 'oci', isFolder: false },
  'oci-dir': { layout: 'oci', isFolder: true },
  'docker-archive': { layout: 'docker', isFolder: false },
  docker: { layout: 'docker', isFolder: false },
}

/** `myimage save`. */
export function addSave(program: Command): void {
  const command = program
    .command('save')
    .description('Write images to an archive or a folder for docker, podman or skopeo')
    .argument('<image...>')
    .option('-o, --output <path>', 'where to; standard output when absent')
    .option('--format <format>', 'docker-archive, oci-archive or oci-dir', 'docker-archive')
    .option('--all-platforms', 'an index with all platforms that are here, where one is kept')
    .option('-q, --quiet', 'accepted for compatibility: nothing is printed')
  withStore(command, (context, names: string[], flags: SaveFlags) => {
    const format = Object.hasOwn(formats, flags.format) ? formats[flags.format] : undefined
    if (!format)
      throw refused({ format: flags.format }, 'Use docker-archive, oci-archive or oci-dir')
    const { layout } = format
    const contents = names.map((name) => contentOf(context.store, name, flags))
    if (layout === 'docker' && contents.some(({ image }) => !image))
      throw refused({ format: flags.format }, 'Only OCI formats hold an index or an artifact')
    withSink(flags.output, format, (sink) => saveImages(context.store, contents, layout, sink))
    for (const { image } of contents) if (image) announceImage(context.store, 'save', image.id)
  })
}

/** An image goes out with the reference it was named by; by its id, with all. */
function contentOf(store: ImageStore, name: string, { allPlatforms }: SaveFlags): SavedContent {
  const image = store.find(name)
  const document = allPlatforms || !image ? findDocument(store, name) : undefined
  if (document) return { digest: document.digest, references: [document.name] }
  const { digest, references: all } = image ?? store.require(name)
  const reference = namedReference(all, name)
  return { image, digest, references: reference === undefined ? all : [reference] }
}

function withSink(
  output: string | undefined,
  { isFolder }: Format,
  write: (sink: FileSink) => void,
): void {
  if (isFolder) {
    if (output === undefined) throw refused({}, 'Name a folder with -o')
    mkdirSync(output, { recursive: true })
    const sink = folderSink(output)
    write(sink)
    sink.finish()
  } else if (output === undefined) {
    if (isatty(1)) throw refused({ output: 'a terminal' }, 'Use -o FILE or redirect')
    writeArchive(1, write)
  } else writeFile(output, write)
}

/** What fails half-way leaves no file behind that looks like an archive. */
function writeFile(output: string, write: (sink: FileSink) => void): void {
  const isNew = !statSync(output, { throwIfNoEntry: false })
  const descriptor = openOutput(output)
  try {
    writeArchive(descriptor, write)
  } catch (error) {
    if (isNew) rmSync(output, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function openOutput(output: string): number {
  try {
    return openSync(output, 'w', 0o644)
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', 'open the output', { output }, { cause })
  }
}

function writeArchive(descriptor: number, write: (sink: FileSink) => void): void {
  const sink = archiveSink(descriptor)
  write(sink)
  sink.finish()
}

function refused(detail: Readonly<Record<string, string>>, hint: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'save images', detail, { hint })
}
