import { parseCommandLine } from './command-line.ts'
import { complain } from './dockerfile-error.ts'
import { parseDuration } from './duration.ts'
import { type FlaggedLine, singleFlag, takeFlags } from './flags.ts'
import type { HealthcheckInstruction } from './instruction.ts'
import type { RawInstruction } from './split-instructions.ts'

const kinds = {
  interval: 'text',
  timeout: 'text',
  'start-period': 'text',
  'start-interval': 'text',
  retries: 'text',
} as const

const minimumNs = 1e6 // what docker takes at least

/** HEALTHCHECK [--flags] CMD command, or HEALTHCHECK NONE. */
export function parseHealthcheck(raw: RawInstruction): HealthcheckInstruction {
  const line = takeFlags(raw, kinds)
  const type = /^\S*/.exec(line.rest)?.[0] ?? ''
  const after = line.rest.slice(type.length)
  const rest = after.trimStart()
  const restOffset = line.restOffset + line.rest.length - rest.length
  if (type.toUpperCase() === 'NONE') return none(raw, line, rest)
  if (type.toUpperCase() !== 'CMD' || rest === '')
    throw complain(raw.source, {
      offset: Math.min(line.restOffset, raw.source.text.length),
      length: Math.max(1, type.length),
      problem: type.toUpperCase() === 'CMD' ? 'the command is missing' : 'no check is given',
      expected: 'CMD with a command, or NONE',
    })
  return {
    kind: 'healthcheck',
    source: raw.source,
    command: parseCommandLine(raw, rest, restOffset),
    interval: duration(raw, line, 'interval'),
    timeout: duration(raw, line, 'timeout'),
    startPeriod: duration(raw, line, 'start-period'),
    startInterval: duration(raw, line, 'start-interval'),
    retries: retries(raw, line),
  }
}

function none(raw: RawInstruction, line: FlaggedLine, rest: string): HealthcheckInstruction {
  if (rest !== '' || line.flags.size > 0)
    throw complain(raw.source, { problem: 'HEALTHCHECK NONE takes neither flags nor a command' })
  const nothing = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 }
  return { kind: 'healthcheck', source: raw.source, command: undefined, ...nothing }
}

function duration(raw: RawInstruction, line: FlaggedLine, name: string): number {
  const use = singleFlag(raw, line, name)
  if (!use) return 0
  const value = parseDuration(use.value)
  if (value !== undefined && (value === 0 || value >= minimumNs)) return value
  throw complain(raw.source, {
    ...use,
    problem: `"${use.value}" is no interval`,
    expected: 'a duration from 1ms, such as 30s or 1m30s',
  })
}

function retries(raw: RawInstruction, line: FlaggedLine): number {
  const use = singleFlag(raw, line, 'retries')
  if (!use) return 0
  if (/^[0-9]{1,9}$/.test(use.value)) return Number(use.value)
  throw complain(raw.source, {
    ...use,
    problem: `"${use.value}" is no number of retries`,
    expected: 'a whole number from 0',
  })
}
