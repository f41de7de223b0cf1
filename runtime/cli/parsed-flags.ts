/** The flags of one command line, with the values still as text except for bool. */
export class ParsedFlags {
  readonly #values: ReadonlyMap<string, readonly string[]>

  /** @param values by flag name, in the order they were given; bool flags hold `true` or `false` */
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  /** As if these had not been given. */
  without(...names: readonly string[]): ParsedFlags {
    return new ParsedFlags(new Map([...this.#values].filter(([name]) => !names.includes(name))))
  }

  /** Whether it was given at all. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The last one given. */
  string(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  bool(name: string, absent = false): boolean {
    const value = this.string(name)
    return value === undefined ? absent : value === 'true'
  }

  /** Checked when the line was parsed. */
  number(name: string): number | undefined {
    const value = this.string(name)
    return value === undefined ? undefined : Number(value)
  }
}
