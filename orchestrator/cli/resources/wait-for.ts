import { listAt, plainText } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { shownValue, valuesAtPath } from './json-path.ts'
import { CommandFailure } from './session.ts'

/** What is waited for. */
export type WaitFor =
  | { readonly type: 'delete' }
  | { readonly type: 'create' }
  | { readonly type: 'condition'; readonly name: string; readonly value: string }
  /** Without a value: until there is anything. */
  | { readonly type: 'path'; readonly path: string; readonly value: string | undefined }

/** `condition=Ready`, `jsonpath={.status.phase}=Running`, `delete`. @throws CommandFailure */
export function parseWaitFor(text: string): WaitFor {
  if (text === 'delete') return { type: 'delete' }
  if (text === 'create') return { type: 'create' }
  const [, name, value = 'true'] = /^condition=([^=]+)(?:=(.*))?$/.exec(text) ?? []
  if (name !== undefined) return { type: 'condition', name, value }
  const [, path, wanted] = /^jsonpath=(\{.*\})(?:=(.*))?$/s.exec(text) ?? []
  if (path !== undefined) return { type: 'path', path, value: wanted }
  throw new CommandFailure(`unrecognized condition: "${text}"`)
}

export function holds(wanted: WaitFor, object: KubeObject): boolean {
  if (wanted.type === 'create') return true
  if (wanted.type === 'delete') return false
  if (wanted.type === 'path') {
    const [value] = valuesAtPath(wanted.path, object)
    return wanted.value === undefined ? value !== undefined : shownValue(value) === wanted.value
  }
  return listAt(object, ['status', 'conditions']).some(
    ({ type, status }) =>
      plainText(type).toLowerCase() === wanted.name.toLowerCase() &&
      plainText(status).toLowerCase() === wanted.value.toLowerCase(),
  )
}
