import { Parser, type Result } from 'tap-parser'

export interface Assertion {
  /** Names of the subtests around it and its own, outermost first, joined by " > ". */
  readonly name: string
  readonly ok: boolean
  readonly isSkipped: boolean
  /** What tap said about a failure, as it was printed. */
  readonly diagnostic: unknown
}

function collect(parser: Parser, assertions: Assertion[]): void {
  let before = 0
  parser.on('child', (child: Parser) => {
    before = assertions.length
    collect(child, assertions)
  })
  parser.on('assert', (line: Result) => {
    // The line that closes a subtest only repeats it, unless the subtest failed as a whole.
    const explained = assertions.slice(before).some(({ ok }) => !ok)
    if (line.closingTestPoint && (line.ok || explained)) return
    const isSkipped = line.skip !== false || line.todo !== false
    assertions.push({
      name: line.fullname || line.name,
      ok: line.ok,
      isSkipped,
      diagnostic: line.diag,
    })
  })
}

/**
 * The leaf assertions in TAP text; what is not TAP in it is passed over.
 *
 * A broken document (no plan, a bail-out, nothing at all) gives one more failed assertion that says so.
 */
export function readTap(text: string): Assertion[] {
  const assertions: Assertion[] = []
  const parser = new Parser()
  collect(parser, assertions)
  parser.end(text)
  const isBroken = !parser.results?.ok && assertions.every(({ ok }) => ok)
  if (isBroken || assertions.length === 0)
    assertions.push({ name: 'the TAP is whole', ok: false, isSkipped: false, diagnostic: text })
  return assertions
}
