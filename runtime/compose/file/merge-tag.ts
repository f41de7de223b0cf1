/** `!reset`: what files before say of this field is dropped. */
export class Reset {
  readonly isReset = true
}

/** `!override`: this value stands instead of what files before say, and is not merged with it. */
export class Overridden {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

/** What a field is when no file comes before. */
export function withoutTags(value: unknown): unknown {
  if (value instanceof Overridden) return withoutTags(value.value)
  if (Array.isArray(value)) return value.filter((one) => !(one instanceof Reset)).map(withoutTags)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, member]) => !(member instanceof Reset))
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutTags(member)]))
}
