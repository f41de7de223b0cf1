import { selectFailures } from './failure-text.mjs'
import { listFiles } from './build-state.mjs'
import { ensurePackages } from './packages.mjs'
import { formatSeconds } from './report.mjs'
import { runFile } from './run-file.mjs'

/** @param {string} root @param {import('./suites.mjs').Suite} suite */
function findTestFiles(root, suite) {
  return suite.folders
    .flatMap((folder) => listFiles(root, folder))
    .filter((path) => path.endsWith('.test.ts') && (suite.isOne?.(path) ?? true))
}

/** More of them than this is one cause, and the lines above the rest are read first. */
const NAMED_FAILURES = 8

/** One line for a file; for a failed one the names of what failed, then everything it said about that. */
function printFile({ file, passed, failed, skipped, milliseconds, failures, problems, output }) {
  const bad = failed > 0 || skipped > 0
  const counts = [
    `${passed} passed`,
    ...(failed ? [`${failed} failed`] : []),
    ...(skipped ? [`${skipped} skipped`] : []),
  ]
  const lines = [
    `${bad ? 'FAIL' : 'ok  '} ${file}  ${counts.join(', ')} (${formatSeconds(milliseconds)})`,
    ...failures.slice(0, NAMED_FAILURES).map((name) => `     failed: ${name}`),
    ...problems.map((problem) => `     ${file} ${problem}`),
  ]
  if (bad) lines.push(selectFailures(output).replaceAll(/^/gm, '     | '))
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** @returns {import('./report.mjs').SuiteResult} */
function notRun(name, state, note, failed) {
  return { name, state, note, failed, passed: 0, skipped: 0, milliseconds: 0 }
}

/**
 * Run the files of one suite and print a line for each.
 *
 * @param {{ root: string, suite: import('./suites.mjs').Suite, byName: boolean }} options
 *   `byName`: the user asked for this suite, so having nothing to run is a failure
 * @returns {Promise<import('./report.mjs').SuiteResult>} what prevents the suite from running is a
 *   failure in it, never an exception
 */
export async function runSuite({ root, suite, byName }) {
  const { name } = suite
  if (suite.byNameOnly && !byName)
    return notRun(name, 'not run', `${suite.byNameOnly}: npm test ${name}`, 0)
  const files = findTestFiles(root, suite)
  if (files.length === 0)
    return notRun(name, 'empty', 'it has no test files', byName || !suite.mayBeEmpty ? 1 : 0)
  if (suite.needsRoot && process.getuid?.() !== 0)
    return notRun(name, 'not run', 'it needs root: run the tests as root, or name other suites', 1)
  const startedAt = performance.now()
  try {
    ensurePackages(suite.packages)
  } catch (error) {
    return notRun(name, 'not run', error.message, 1)
  }
  const result = { name, state: 'ran', passed: 0, failed: 0, skipped: 0, milliseconds: 0 }
  const timeoutSeconds = Number(process.env.TEST_TIMEOUT_SECONDS || suite.timeoutSeconds)
  const queue = files.values()
  const worker = async () => {
    for (const file of queue) {
      const outcome = await runFile({ root, file, timeoutSeconds })
      printFile(outcome)
      for (const key of ['passed', 'failed', 'skipped']) result[key] += outcome[key]
    }
  }
  await Promise.all(Array.from({ length: suite.jobs }, worker))
  return { ...result, milliseconds: performance.now() - startedAt }
}
