// The tests, from a clean clone to a verdict: installs what is missing, builds what is stale, runs
// the suites, and ends with a table and one line of totals. Starts on the system's own Node, 20 or
// newer; every test file runs on the pinned one.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findStaleness } from './test/build-state.mjs'
import { runCheckSuite } from './test/check-suite.mjs'
import { formatTable, formatTotal } from './test/report.mjs'
import { killRunningFiles } from './test/run-file.mjs'
import { runSuite } from './test/run-suite.mjs'
import { suites } from './test/suites.mjs'

const root = join(import.meta.dirname, '..')
const names = ['check', ...suites.map(({ name }) => name)]

/** @param {string} program @param {string[]} programArguments */
function run(program, programArguments) {
  const { status, error } = spawnSync(program, programArguments, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status === 0) return
  const command = [program, ...programArguments].join(' ')
  throw new Error(`${command}: ${error?.message ?? `exit code ${status}`}`)
}

/** Bring node_modules/ and dist/ up to date; both are quick to find unchanged. */
function prepare() {
  const needed = ['node_modules/.bin/node', 'node_modules/tap-parser', 'node_modules/.bin/tsc']
  if (!needed.every((path) => existsSync(join(root, path)))) run('npm', ['install', '--no-save'])
  const reason = findStaleness(root)
  if (!reason) return
  process.stdout.write(`# building: ${reason}\n`)
  run(join(root, 'node_modules/.bin/node'), ['scripts/build.mjs'])
}

/** @returns {Promise<import('./test/report.mjs').SuiteResult[]>} */
async function runAll(chosen) {
  const results = []
  for (const name of chosen.length > 0 ? names.filter((each) => chosen.includes(each)) : names) {
    process.stdout.write(`\n# ${name}\n`)
    const suite = suites.find((each) => each.name === name)
    const byName = chosen.length > 0
    const result = suite ? await runSuite({ root, suite, byName }) : await runCheckSuite(root)
    if (result.state !== 'ran') process.stdout.write(`${name} is ${result.state}: ${result.note}\n`)
    results.push(result)
  }
  return results
}

async function main() {
  const chosen = process.argv.slice(2)
  const unknown = chosen.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    process.stderr.write(`test: no suite "${unknown[0]}"; there are: ${names.join(', ')}\n`)
    return 2
  }
  const results = []
  try {
    prepare()
  } catch (error) {
    process.stderr.write(`test: ${error.message}\n`)
    const broken = {
      name: 'build',
      state: 'ran',
      passed: 0,
      failed: 1,
      skipped: 0,
      milliseconds: 0,
    }
    results.push(broken)
  }
  // Without a build many files still say something; without node_modules none can.
  if (existsSync(join(root, 'node_modules/tap-parser'))) results.push(...(await runAll(chosen)))
  process.stdout.write(`\n${formatTable(results)}\n\n${formatTotal(results)}\n`)
  return results.some(({ failed, skipped }) => failed > 0 || skipped > 0) ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    killRunningFiles()
    process.exit(130)
  })
process.exitCode = await main()
