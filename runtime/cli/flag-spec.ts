// The flags of a command as data: the parser, the help text and the search for the nearest
// flag all read the same table.

export type FlagKind = 'bool' | 'string' | 'list' | 'int' | 'number'

export interface FlagSpec {
  /** Without dashes. */
  readonly name: string
  /** One letter. */
  readonly short?: string | undefined
  readonly kind: FlagKind
  /** What the value is called in the help text. */
  readonly value?: string | undefined
  readonly help: string
  /** Shown in the help text; commands apply it themselves. */
  readonly default?: string | undefined
  /** Accepted, not shown: other spellings and what means nothing here. */
  readonly hidden?: boolean | undefined
  /** Another flag's name whose other spelling this is. */
  readonly aliasOf?: string | undefined
}

/** A flag in short: `flag('bool', 'all,a', 'Show all')`. */
export function flag(
  kind: FlagKind,
  names: string,
  help: string,
  more: Partial<FlagSpec> = {},
): FlagSpec {
  const [name = '', short] = names.split(',')
  return { name, kind, help, ...(short === undefined ? {} : { short }), ...more }
}

/** A hidden second spelling of the flag `target`. */
export function alias(kind: FlagKind, names: string, target: string): FlagSpec {
  return flag(kind, names, '', { hidden: true, aliasOf: target })
}
