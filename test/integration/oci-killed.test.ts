import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually, groupFolders, ociBench, ociPath } from './oci-bench.ts'

// A create that is killed at any moment leaves nothing that `delete --force` does not take away.

const rounds = 24
/** Later than the longest create on a quiet machine, ms. */
const latestMs = 70

/** Processes whose root or command is of the test's folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      return groups.includes(folder) || command.includes(folder)
    } catch {
      return false // It has ended meanwhile.
    }
  })
}

t.test('create, killed at any moment', async (t) => {
  const { bundle, run, folder, group } = ociBench(t)
  const path = bundle((config) => Object.assign(config.process, { args: ['/bin/sleep', '1000'] }))
  for (let round = 0; round < rounds; round++) {
    const words = ['--root', join(folder, 'state'), 'create', '--bundle', path, 'one']
    const creating = spawn(ociPath, words, { stdio: 'ignore' })
    const ended = once(creating, 'exit')
    await new Promise((resolve) => setTimeout(resolve, (latestMs * round) / rounds))
    creating.kill('SIGKILL')
    await ended
    t.equal(run(['delete', '--force', 'one']).code, 0)
  }
  const name = group.slice(1)
  await eventually('all processes gone', () => processesOf(name).length === 0)
  // A program that was under way may have made its groups after that.
  t.equal(run(['delete', '--force', 'one']).code, 0)
  t.strictSame(readdirSync(join(folder, 'state')), [])
  t.equal(run(['run', '--detach', '--bundle', path, 'two']).code, 0, 'the group can be used again')
  t.equal(run(['delete', '--force', 'two']).code, 0)
  t.strictSame(groupFolders(`${group}/bundle0`), [])
})
