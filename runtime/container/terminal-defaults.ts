import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { ContainerOptions } from './options.ts'

/**
 * `run /bin/sh` with nothing else said is somebody who wants a shell: it gets their input, and a
 * terminal where they sit at one. An image by name keeps docker's rules: -i and -t must be asked for.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for `-it` with an input that is no terminal
 */
export function withTerminalDefaults(options: ContainerOptions, io: CommandIo): ContainerOptions {
  if (options.tty && options.interactive && !options.detach && !io.stdinIsTty)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'give the container a terminal: the input device is not a terminal',
      {},
      { hint: 'Leave out -t when input comes from a pipe or a file', exitCode: 1 },
    )
  const namesProgram = options.image.startsWith('/') && !options.rootfs
  if (!namesProgram || options.detach || options.tty) return options
  return { ...options, interactive: true, tty: io.stdinIsTty && io.stdoutIsTty }
}
