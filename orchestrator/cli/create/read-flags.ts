import { CommandFailure } from '../resources/session.ts'

/** As kubectl refuses a command that lacks flags. @throws CommandFailure */
export function requireFlags(flags: object, names: readonly string[]): void {
  const given = flags as Readonly<Record<string, unknown>>
  const missing = names.filter((name) => given[camelCase(name)] === undefined)
  if (missing.length === 0) return
  throw new CommandFailure(
    `required flag(s) ${missing.map((name) => `"${name}"`).join(', ')} not set`,
  )
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** @param command for the hint, without the program @throws CommandFailure */
export function readInteger(
  flag: string,
  text: string | undefined,
  command: string,
): number | undefined {
  if (text === undefined) return undefined
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new CommandFailure(
    `invalid argument "${text}" for "${flag}" flag: strconv.ParseInt: parsing "${text}": invalid syntax\nSee 'myorch ${command} --help' for usage.`,
  )
}

/** Of `--verb=get,list --verb watch`. */
export function splitLists(values: readonly string[] | undefined): string[] {
  return (values ?? []).flatMap((value) => value.split(',')).filter((value) => value !== '')
}

/** `a=b,c=d`. @throws CommandFailure */
export function readPairs(text: string, what: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const [name = '', ...value] = pair.split('=')
    if (name === '' || value.length !== 1)
      throw new CommandFailure(`${what} ${pair}, expected <resource>=<value>`)
    return [name, value[0]!] as const
  })
  return Object.fromEntries(pairs)
}
