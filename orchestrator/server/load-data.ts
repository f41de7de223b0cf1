import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { distFolder } from '../../native/paths.ts'
import { metricsSchemas } from '../api/kinds/metrics-schemas.ts'
import type { FieldFacts } from '../api/protobuf/field-facts.ts'
import type { Schemas } from '../api/schema.ts'

// What scripts/build-api-data.mjs made.

function load(name: string): unknown {
  return JSON.parse(readFileSync(join(distFolder, `kubernetes-${name}.json`), 'utf8'))
}

let schemas: Schemas | undefined
let fields: FieldFacts | undefined

/** Schemas of the built-in kinds, without descriptions. */
export function builtInSchemas(): Schemas {
  return (schemas ??= { ...(load('schemas') as Schemas), ...metricsSchemas })
}

/** Field numbers of the built-in kinds; read when the first client speaks protobuf. */
export function fieldFacts(): FieldFacts {
  return (fields ??= load('fields') as FieldFacts)
}

/** Definition → field (or "" for itself) → what it is for. Not kept: it is large and seldom asked for. */
export function descriptions(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return load('descriptions') as Record<string, Record<string, string>>
}
