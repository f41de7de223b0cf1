import { templateError } from './template-error.ts'

export interface Token {
  readonly kind:
    | 'text'
    | 'open'
    | 'close'
    | 'string'
    | 'number'
    | 'word'
    | 'field'
    | 'variable'
    | 'sign'
  readonly text: string
}

/** Inside an action; sticky, tried in this order. */
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['number', /-?\d+(?:\.\d+)?/y],
  ['field', /\.[A-Za-z_][A-Za-z0-9_]*/y],
  ['variable', /\$[A-Za-z0-9_]*/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['sign', /:=|[=|(),.]/y],
]

/** Cut a template into text and the tokens of its actions; `{{-` and `-}}` trim blanks. */
export function tokenize(template: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let trimNext = false
  while (at <= template.length) {
    const open = template.indexOf('{{', at)
    const isLast = open < 0
    const trimEnd = !isLast && /^\{\{-\s/.test(template.slice(open, open + 4))
    pushText(tokens, template.slice(at, isLast ? undefined : open), {
      start: trimNext,
      end: trimEnd,
    })
    if (isLast) break
    const inner = readAction(template, open + (trimEnd ? 3 : 2), tokens)
    at = inner.next
    trimNext = inner.trim
  }
  return tokens
}

function pushText(tokens: Token[], text: string, trim: { start: boolean; end: boolean }): void {
  const start = trim.start ? text.trimStart() : text
  const kept = trim.end ? start.trimEnd() : start
  if (kept !== '') tokens.push({ kind: 'text', text: kept })
}

function readAction(
  template: string,
  from: number,
  tokens: Token[],
): { next: number; trim: boolean } {
  const comment = /\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/y
  comment.lastIndex = from
  const found = comment.exec(template)
  if (found) return { next: comment.lastIndex, trim: found[1] === '-' }
  tokens.push({ kind: 'open', text: '{{' })
  let at = from
  while (at < template.length) {
    const end = /\s*?(\s-)?\}\}/y
    end.lastIndex = at
    const close = end.exec(template)
    if (close) {
      tokens.push({ kind: 'close', text: '}}' })
      return { next: end.lastIndex, trim: close[1] !== undefined }
    }
    at = readToken(template, at, tokens)
  }
  throw templateError('unclosed action')
}

function readToken(template: string, at: number, tokens: Token[]): number {
  const blank = /\s+/y
  blank.lastIndex = at
  if (blank.test(template)) {
    // A blank ends a chain of fields: `.A .B` are two arguments.
    tokens.push({ kind: 'sign', text: ' ' })
    return blank.lastIndex
  }
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const match = pattern.exec(template)
    if (!match) continue
    tokens.push({ kind, text: match[0] })
    return pattern.lastIndex
  }
  throw templateError(`unexpected ${JSON.stringify(template.charAt(at))} in action`)
}
