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
  const bad = isBad({ failed, skipped })
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

/** Of the files of a suite so many may have failed because of what else the machine did; more have a cause of their own. */
const MOST_RUN_AGAIN = 2

/**
 * Tests meet all that goes on on the host. A file that fails is run again when nothing else of ours runs; if it passes
 * then, the suite has passed, and says which file needed that: a race, in the test or in what it tests, to be found.
 */
async function runAgain({ root, suite, timeoutSeconds, failed }) {
  const settled = []
  for (const first of failed) {
    process.stdout.write(`again ${first.file}\n`)
    const second = await runFile({ root, file: first.file, timeoutSeconds })
    printFile(second)
    settled.push(isBad(second) ? first : second)
  }
  const passed = settled.filter((outcome) => !isBad(outcome)).map(({ file }) => file)
  if (passed.length === 0) return { settled, note: undefined }
  const names = passed.join(', ')
  process.stdout.write(`UNSTABLE in ${suite.name}: passed only when run again: ${names}\n`)
  return { settled, note: `run again: ${names}` }
}

/** @param {import('./run-file.mjs').FileResult} outcome */
function isBad({ failed, skipped }) {
  return failed > 0 || skipped > 0
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
  const timeoutSeconds = Number(process.env.TEST_TIMEOUT_SECONDS || suite.timeoutSeconds)
  const outcomes = []
  const queue = files.values()
  const worker = async () => {
    for (const file of queue) {
      const outcome = await runFile({ root, file, timeoutSeconds })
      printFile(outcome)
      outcomes.push(outcome)
    }
  }
  await Promise.all(Array.from({ length: suite.jobs }, worker))
  const failed = outcomes.filter(isBad)
  const isWorthwhile = failed.length > 0 && failed.length <= MOST_RUN_AGAIN
  const again = isWorthwhile
    ? await runAgain({ root, suite, timeoutSeconds, failed })
    : { settled: failed, note: undefined }
  const all = [...outcomes.filter((outcome) => !isBad(outcome)), ...again.settled]
  const sum = (key) => all.reduce((total, outcome) => total + outcome[key], 0)
  return {
    name,
    state: 'ran',
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    milliseconds: performance.now() - startedAt,
    ...(again.note === undefined ? {} : { note: again.note }),
  }
}
