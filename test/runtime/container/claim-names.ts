// One of several commands that want the same names at once: started by name-registry.test.ts.

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { claimName, findName, releaseName } from '../../../runtime/container/name-registry.ts'

const [root = '', prefix = ''] = process.argv.slice(2)
const folders = { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
const rounds = 300

/** Claim the name, see that it stays, and remove the container again. */
function contend(round: number): void {
  const id = `${prefix}${String(round).padStart(63, '0')}`
  const folder = join(folders.dataDir, 'containers', id)
  mkdirSync(folder, { recursive: true })
  try {
    claimName(folders, 'wanted', id, () => false)
  } catch {
    rmSync(folder, { recursive: true })
    return
  }
  // As long as its folder is there the name is its own, at every moment.
  const seen = new Set(Array.from({ length: 30 }, () => findName(folders, 'wanted')))
  process.stdout.write(seen.size === 1 && seen.has(id) ? 'held\n' : 'LOST\n')
  // One in three is killed: it leaves a name without a container.
  if (round % 3 !== 0) releaseName(folders, 'wanted', id)
  rmSync(folder, { recursive: true })
}

process.stdin.once('data', () => {
  for (let round = 0; round < rounds; round++) contend(round)
  process.exit(0)
})
process.stdout.write('ready\n')
