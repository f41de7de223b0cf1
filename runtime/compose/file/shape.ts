// The building blocks of the Compose schema: each value has several spellings, and after interpolation a number or a
// truth value may be text.

import * as z from 'zod/mini'
import { once } from '../../spec/once.ts'

export const text = once(() => z.string())
export const scalar = once(() => z.union([z.string(), z.number(), z.boolean()], 'a plain value'))
export const word = once(() => z.union([z.string(), z.number()], 'a text or a number'))
export const number = once(() =>
  z.union([z.number(), z.string().check(z.regex(/^-?[\d.]+$/, 'a number'))], 'a number'),
)
export const flag = once(() =>
  z.union(
    [z.boolean(), z.string().check(z.regex(/^(?:true|false)$/i, 'true or false'))],
    'true or false',
  ),
)
export const words = once(() => z.array(word(), 'a list'))
/** One text or a list of them. */
export const wordOrWords = once(() => z.union([word(), words()], 'a text or a list of texts'))
/** A program: one line, which is split as a shell does, or its words. Null: none. */
export const command = once(() =>
  z.union([z.string(), words(), z.null()], 'a line or a list of words'),
)
/** `- NAME=value` or `NAME: value`. */
export const mapOrList = once(() =>
  z.union(
    [z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])), words()],
    'a mapping or a list of NAME=value',
  ),
)
export const anyMap = once(() => z.record(z.string(), z.unknown()))

type Shape = Readonly<Record<string, z.ZodMiniType>>
type OptionalShape<S extends Shape> = { [K in keyof S]: z.ZodMiniOptional<S[K]> }

/** Every field may be absent; any other field is an error, except `x-…`, which is taken out before. */
export function fields<S extends Shape>(shape: S): z.ZodMiniObject<OptionalShape<S>> {
  const optional = Object.entries(shape).map(([key, schema]) => [key, z.optional(schema)])
  return z.strictObject(Object.fromEntries(optional) as OptionalShape<S>, 'a mapping')
}

/** The same where null, a key with nothing behind it, means the defaults. */
export function fieldsOrNothing<S extends Shape>(
  shape: S,
): z.ZodMiniNullable<z.ZodMiniObject<OptionalShape<S>>> {
  return z.nullable(fields(shape))
}
