// `npm run conformance-table`: run the rows of the OCI runtime specification with every runtime that is installed, keep what
// came of them, and write docs/conformance.md. As root; takes a minute.

import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Parser, type Result } from 'tap-parser'
import { documentPath, formatDocument, resultsPath, runtimes } from './conformance-document.ts'
import { ownPath, readRequirements } from './oci-requirement.ts'

type Passed = Record<string, Record<string, Record<string, boolean>>>

function isInstalled(name: string): boolean {
  return name === 'ours' || spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Titles and outcomes of the rows of one file. */
function runFile(file: string, runtime: string): readonly Result[] {
  const { stdout } = spawnSync(process.execPath, [ownPath(file)], {
    encoding: 'utf8',
    env: { ...process.env, MYCONTAINER_CONFORMANCE_RUNTIME: runtime },
    maxBuffer: 1 << 26,
  })
  const rows: Result[] = []
  const parser = new Parser()
  parser.on('assert', (row: Result) => rows.push(row))
  parser.end(stdout)
  return rows
}

function main(): void {
  const results: Passed = {}
  const own = readdirSync(import.meta.dirname).filter((name) => /^oci-.*\.test\.ts$/.test(name))
  const files = new Set(own.map((name) => join('test/conformance', name)))
  const others = readRequirements().flatMap(({ shown }) =>
    shown.kind === 'test' ? [shown.file] : [],
  )
  for (const runtime of runtimes.filter(isInstalled))
    for (const file of runtime === 'ours' ? new Set([...files, ...others]) : files)
      for (const { name, ok } of runFile(file, runtime)) {
        const rows = (results[file] ??= {})
        const row = (rows[name] ??= {})
        row[runtime] = ok
      }
  writeFileSync(resultsPath, `${JSON.stringify(results, undefined, 2)}\n`)
  writeFileSync(documentPath, formatDocument(results))
}

main()
