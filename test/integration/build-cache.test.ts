import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ExplainedStep } from '../../rootfs/build/execute/build-request.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { type BuildBench, buildBench } from './build-bench.ts'

t.setTimeout(240_000)

// What is taken from the cache, what is not, and whether the reason that is given is the true one.

const dockerfile = `FROM base:1 AS tools
ARG FLAVOUR=plain
COPY tool /tool
RUN echo $FLAVOUR > /flavour
FROM base:1
WORKDIR /app
COPY src .
COPY --from=tools /tool /flavour ./
RUN echo built > result
LABEL a=b
`
const files = { Dockerfile: dockerfile, tool: 'tool\n', 'src/a.js': 'a\n', 'src/b/c.js': 'c\n' }

/** "WORKDIR hit", "COPY miss inputs", … of the steps that change files. */
function states(rows: readonly ExplainedStep[]): string[] {
  return rows
    .filter(({ state }) => state !== 'configuration')
    .map(({ instruction, state, reason }) =>
      [instruction.split(' ', 1)[0], state, reason?.code].filter(Boolean).join(' '),
    )
}

const allHits = ['COPY hit', 'RUN hit', 'WORKDIR hit', 'COPY hit', 'COPY hit', 'RUN hit']
const [toolsHit, appHit] = [allHits.slice(0, 2), allHits.slice(2)]

interface Change {
  readonly name: string
  readonly change: (bench: BuildBench, folder: string) => readonly string[] | void
  readonly want: readonly string[]
  /** Text of the first reason. */
  readonly text?: string
}

const changes: Change[] = [
  { name: 'nothing', change: () => undefined, want: allHits },
  {
    name: 'the time of a file',
    change: (_, folder) => utimesSync(join(folder, 'src/a.js'), 1, 1),
    want: allHits,
  },
  {
    name: 'a label',
    change: (_, folder) =>
      writeFileSync(join(folder, 'Dockerfile'), dockerfile.replace('a=b', 'a=c')),
    want: allHits,
  },
  {
    name: 'a comment and blanks',
    change: (_, folder) =>
      writeFileSync(
        join(folder, 'Dockerfile'),
        `# hello\n${dockerfile.replace('COPY src', 'COPY   src')}`,
      ),
    want: allHits,
  },
  {
    name: 'the content of a file',
    change: (_, folder) => writeFileSync(join(folder, 'src/b/c.js'), 'd\n'),
    want: [...toolsHit, 'WORKDIR hit', 'COPY miss inputs', 'COPY miss parent', 'RUN miss parent'],
    text: 'file src/b/c.js changed',
  },
  {
    name: 'a new file',
    change: (_, folder) => writeFileSync(join(folder, 'src/new.js'), 'd\n'),
    want: [...toolsHit, 'WORKDIR hit', 'COPY miss inputs', 'COPY miss parent', 'RUN miss parent'],
    text: 'file src/new.js is new',
  },
  {
    name: 'a file less',
    change: (_, folder) => rmSync(join(folder, 'src/a.js')),
    want: [...toolsHit, 'WORKDIR hit', 'COPY miss inputs', 'COPY miss parent', 'RUN miss parent'],
    text: 'file src/a.js is gone',
  },
  {
    name: 'a file of another stage',
    change: (_, folder) => writeFileSync(join(folder, 'tool'), 'other\n'),
    want: [
      'COPY miss inputs',
      'RUN miss parent',
      'WORKDIR hit',
      'COPY hit',
      'COPY miss inputs',
      'RUN miss parent',
    ],
    text: 'file tool changed',
  },
  {
    name: 'an instruction',
    change: (_, folder) =>
      writeFileSync(join(folder, 'Dockerfile'), dockerfile.replace('echo built', 'echo again')),
    want: [...toolsHit, 'WORKDIR hit', 'COPY hit', 'COPY hit', 'RUN miss instruction'],
    text: 'instruction changed: was RUN ["/bin/sh","-c","echo built > result"]',
  },
  {
    name: 'an argument',
    change: () => ['--build-arg', 'FLAVOUR=sweet'],
    want: [
      'COPY hit',
      'RUN miss variables',
      'WORKDIR hit',
      'COPY hit',
      'COPY miss inputs',
      'RUN miss parent',
    ],
    text: 'variable FLAVOUR changed: was "plain", is "sweet"',
  },
  {
    name: 'a variable',
    change: (_, folder) =>
      writeFileSync(
        join(folder, 'Dockerfile'),
        dockerfile.replace('RUN echo built', 'ENV N=1\nRUN echo built'),
      ),
    want: [...toolsHit, 'WORKDIR hit', 'COPY hit', 'COPY hit', 'RUN miss no-entry'],
  },
  {
    name: 'the folder that a command runs in',
    change: (_, folder) =>
      writeFileSync(
        join(folder, 'Dockerfile'),
        dockerfile.replace('WORKDIR /app', 'WORKDIR /app2'),
      ),
    want: [
      ...toolsHit,
      'WORKDIR miss instruction',
      'COPY miss instruction',
      'COPY miss instruction',
      'RUN miss settings',
    ],
  },
  {
    name: '--no-cache',
    change: () => ['--no-cache'],
    want: allHits.map((row) => row.replace('hit', 'miss no-cache')),
  },
  {
    name: '--no-cache-filter',
    change: () => ['--no-cache-filter', 'tools'],
    want: ['COPY miss no-cache', 'RUN miss no-cache', ...appHit],
  },
]

t.test('each change costs what it must, and is named', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', files)
  const before = bench.build('-t', 'app', folder)
  for (const { name, change, want, text } of changes) {
    bench.context('c', files)
    rmSync(join(folder, 'src/new.js'), { force: true })
    const parameters = change(bench, folder) ?? []
    const rows = bench.explain(...parameters, folder)
    t.strictSame(states(rows), want, name)
    if (text !== undefined)
      t.equal(rows.find(({ reason }) => reason)?.reason?.text, text, `${name}: reason`)
  }
  bench.context('c', files)
  t.equal(bench.build('-t', 'app', folder), before, 'the same input is the same image')
})

t.test('a stage that is built anew with the same result costs its followers nothing', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile:
      'FROM base:1 AS a\nCOPY f /f\nRUN echo made > /made\nFROM base:1\nCOPY --from=a /made /\nRUN date +%N > /when\n',
    f: '1',
  })
  bench.build('-t', 'one', folder)
  writeFileSync(join(folder, 'f'), '2')
  t.strictSame(states(bench.explain(folder)), [
    'COPY miss inputs',
    'RUN miss parent',
    'COPY miss inputs',
    'RUN miss parent',
  ])
  bench.build('-t', 'two', folder)
  t.equal(bench.read('two', 'when'), bench.read('one', 'when'))
})

t.test('what is in the cache outlives its image, until it is pruned', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', files)
  bench.build('-t', 'app', folder)
  bench.myimage('rm', 'app')
  bench.myimage('prune')
  t.strictSame(states(bench.explain(folder)), allHits)
  bench.myimage('prune', '--build-cache')
  t.strictSame(
    states(bench.explain(folder)).filter((row) => row.endsWith('hit')),
    [],
  )
  bench.build('-t', 'app', folder)
  t.strictSame(states(bench.explain(folder)), allHits)
})

t.test('an entry whose layer is gone is none', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: 'FROM base:1\nRUN echo 1 > /f\nRUN echo 2 > /g\n',
  })
  const id = bench.build('-t', 'app', folder)
  const [image] = JSON.parse(bench.myimage('inspect', id)) as [
    { GraphDriver: { Data: { LowerDir: string } } },
  ]
  const [, first = ''] = image.GraphDriver.Data.LowerDir.split(':')
  rmSync(join(first, '..'), { recursive: true })
  t.strictSame(states(bench.explain(folder)), ['RUN miss entry-gone', 'RUN miss parent'])
  bench.build('-t', 'app', folder)
  t.strictSame(states(bench.explain(folder)), ['RUN hit', 'RUN hit'])
  t.equal(bench.read('app', 'f'), '1\n')
})

t.test(
  'stages that nobody needs are not built; those that do not depend on each other run side by side',
  async (t) => {
    const bench = buildBench(t)
    // Each of the two waits for the other: one after the other, neither would end.
    const meet = (own: string, other: string): string =>
      `RUN --mount=type=cache,id=meet,target=/m touch /m/${own}; for i in $(seq 100); do test -e /m/${other} && exit 0; sleep 0.1; done; exit 1`
    const folder = bench.context('c', {
      Dockerfile: `FROM base:1 AS unused
RUN false
FROM base:1 AS a
${meet('a', 'b')}
RUN echo a > /a
FROM base:1 AS b
${meet('b', 'a')}
RUN echo b > /b
FROM base:1
COPY --from=a /a /
COPY --from=b /b /
`.replaceAll('$(seq 100)', '0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9'),
    })
    bench.build('-t', 'met', folder)
    const made = bench.files('met')
    t.ok(made)
    t.equal(bench.read('met', 'a'), 'a\n')
    t.equal(bench.read('met', 'b'), 'b\n')
    t.equal(bench.attempt({}, '--target', 'unused', folder).status, 1)
  },
)

t.test('steps travel through a registry, and only the layers that are wanted', async (t) => {
  const registry = await startRegistry(t, testFolder(t))
  const name = `${registry.host}/cache/app:v1`
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: 'FROM scratch AS a\nCOPY big /big\nCOPY f /f\nFROM scratch\nCOPY --from=a /f /f\n',
    big: 'x'.repeat(1e6),
    f: 'f\n',
  })
  const none = bench.attempt({}, '--cache-from', name, '--progress', 'plain', folder)
  t.equal(none.status, 0, 'a cache that is not there yet is no fault')
  bench.build('--cache-to', `type=registry,ref=${name}`, '-t', 'app', folder)

  const other = buildBench(t)
  const rows = other.explain('--cache-from', name, folder)
  t.strictSame(states(rows), ['COPY hit', 'COPY hit', 'COPY hit'])
  other.build('--cache-from', name, '-t', 'app', folder)
  t.equal(other.read('app', 'f'), 'f\n')
  const blobs = join(other.base, 'state/data/blobs/sha256')
  const sizes = readdirSync(blobs).map((blob) => statSync(join(blobs, blob)).size)
  t.notOk(
    sizes.some((size) => size > 1e6 && size < 1.1e6),
    'the large layer stayed there',
  )
})
