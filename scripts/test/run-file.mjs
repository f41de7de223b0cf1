import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * @typedef {object} FileResult
 * @property {string} file
 * @property {number} passed assertions
 * @property {number} failed assertions, and one for every way a file can fail without one
 * @property {number} skipped assertions marked skip or todo
 * @property {number} milliseconds
 * @property {string[]} failures names of failed assertions, with the subtests around them
 * @property {string[]} problems what went wrong beside failed assertions, for people
 * @property {string} output everything the file printed, standard error included
 */

const GRACE_MS = 5_000 // between SIGTERM, on which tests clean up, and SIGKILL
const DRAIN_MS = 2_000 // for what is still in the pipe after the exit

/** Process groups of the files that run now, so that an interrupted run leaves nothing. */
const running = new Set()

/** @param {number} group @param {NodeJS.Signals} signal */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal)
  } catch {
    // ESRCH: all gone already.
  }
}

/** End every file that runs now, with all it started. */
export function killRunningFiles() {
  for (const group of running) signalGroup(group, 'SIGKILL')
}

/**
 * Count the leaf assertions below a parser; the line that closes a subtest only repeats them,
 * unless the subtest failed as a whole (no plan, a timeout, an exception).
 */
function countInto(parser, result) {
  let failedBeforeSubtest = 0
  parser.on('child', (child) => {
    failedBeforeSubtest = result.failed
    countInto(child, result)
  })
  parser.on('assert', (line) => {
    if (line.skip || line.todo) result.skipped += 1
    else if (line.ok) result.passed += line.closingTestPoint ? 0 : 1
    else if (!line.closingTestPoint || result.failed === failedBeforeSubtest) {
      result.failed += 1
      result.failures.push(line.fullname || line.name)
    }
  })
}

/** Ways for a file to fail that no assertion of its own shows. */
function findProblems({ result, exit, timedOut, heldOpen, timeoutSeconds, tap }) {
  const problems = []
  if (timedOut) problems.push(`timed out: it had not ended after ${timeoutSeconds} s`)
  else if (exit.signal) problems.push(`was ended by ${exit.signal}`)
  else if (exit.code !== 0 && result.failed === 0) problems.push(`exit code ${exit.code}`)
  if (heldOpen) problems.push('left processes behind that hold its output open')
  if (tap.bailout) problems.push(`bailed out: ${tap.bailout}`)
  if (result.passed + result.failed + result.skipped === 0) problems.push('ran no assertion')
  else if (!tap.ok && result.failed === 0 && problems.length === 0)
    problems.push('its TAP is broken: assertions do not match the plan')
  return problems
}

/**
 * Run one test file with the pinned Node and read its TAP. Never throws for a bad file: what is
 * wrong with it is in the result.
 *
 * The file leads a process group of its own, so a hang is ended with everything that it started.
 *
 * @param {{ root: string, file: string, timeoutSeconds: number }} options
 * @returns {Promise<FileResult>}
 */
export async function runFile({ root, file, timeoutSeconds }) {
  // Imported late: the runner itself starts before there is a node_modules.
  const { Parser } = await import('tap-parser')
  const result = {
    file,
    passed: 0,
    failed: 0,
    skipped: 0,
    milliseconds: 0,
    failures: [],
    problems: [],
    output: '',
  }
  const parser = new Parser()
  countInto(parser, result)
  const completed = new Promise((resolve) => parser.on('complete', resolve))

  const startedAt = performance.now()
  const child = spawn(join(root, 'node_modules/.bin/node'), [file], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/test-compile'),
      // Time limits are the runner's: by default tap gives up after 30 s.
      TAP_TIMEOUT: String(timeoutSeconds),
    },
  })
  running.add(child.pid)
  child.stdout.setEncoding('utf8').on('data', (text) => {
    result.output += text
    parser.write(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text) => (result.output += text))

  const end = await waitForEnd(child, timeoutSeconds * 1_000)
  running.delete(child.pid)
  parser.end()
  const tap = await completed
  result.milliseconds = performance.now() - startedAt
  result.problems = findProblems({ result, ...end, timeoutSeconds, tap })
  result.failed += result.problems.length
  return result
}

/** Resolves when the process is gone and its output is read, by force where it has to be. */
async function waitForEnd(child, timeoutMs) {
  let timedOut = false
  const closed = new Promise((resolve) => child.once('close', () => resolve(false)))
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) => resolve({ code: error.message, signal: null }))
  })
  const timers = [
    setTimeout(() => {
      timedOut = true
      signalGroup(child.pid, 'SIGTERM')
    }, timeoutMs),
    setTimeout(() => signalGroup(child.pid, 'SIGKILL'), timeoutMs + GRACE_MS),
  ]
  const exit = await exited
  timers.forEach(clearTimeout)
  const drained = new Promise((resolve) => setTimeout(() => resolve(true), DRAIN_MS).unref())
  const heldOpen = await Promise.race([closed, drained])
  if (heldOpen) {
    child.stdout.destroy()
    child.stderr.destroy()
  }
  signalGroup(child.pid, 'SIGKILL')
  return { exit, timedOut, heldOpen }
}
