import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { formatDocument } from '../output/format-rows.ts'

/** `version` */
export const versionCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Show the version information',
  flags: [flag('string', 'format,f', "Format output: 'json' or a Go template")],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const info = await (await engine()).version()
    const part = {
      Version: info.version,
      ApiVersion: info.version,
      NodeVersion: info.nodeVersion,
      OciVersion: info.ociVersion,
      KernelVersion: info.kernelVersion,
      GitCommit: info.gitCommit ?? '',
      Os: info.os,
      Arch: info.arch,
    }
    const format = flags.string('format')
    if (format !== undefined) {
      // There is no server: both halves are this program, so that docker's templates work.
      io.stdout.write(formatDocument({ Client: part, Server: part, ...part }, format))
      return 0
    }
    const lines = [
      ['Version:', info.version],
      ['Node version:', info.nodeVersion],
      ['OCI runtime spec:', info.ociVersion],
      ['Kernel:', info.kernelVersion],
      ['OS/Arch:', `${info.os}/${info.arch}`],
      ...(info.gitCommit === undefined ? [] : [['Git commit:', info.gitCommit]]),
    ]
    const text = lines.map(([title = '', value = '']) => ` ${title.padEnd(18)}${value}\n`).join('')
    io.stdout.write(`mycontainer\n${text}`)
    return 0
  },
}
