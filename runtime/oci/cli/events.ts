import { setTimeout as delay } from 'node:timers/promises'
import { OperationError } from '../../../native/error.ts'
import { readOomKills } from '../../cgroup/oom-kills.ts'
import { flag } from '../../cli/flag-spec.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import { requireGroup } from '../require-group.ts'
import { statsDocument } from '../stats-document.ts'
import type { OciCommand } from './oci-command.ts'

/** How often the group is looked at for kills, ms. */
const lookMs = 200

/** `events` */
export const eventsCommand: OciCommand = {
  usage: '[--stats] [--interval DURATION] CONTAINER',
  summary: 'Show usage and out-of-memory kills, a line of JSON each',
  flags: [
    flag('bool', 'stats', 'Show the usage once and end'),
    flag('string', 'interval', 'Time between two lines of usage, such as 5s', { default: '5s' }),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], flags, globals, print }) {
    const interval = readDuration(flags.string('interval') ?? '5s')
    const container = readContainer(globals.root, id)
    requireStatus(container, 'watch', 'created', 'running', 'paused')
    const group = requireGroup(container, 'watch')
    const tell = (type: string, data?: unknown): void =>
      print(`${JSON.stringify({ type, id, ...(data === undefined ? {} : { data }) })}\n`)
    tell('stats', statsDocument(group))
    if (flags.bool('stats')) return 0
    let [kills, next] = [readOomKills(group), Date.now() + interval]
    while (isAlive(globals.root, id)) {
      const found = readOomKills(group)
      for (; kills < found; kills++) tell('oom')
      if (Date.now() >= next) {
        tell('stats', statsDocument(group))
        next += interval
      }
      await delay(Math.min(lookMs, interval))
    }
    return 0
  },
}

function isAlive(root: string, id: string): boolean {
  try {
    return readContainer(root, id).pid !== 0
  } catch {
    return false // Deleted meanwhile.
  }
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A duration such as `1m30s`, ms. */
function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const whole = parts.map(([part]) => part).join('')
  const total = parts.reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  )
  if (whole === text && total > 0) return total
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid value ${JSON.stringify(text)} for --interval`,
    {},
    { hint: 'Give a duration above 0, such as 5s' },
  )
}
