import type { Command } from 'commander'
import { readStoredDocument } from '../import/stored-document.ts'
import { findDocument } from '../store/documents.ts'
import type { ImageStore } from '../store/image-store.ts'
import { inspectImage } from '../inspect-image.ts'
import { withStore } from './register.ts'
import { print } from './print.ts'

interface InspectFlags {
  readonly format?: string
  readonly raw?: true
  readonly config?: true
}

/** `myimage inspect`. */
export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('Show all of an image as JSON')
    .argument('<image...>')
    .option('-f, --format <template>', 'a field such as {{.Id}} or {{json .Config}}')
    .option('--raw', 'the manifest as it is stored; with --config, the configuration')
    .option('--config', 'the image configuration')
  withStore(command, (context, names: string[], flags: InspectFlags) => {
    const { store } = context
    if (flags.raw || flags.config) {
      for (const name of names) print(storedBytes(store, name, flags))
      return
    }
    const documents = names.map((name) => inspectImage(store, store.require(name)))
    if (flags.format === undefined || flags.format === 'json')
      context.print(JSON.stringify(documents, null, 4))
    else for (const document of documents) context.print(fill(flags.format, document))
  })
}

/** As skopeo: `--raw` gives bytes that have the digest, `--config` alone the same in a readable form. */
function storedBytes(store: ImageStore, name: string, { raw, config }: InspectFlags): Buffer {
  const image = store.find(name)
  const document = image ? undefined : findDocument(store, name)
  if (document) return readStoredDocument(store, document.digest)
  const { id, digest } = image ?? store.require(name)
  const bytes = readStoredDocument(store, config ? id : digest)
  if (raw) return bytes
  return Buffer.from(`${JSON.stringify(JSON.parse(bytes.toString()), null, 4)}\n`)
}

function fill(template: string, document: unknown): string {
  return template.replaceAll(
    /\{\{\s*(json\s+)?\.([\w.]*)\s*\}\}/g,
    (_, json: string | undefined, path: string) => {
      const value = path
        .split('.')
        .filter((part) => part !== '')
        .reduce<unknown>(fieldOf, document)
      if (json !== undefined) return JSON.stringify(value ?? null)
      if (value === undefined) return '<no value>'
      return typeof value === 'string' ? value : JSON.stringify(value)
    },
  )
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
