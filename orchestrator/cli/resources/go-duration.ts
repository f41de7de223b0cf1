import { CommandFailure } from './session.ts'

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Milliseconds of a duration as Go takes it: 1h30m, 90s, 500ms, 0. @throws CommandFailure, with how kubectl says it */
export function readGoDuration(flag: string, text: string, command: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const amount = text.replace(/^[-+]/, '')
  if (amount === '0') return 0
  const parts = [...amount.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== amount) {
    const why = /^\d+(\.\d+)?$/.test(amount)
      ? `missing unit in duration "${text}"`
      : `invalid duration "${text}"`
    throw new CommandFailure(
      `invalid argument "${text}" for "--${flag}" flag: time: ${why}\nSee 'myorch ${command} --help' for usage.`,
    )
  }
  return (
    sign * parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * unitMs[unit]!, 0)
  )
}
