import t from 'tap'
import { parseDockerfile } from '../../../../rootfs/build/dockerfile/parse-dockerfile.ts'
import { faultOf } from '../fault-of.ts'
import { neededStages, stageOrigins } from '../../../../rootfs/build/graph/needed-stages.ts'
import {
  type ResolvedStages,
  type StageWishes,
  resolveStages,
} from '../../../../rootfs/build/graph/resolve-stages.ts'

const platform = { os: 'linux', architecture: 'amd64' }

function resolve(text: string, wishes: Partial<StageWishes> = {}): ResolvedStages {
  const dockerfile = parseDockerfile(text, 'Dockerfile')
  return resolveStages(dockerfile, {
    buildArgs: new Map(),
    platform,
    buildPlatform: platform,
    ...wishes,
  })
}

const graph = `FROM base AS a
FROM base AS b
COPY --from=a /x /
FROM base AS unused
FROM b AS c
RUN --mount=type=bind,from=image:1,target=/m x
FROM scratch
COPY --from=C /y /
COPY --from=1 /z /
`

const needs: { target?: string; want: number[] }[] = [
  { want: [0, 1, 3, 4] },
  { target: 'unused', want: [2] },
  { target: 'B', want: [0, 1] },
  { target: '0', want: [0] },
]

for (const { target, want } of needs)
  t.test(`needs the stages of ${target ?? 'the last one'}`, async (t) => {
    t.strictSame(neededStages(resolve(graph, { target })), want)
  })

t.test('a base or a "from" is a stage, an image or nothing', async (t) => {
  const origins = stageOrigins(resolve(graph))
  t.match(origins[3], [
    { kind: 'stage', index: 1 },
    { kind: 'image', reference: 'image:1' },
  ])
  t.match(origins[4], [
    { kind: 'scratch' },
    { kind: 'stage', index: 3 },
    { kind: 'stage', index: 1 },
  ])
})

t.test('arguments before the first FROM choose the base', async (t) => {
  const text = 'ARG V=1\nARG I=img:$V\nFROM --platform=$TARGETPLATFORM ${I}\nFROM ${X:-other}'
  t.match(resolve(text).stages, [
    { base: { kind: 'image', reference: 'img:1' } },
    { base: { kind: 'image', reference: 'other' } },
  ])
  const buildArgs = new Map([
    ['V', '2'],
    ['X', 'not declared'],
  ])
  const given = resolve(text, { buildArgs, platform: { os: 'linux', architecture: 'arm64' } })
  t.match(given.stages, [
    { base: { reference: 'img:2', platform: { architecture: 'arm64' } } },
    { base: { reference: 'other' } },
  ])
})

t.test('a name may be used again: the one above counts', async (t) => {
  const { stages } = resolve('FROM x AS x\nFROM x AS x\nFROM x')
  t.match(stages, [{ base: { kind: 'image' } }, { base: { index: 0 } }, { base: { index: 1 } }])
})

const refused: { name: string; text: string; line: number; wishes?: Partial<StageWishes> }[] = [
  { name: 'a later stage', text: 'FROM a AS a\nCOPY --from=b x /\nFROM a AS b', line: 2 },
  { name: 'itself', text: 'FROM a AS a\nCOPY --from=a x /', line: 2 },
  { name: 'its own number', text: 'FROM a\nCOPY --from=0 x /', line: 2 },
  { name: 'a variable', text: 'FROM a\nCOPY --from=$X x /', line: 2 },
  { name: 'scratch as a source', text: 'FROM a\nCOPY --from=scratch x /', line: 2 },
  { name: 'an empty base', text: 'FROM $UNSET', line: 1 },
  { name: 'a platform that is none', text: 'FROM --platform=windows/amd64 a', line: 1 },
  { name: 'an unknown target', text: 'FROM a AS b', line: 1, wishes: { target: 'c' } },
]

for (const { name, text, line, wishes } of refused)
  t.test(`refuses ${name}`, async (t) => {
    t.equal(faultOf(() => neededStages(resolve(text, wishes))).place.line, line)
  })
