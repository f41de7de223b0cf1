import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { formatTable } from '../output/table.ts'

const marks = { ok: 'ok', degraded: 'degraded', missing: 'MISSING' }

/** `doctor`: ends with 1 where containers cannot run on this host. */
export const doctorCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Say what this host can and cannot do, and what each gap costs',
  flags: [flag('string', 'format', "'json' for one object a line")],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const findings = await (await engine()).doctor()
    const cannotRun = findings.some(
      ({ isRequired, verdict }) => isRequired && verdict === 'missing',
    )
    const exitCode = cannotRun ? 1 : 0
    if (flags.string('format') === 'json') {
      for (const finding of findings) io.stdout.write(`${JSON.stringify(finding)}\n`)
      return exitCode
    }
    const rows = findings.map(({ subject, verdict, finding }) => [marks[verdict], subject, finding])
    io.stdout.write(formatTable([['STATE', 'SUBJECT', 'FINDING'], ...rows]))
    const advised = findings.filter(({ advice }) => advice !== undefined)
    if (advised.length > 0) io.stdout.write('\n')
    for (const { subject, advice } of advised) io.stdout.write(`${subject}: ${advice}\n`)
    return exitCode
  },
}
