/** Message → field → "number type flag…", as in data/field-facts.json. */
export type FieldFacts = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface MessageField {
  readonly name: string
  /** A scalar (`string`, `bool`, `int32`, `int64`, `bytes`, `double`) or the name of a message. */
  readonly type: string
  readonly shape: 'one' | 'list' | 'map'
  /** Zero is a value here; elsewhere it is what a field has that was not set. */
  readonly zeroCounts: boolean
  /** Its fields belong to the message around it. */
  readonly inline: boolean
}

const cache = new WeakMap<FieldFacts, Map<string, ReadonlyMap<number, MessageField>>>()

/** Fields of a message by number; undefined for a message that the table does not have. */
export function messageFields(
  facts: FieldFacts,
  message: string,
): ReadonlyMap<number, MessageField> | undefined {
  let known = cache.get(facts)
  if (!known) cache.set(facts, (known = new Map()))
  const found = known.get(message)
  if (found) return found
  if (!Object.hasOwn(facts, message)) return undefined
  const fields = new Map(
    Object.entries(facts[message]!).map(([name, fact]) => parseFact(name, fact)),
  )
  known.set(message, fields)
  return fields
}

function parseFact(name: string, fact: string): [number, MessageField] {
  const [number, type, ...flags] = fact.split(' ')
  const first = type![0]
  const shape = first === '*' ? 'list' : first === '{' ? 'map' : 'one'
  return [
    Number(number),
    {
      name,
      type: shape === 'one' ? type! : type!.slice(1),
      shape,
      zeroCounts: flags.includes('pointer'),
      inline: flags.includes('inline'),
    },
  ]
}
