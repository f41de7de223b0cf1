import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type BuildBench, buildBench } from './build-bench.ts'

t.setTimeout(240_000)

const command = join(import.meta.dirname, '../../bin/myimage')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function start({ base }: BuildBench, ...parameters: string[]): Promise<Ended> {
  const words = ['--root', join(base, 'state'), ...parameters]
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: stdout.trim(), stderr }
}

t.test('builds of the same and of other files, while images are removed and pruned', async (t) => {
  const bench = buildBench(t)
  const folders = [0, 1, 2].map((number) =>
    bench.context(`c${number}`, {
      Dockerfile: `FROM base:1 AS a
COPY f /f
RUN cat /f > /g; echo ${number} >> /g
FROM base:1
COPY --from=a /g /g
RUN cat /g > /h
`,
      f: 'same\n',
    }),
  )
  const over = new AbortController()
  const pruning = (async (): Promise<Ended[]> => {
    const ended: Ended[] = []
    while (!over.signal.aborted) ended.push(await start(bench, 'prune'))
    return ended
  })()
  const builds: Ended[] = []
  try {
    for (let round = 0; round < 3; round++) {
      for (const [at, folder] of folders.entries())
        writeFileSync(join(folder, 'f'), `round ${round} ${at === 2 ? 'other' : ''}\n`)
      const running = [...folders, ...folders].map((folder, at) =>
        start(bench, 'build', '-q', '-t', `made:${at % folders.length}`, folder),
      )
      builds.push(...(await Promise.all(running)))
      for (const at of folders.keys())
        t.equal(bench.read(`made:${at}`, 'h'), `round ${round} ${at === 2 ? 'other' : ''}\n${at}\n`)
      await start(bench, 'rm', '-f', 'made:0')
    }
  } finally {
    over.abort()
  }
  for (const { code, stderr } of [...builds, ...(await pruning)]) t.equal(code, 0, stderr)
})
