import { badRequest } from '../api/status-error.ts'
import { requireShallow } from './require-shallow.ts'

/** YAML as kubectl reads it (1.1: `yes` is true), with a bound on what aliases can unfold to. @throws StatusError 400 */
export async function parseYaml(text: string): Promise<unknown> {
  const value = await readText(text)
  requireShallow(value)
  return value
}

async function readText(text: string): Promise<unknown> {
  // A JSON body is YAML too, and most are: the parser is not loaded for them.
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch {
      // Flow style YAML begins the same way.
    }
  }
  const { parse } = await import('yaml')
  try {
    return parse(text, {
      version: '1.1',
      maxAliasCount: 100,
      schema: 'yaml-1.1',
      // The parser compares each key with all before it; of two the last counts, as in JSON.
      uniqueKeys: false,
    }) as unknown
  } catch (error) {
    throw badRequest(
      `error converting YAML to JSON: ${error instanceof Error ? error.message : 'no YAML'}`,
    )
  }
}
