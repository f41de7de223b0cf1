// `npm run failures-table [own]`: what everybody says about every case, written to words.json and docs/failures.md. Needs root, runc, crun, podman, dockerd,
// docker and docker-compose. With "own" the others keep what they have said.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeNetworks } from '../remove-networks.ts'
import { sections } from './all-cases.ts'
import { questions } from './answers.ts'
import { documentPath, formatDocument, wordsPath } from './document.ts'
import type { RecordedWords, Words } from './failure-case.ts'
import { type OwnAnswers, ownAnswers } from './own-answers.ts'
import { type PeerAnswers, peerAnswers } from './peer-answers.ts'
import { makeScene } from './scene.ts'

// The daemon's bridge and rules stay in a network namespace of their own.
if (process.env['IS_APART'] === undefined) {
  const line = 'ip link set lo up; exec "$@"'
  const words = ['sh', '-c', line, 'sh', process.execPath, ...process.argv.slice(1)]
  const env = { ...process.env, IS_APART: '1' }
  process.exitCode =
    spawnSync('unshare', ['--net', ...words], { stdio: 'inherit', env }).status ?? 1
} else await record(process.argv[2] === 'own')

async function record(onlyOwn: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-failures-'))
  const root = join(folder, 'own')
  const scene = await makeScene(folder)
  const own = ownAnswers(scene, root)
  const before = onlyOwn
    ? (JSON.parse(readFileSync(wordsPath, 'utf8')) as RecordedWords)
    : { versions: {}, cases: {} }
  try {
    await own.prepare()
    const peers = onlyOwn ? undefined : await peerAnswers(scene)
    const versions = peers?.versions ?? before.versions
    try {
      const words = { versions, cases: await askAll(own, peers, before.cases) }
      writeFileSync(wordsPath, `${JSON.stringify(words, null, 2)}\n`)
      writeFileSync(documentPath, formatDocument(words))
    } finally {
      await peers?.close()
    }
  } finally {
    await own.remove()
    removeNetworks(root)
    scene.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function askAll(
  own: OwnAnswers,
  peers: PeerAnswers | undefined,
  before: RecordedWords['cases'],
): Promise<RecordedWords['cases']> {
  const cases: Record<string, Record<string, Words>> = {}
  for (const section of sections) {
    for (const { each, ask } of questions(section, own))
      cases[each.name] = { ...before[each.name], ours: await ask() }
    for (const { each, ask } of peers ? questions(section, peers) : [])
      cases[each.name] = { ...(await ask()), ...cases[each.name] }
  }
  return cases
}
