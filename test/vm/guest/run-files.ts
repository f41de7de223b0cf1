// Runs inside a guest: the test files given as arguments, one after the other, with a line before
// and after each for the host to cut the output by.
import { spawnSync } from 'node:child_process'

const FILE_TIMEOUT_MS = 300_000

for (const file of process.argv.slice(2)) {
  process.stdout.write(`\n@begin ${file}\n`)
  const startedAt = performance.now()
  const { status, signal } = spawnSync(process.execPath, [file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: FILE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, TAP_TIMEOUT: String(FILE_TIMEOUT_MS / 1_000 - 10) },
  })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  process.stdout.write(`\n@end ${file} ${signal ?? status} ${seconds}\n`)
}
