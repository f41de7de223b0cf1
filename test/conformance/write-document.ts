// `npm run conformance-table`: run the rows of the OCI runtime specification with every runtime that is installed, keep what
// came of them, and write docs/conformance.md. As root; takes a minute. With names of files only these are run anew.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
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

function readResults(): Passed {
  return existsSync(resultsPath) ? (JSON.parse(readFileSync(resultsPath, 'utf8')) as Passed) : {}
}

/** Files with rows, and those of other tests that a demand names. */
function allFiles(): readonly string[] {
  const own = readdirSync(import.meta.dirname).filter((name) => /^oci-.*\.test\.ts$/.test(name))
  const named = readRequirements().flatMap(({ shown }) =>
    shown.kind === 'test' ? [shown.file] : [],
  )
  return [...new Set([...own.map((name) => join('test/conformance', name)), ...named])]
}

function main(): void {
  const chosen = process.argv.slice(2)
  const results = chosen.length === 0 ? {} : readResults()
  for (const file of chosen.length === 0 ? allFiles() : chosen) {
    const rows: Passed[string] = {}
    results[file] = rows
    const isTable = file.startsWith('test/conformance/')
    for (const runtime of runtimes.filter(
      (name) => name === 'ours' || (isTable && isInstalled(name)),
    ))
      for (const { name, ok } of runFile(file, runtime)) (rows[name] ??= {})[runtime] = ok
  }
  writeFileSync(resultsPath, `${JSON.stringify(results, undefined, 2)}\n`)
  writeFileSync(documentPath, formatDocument(results))
}

main()
