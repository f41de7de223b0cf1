import { CommanderError } from 'commander'
import type { Command, Option } from 'commander'

// Flags as kubectl takes them: `--watch=false`, `-o=json`; and what it says of those that it does not know.

/** Let a command read its flags in all the forms that kubectl reads, and fail as kubectl does. */
export function acceptFlagForms(command: Command): void {
  const parse = command.parseOptions.bind(command)
  let last = ''
  command.parseOptions = (words) => {
    last = words.at(-1) ?? ''
    return parse(plainForms(command, words))
  }
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error
    process.stderr.write(`error: ${usageText(command, error.message, last)}\n`)
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
  const found = command.options.find((each) => each.long === name)
  if (!found || takesValue(found)) return [word]
  if (found.negate) return value === 'true' ? [name] : []
  if (value === 'true') return [name]
  command.setOptionValueWithSource(found.attributeName(), false, 'cli')
  return []
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function usageText(command: Command, message: string, last: string): string {
  const path = commandPath(command)
  const [, flag] = /unknown option '(-[^']*)'/.exec(message) ?? []
  const isBare = /option '[^']*' argument missing/.test(message)
  return `${what(flag, isBare ? last : undefined) ?? message.replace(/^error: /, '')}\nSee '${path} --help' for usage.`
}

/** One that ends in `...>` is gathered; commander's own would take the words behind it as well. */
export function addFlag(command: Command, flag: string, about: string): Command {
  if (!flag.endsWith('...>')) return command.option(flag, about)
  return command.option(flag.replace('...>', '>'), about, (value: string, before?: string[]) => [
    ...(before ?? []),
    value,
  ])
}

/** `myorch create deployment`. */
export function commandPath(command: Command): string {
  return command.parent ? `${commandPath(command.parent)} ${command.name()}` : command.name()
}

function what(unknown: string | undefined, bare: string | undefined): string | undefined {
  if (unknown?.startsWith('--')) return `unknown flag: ${unknown.split('=')[0]!}`
  if (unknown !== undefined) return `unknown shorthand flag: '${unknown.charAt(1)}' in ${unknown}`
  if (bare === undefined) return undefined
  const isShort = !bare.startsWith('--')
  return `flag needs an argument: ${isShort ? `'${bare.charAt(1)}' in ${bare}` : bare}`
}
