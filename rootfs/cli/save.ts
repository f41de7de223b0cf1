import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { type ArchiveFormat, saveImages } from '../import/save-images.ts'
import { withStore } from './register.ts'

interface SaveFlags {
  readonly output?: string
  readonly format: string
}

const formats: Readonly<Record<string, ArchiveFormat>> = {
  'oci-archive': 'oci-archive',
  oci: 'oci-archive',
  'docker-archive': 'docker-archive',
  docker: 'docker-archive',
}

/** `myimage save`. */
export function addSave(program: Command): void {
  const command = program
    .command('save')
    .description('Write images to an archive for docker, podman or skopeo')
    .argument('<image...>')
    .option('-o, --output <file>', 'where to; standard output when absent')
    .option('--format <format>', 'docker-archive or oci-archive', 'docker-archive')
  withStore(command, (context, names: string[], flags: SaveFlags) => {
    const format = Object.hasOwn(formats, flags.format) ? formats[flags.format] : undefined
    if (!format)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'save images',
        { format: flags.format },
        { hint: 'Use docker-archive or oci-archive' },
      )
    if (flags.output === undefined && isatty(1))
      throw new OperationError(
        'INVALID_ARGUMENT',
        'write an archive to a terminal',
        {},
        { hint: 'Use -o FILE or redirect' },
      )
    const images = names.map((name) => context.store.require(name))
    const output = flags.output === undefined ? 1 : openSync(flags.output, 'w', 0o644)
    saveImages(context.store, images, format, output)
    if (output !== 1) closeSync(output)
  })
}
