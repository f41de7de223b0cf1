import { OperationError, describeError, hasCode } from '../../../native/error.ts'
import type { Command, Invocation } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { inspectDocument } from '../output/inspect-document.ts'
import { formatDocument } from '../output/format-rows.ts'
import { networkDocument } from '../output/network-document.ts'
import { volumeDocument } from '../output/volume-document.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'

/** `inspect` */
export const inspectCommand: Command = {
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  summary: 'Return low-level information on containers, images, networks and volumes',
  flags: [
    flag('string', 'format,f', "Format output: 'json' or a Go template"),
    flag('bool', 'size,s', 'Display total file sizes if the type is container'),
    flag('string', 'type', 'Look for this type alone: container, image, network, volume or config'),
  ],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }: Invocation) {
    const lookups = lookupsFor(flags.string('type'), flags.bool('size'))
    const opened = await engine()
    const documents: unknown[] = []
    let exitCode = 0
    for (const name of args) {
      try {
        documents.push(await firstFound(opened, name, lookups))
      } catch (error) {
        if (!(error instanceof OperationError)) throw error
        io.stderr.write(`mycontainer: ${describeError(error)}\n`)
        exitCode = error.exitCode ?? 125
      }
    }
    const format = flags.string('format')
    // With a template each document is a line of its own, as docker prints it.
    if (format === undefined) io.stdout.write(formatDocument(documents, undefined))
    else for (const document of documents) io.stdout.write(formatDocument(document, format))
    return exitCode
  },
}

type Lookup = (engine: Engine, name: string) => Promise<unknown>

const image: Lookup = (engine, name) => engine.imageInspect(name)
const network: Lookup = async (engine, name) => networkDocument(await engine.networkInspect(name))
const volume: Lookup = async (engine, name) => volumeDocument(await engine.volumeInspect(name))
const config: Lookup = (engine, name) => engine.ociConfig(name)

function lookupsFor(type: string | undefined, size: boolean): Lookup[] {
  const container: Lookup = async (engine, name) =>
    inspectDocument(await engine.inspect(name, { size }))
  switch (type) {
    case undefined:
    case 'all':
      return [container, image, network, volume]
    case 'container':
      return [container]
    case 'image':
      return [image]
    case 'network':
      return [network]
    case 'volume':
      return [volume]
    case 'config':
      return [config]
    default:
      throw invalidValue('type', type, 'The types are container, image, network, volume and config')
  }
}

async function firstFound(
  engine: Engine,
  name: string,
  lookups: readonly Lookup[],
): Promise<unknown> {
  let missing: unknown
  for (const lookup of lookups) {
    try {
      return await lookup(engine, name)
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND')) throw error
      missing ??= error
    }
  }
  if (lookups.length === 1) throw missing
  throw new OperationError('NOT_FOUND', `no such object: ${name}`)
}
