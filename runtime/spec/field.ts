// Schemas of which one instance serves every field that has the shape: making one costs some
// 20 µs in a cold process, and a configuration has 200 fields.

import * as z from 'zod/mini'
import { once } from './once.ts'

export const text = once(() => z.string())
export const flag = once(() => z.boolean())
export const texts = once(() => z.array(text()))

const optionals = new WeakMap<z.ZodMiniType, z.ZodMiniType>()

/** The schema, or nothing. */
export function optional<T extends z.ZodMiniType>(schema: T): z.ZodMiniOptional<T> {
  const kept = optionals.get(schema) as z.ZodMiniOptional<T> | undefined
  if (kept !== undefined) return kept
  const made = z.optional(schema)
  optionals.set(schema, made)
  return made
}
