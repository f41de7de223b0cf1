import type { PastFacts, PastInput, StepFacts, StepInput } from './step-facts.ts'

/** Why a step is not taken from the cache. */
export interface MissReason {
  readonly code:
    | 'no-cache'
    | 'parent'
    | 'base'
    | 'platform'
    | 'instruction'
    | 'variables'
    | 'settings'
    | 'inputs'
    | 'entry-gone'
    | 'no-entry'
  readonly text: string
}

/**
 * Compare what decides a step now with what decided it the last time it was built in this place.
 *
 * @param before absent where it was never built
 */
export function explainMiss(now: StepFacts, before: PastFacts | undefined): MissReason {
  if (!before) return { code: 'no-entry', text: 'it was never built here' }
  if (
    now.instruction !== before.instruction ||
    now.settings['script'] !== before.settings['script']
  )
    return { code: 'instruction', text: `instruction changed: was ${shorten(before.instruction)}` }
  const variables = changedVariables(now.variables, before.variables)
  if (variables !== undefined) return { code: 'variables', text: variables }
  const setting = changedSetting(now.settings, before.settings)
  if (setting !== undefined) return { code: 'settings', text: setting }
  const input = changedInput(now.inputs, before.inputs)
  if (input !== undefined) return { code: 'inputs', text: input }
  if (now.platform !== before.platform)
    return { code: 'platform', text: `platform changed: was ${before.platform}` }
  if (now.parent !== before.parent) return { code: 'base', text: 'what it builds on changed' }
  return { code: 'entry-gone', text: 'its cache entry is gone, or its layer was removed' }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function changedVariables(now: readonly string[], before: readonly string[]): string | undefined {
  const old = new Map(before.map(splitVariable))
  const current = new Map(now.map(splitVariable))
  for (const [name, value] of current) {
    const was = old.get(name)
    if (was === undefined) return `variable ${name} is new`
    if (was !== value)
      return `variable ${name} changed: was "${shorten(was)}", is "${shorten(value)}"`
  }
  for (const name of old.keys()) if (!current.has(name)) return `variable ${name} is gone`
  return now.join('\n') === before.join('\n') ? undefined : 'the order of variables changed'
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function changedSetting(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
): string | undefined {
  for (const name of new Set([...Object.keys(now), ...Object.keys(before)]))
    if (now[name] !== before[name])
      return `${name} changed: was ${shorten(before[name] ?? 'not set')}, is ${shorten(now[name] ?? 'not set')}`
  return undefined
}

function changedInput(now: readonly StepInput[], before: readonly PastInput[]): string | undefined {
  for (const [at, input] of now.entries()) {
    const was = before[at]
    if (!was) return `${input.name}: new`
    if (was.digest === input.digest) continue
    return changedFiles(input, was) ?? `${input.name} changed`
  }
  return now.length === before.length ? undefined : 'it takes files from fewer places'
}

const shownFiles = 3

function changedFiles(now: StepInput, before: PastInput): string | undefined {
  const old = before.files
  const current = old && now.files?.()
  if (!current) return undefined
  const changes: string[] = []
  for (const [path, digest] of Object.entries(current))
    if (!Object.hasOwn(old, path)) changes.push(`file ${path} is new`)
    else if (old[path] !== digest) changes.push(`file ${path} changed`)
  for (const path of Object.keys(old))
    if (!Object.hasOwn(current, path)) changes.push(`file ${path} is gone`)
  if (changes.length === 0) return undefined
  const rest = changes.length - shownFiles
  return changes.slice(0, shownFiles).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
