import { CommanderError } from 'commander'
import type { Command, Option } from 'commander'

// Flags as kubectl takes them: `--watch=false`, `-o=json`; and what it says of those that it does not know.

/** Let a command read its flags in all the forms that kubectl reads, and fail as kubectl does. */
export function acceptFlagForms(command: Command): void {
  const parse = command.parseOptions.bind(command)
  command.parseOptions = (words) => parse(plainForms(command, words))
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error
    process.stderr.write(`error: ${usageText(command, error.message)}\n`)
    process.exitCode = 1
    // It has been told of, and the exit code is set.
    throw new CommanderError(0, error.code, error.message)
  })
}

function plainForms(command: Command, words: readonly string[]): string[] {
  const end = words.indexOf('--')
  const flags = end === -1 ? words : words.slice(0, end)
  const rest = end === -1 ? [] : words.slice(end)
  return [...flags.flatMap((word) => plainForm(command, word)), ...rest]
}

function plainForm(command: Command, word: string): string[] {
  const short = /^(-[A-Za-z])=(.*)$/s.exec(word)
  const option = command.options.find((each) => short && each.short === short[1])
  if (short && option && takesValue(option)) return [short[1]!, short[2]!]
  const [, name = '', value = ''] = /^(--[a-z-]+)=(true|false)$/.exec(word) ?? []
  const found = command.options.find((each) => each.long === name && !each.negate)
  if (!found || takesValue(found)) return [word]
  if (value === 'true') return [name]
  command.setOptionValueWithSource(found.attributeName(), false, 'cli')
  return []
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function usageText(command: Command, message: string): string {
  const path = `${command.parent?.name() ?? ''} ${command.name()}`.trim()
  const [, flag] = /unknown option '(-[^']*)'/.exec(message) ?? []
  const [, flags] = /option '([^']*)' argument missing/.exec(message) ?? []
  return `${what(flag, flags) ?? message.replace(/^error: /, '')}\nSee '${path} --help' for usage.`
}

function what(unknown: string | undefined, bare: string | undefined): string | undefined {
  if (unknown?.startsWith('--')) return `unknown flag: ${unknown.split('=')[0]!}`
  if (unknown !== undefined) return `unknown shorthand flag: '${unknown.charAt(1)}' in ${unknown}`
  const long = bare === undefined ? undefined : /--[a-z-]+/.exec(bare)?.[0]
  return long === undefined ? undefined : `flag needs an argument: ${long}`
}
