import { flag } from '../../cli/flag-spec.ts'
import { parseInteger } from '../../container/parse/integer.ts'
import { parseTimestamp } from '../../container/parse/timestamp.ts'
import { showLogs } from '../act/show-logs.ts'
import { chosenContainers } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

export const logsCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'View output from containers',
  flags: [
    flag('bool', 'follow,f', 'Follow log output'),
    flag('int', 'index', 'Index of the container if service has multiple replicas'),
    flag('bool', 'no-color', 'Produce monochrome output'),
    flag('bool', 'no-log-prefix', "Don't print prefix in logs"),
    flag('string', 'since', 'Show logs since timestamp or relative (e.g. "42m")'),
    flag('string', 'tail,n', 'Number of lines to show from the end of the logs', {
      default: 'all',
    }),
    flag('bool', 'timestamps,t', 'Show timestamps'),
    flag('string', 'until', 'Show logs before a timestamp or relative (e.g. "42m")'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, session: open }) {
    const session = await open(args)
    const [since, until, tail] = ['since', 'until', 'tail'].map((name) => flags.string(name))
    const index = flags.number('index')
    const containers = (await chosenContainers(session, args)).filter(
      ({ number }) => index === undefined || number === index,
    )
    const now = Date.now()
    await showLogs(session, containers, {
      follow: flags.bool('follow'),
      ...(since === undefined ? {} : { since: parseTimestamp(since, now) }),
      ...(until === undefined ? {} : { until: parseTimestamp(until, now) }),
      ...(tail === undefined || tail === 'all'
        ? {}
        : { tail: parseInteger('tail', tail, 0, Number.MAX_SAFE_INTEGER) }),
      signal: io.signal,
      timestamps: flags.bool('timestamps'),
      hasPrefix: !flags.bool('no-log-prefix'),
      hasColor: io.stdoutIsTty && !flags.bool('no-color'),
      inOrder: !flags.bool('follow'),
    })
    return 0
  },
}
