// The format of .env files and of `env_file`.
// https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format

import { OperationError } from '../../../native/error.ts'
import { interpolate } from './interpolate.ts'

export type Lookup = (name: string) => string | undefined

const opening = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:[=:]\s?|$)/

/**
 * `NAME=value` lines. Single quotes keep what is in them; double quotes know escapes and may go over lines; what is not in
 * single quotes is interpolated, with the variables of the lines before. A name alone takes its value from `lookup`.
 *
 * @param path for messages
 * @throws {OperationError} `INVALID_ARGUMENT` with the line
 */
export function parseComposeEnvFile(
  path: string,
  text: string,
  lookup: Lookup,
): Map<string, string> {
  const values = new Map<string, string>()
  const variables = {
    get: (name: string) => lookup(name) ?? values.get(name),
    onUnset: () => undefined,
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (/^\s*(?:#|$)/.test(line)) continue
    const [head, name = ''] = opening.exec(line) ?? []
    if (head === undefined) throw badLine(path, index + 1, line)
    if (!/[=:]/.test(head)) {
      const inherited = lookup(name)
      if (inherited !== undefined) values.set(name, inherited)
      continue
    }
    const raw = line.slice(head.length)
    const quote = raw.trimStart()[0]
    if (quote !== "'" && quote !== '"') {
      values.set(name, interpolate(bareValue(raw), variables, `${path}:${index + 1}`))
      continue
    }
    const first = index
    let body = raw.trimStart().slice(1)
    let end = closingQuote(body, quote)
    while (end < 0 && index + 1 < lines.length) {
      index++
      body += `\n${lines[index]}`
      end = closingQuote(body, quote)
    }
    if (end < 0) throw badLine(path, first + 1, line)
    const inside = body.slice(0, end)
    values.set(
      name,
      quote === "'" ? inside : interpolate(unescape(inside), variables, `${path}:${first + 1}`),
    )
  }
  return values
}

function bareValue(raw: string): string {
  return raw.replace(/(?:^|\s)#.*$/, '').trim()
}

function closingQuote(body: string, quote: string): number {
  for (let at = 0; at < body.length; at++) {
    if (body[at] === '\\' && quote === '"') at++
    else if (body[at] === quote) return at
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  $: '$$',
}

function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (whole, letter: string) => escapes[letter] ?? whole)
}

function badLine(path: string, line: number, text: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `read ${path}:${line}: ${JSON.stringify(text.slice(0, 60))}`,
    {},
    { exitCode: 1, hint: 'Write NAME=value, and close what is opened with a quote' },
  )
}
