import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { formatSeconds } from './report.mjs'

/** What counts as one test each: types, lint rules, and the format of every file. */
const checks = [
  { name: 'types', program: 'tsc', arguments: ['--noEmit'] },
  { name: 'lint', program: 'oxlint', arguments: ['--type-aware', '--deny-warnings'] },
  { name: 'format', program: 'oxfmt', arguments: ['--check'] },
]

/** @returns {Promise<{ code: number | null, output: string }>} */
function run(root, check) {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules/.bin', check.program), check.arguments, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
    })
    let output = ''
    const collect = (text) => (output += text)
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

/**
 * Type check, lint and format check, one after the other: each uses both processors.
 *
 * @param {string} root the checkout
 * @returns {Promise<import('./report.mjs').SuiteResult>}
 */
export async function runCheckSuite(root) {
  const startedAt = performance.now()
  const result = { name: 'check', state: 'ran', passed: 0, failed: 0, skipped: 0, milliseconds: 0 }
  for (const check of checks) {
    const checkStartedAt = performance.now()
    const { code, output } = await run(root, check)
    result[code === 0 ? 'passed' : 'failed'] += 1
    const time = formatSeconds(performance.now() - checkStartedAt)
    const command = [check.program, ...check.arguments].join(' ')
    process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${check.name}: ${command} (${time})\n`)
    if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`)
  }
  return { ...result, milliseconds: performance.now() - startedAt }
}
