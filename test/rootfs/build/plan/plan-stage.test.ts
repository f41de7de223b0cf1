import t from 'tap'
import { parseDockerfile } from '../../../../rootfs/build/dockerfile/parse-dockerfile.ts'
import { resolveStages } from '../../../../rootfs/build/graph/resolve-stages.ts'
import type { ContainerConfig } from '../../../../rootfs/build/plan/image-document.ts'
import { faultOf } from '../fault-of.ts'
import { planStage } from '../../../../rootfs/build/plan/plan-stage.ts'
import type { PlannedStage } from '../../../../rootfs/build/plan/planned-step.ts'

const platform = { os: 'linux', architecture: 'arm', variant: 'v7' }
const buildPlatform = { os: 'linux', architecture: 'amd64' }

function plan(
  lines: string,
  { config = {}, args = {} }: { config?: ContainerConfig; args?: Record<string, string> } = {},
): PlannedStage {
  const dockerfile = parseDockerfile(`ARG GLOBAL=g\nFROM base\n${lines}`, 'Dockerfile')
  const buildArgs = new Map(Object.entries(args))
  const resolved = resolveStages(dockerfile, { buildArgs, platform, buildPlatform })
  const [stage] = resolved.stages
  if (!stage) throw new Error('there is no stage')
  const scope = { resolved, escape: '\\', buildArgs, buildPlatform, network: 'default' } as const
  const base = { config, author: undefined, name: 'base' }
  return planStage(stage, base, { ...scope, allowInsecure: false })
}

/** The value that "$X" has after these lines. */
function valueOf(lines: string, options: Parameters<typeof plan>[1] = {}): string | undefined {
  return plan(`${lines}\nLABEL x=$X`, options).config.Labels?.['x']
}

const values: {
  name: string
  lines: string
  options?: Parameters<typeof plan>[1]
  want: string
}[] = [
  { name: 'an argument with its default', lines: 'ARG X=1', want: '1' },
  { name: 'a given argument', lines: 'ARG X=1', options: { args: { X: '2' } }, want: '2' },
  { name: 'one that no ARG declares', lines: '', options: { args: { X: '2' } }, want: '' },
  { name: 'one before its ARG', lines: 'ENV Y=$X\nARG X=1\nENV X=$Y', want: '' },
  { name: 'one from before FROM', lines: 'ARG GLOBAL\nENV X=$GLOBAL', want: 'g' },
  { name: 'one from before FROM, not taken over', lines: 'ENV X=$GLOBAL', want: '' },
  { name: 'ENV over ARG', lines: 'ARG X=arg\nENV X=env', want: 'env' },
  { name: 'ENV over a later ARG', lines: 'ENV X=env\nARG X=arg', want: 'env' },
  {
    name: 'ENV of the base',
    lines: 'ARG X=arg',
    options: { config: { Env: ['X=base'] } },
    want: 'base',
  },
  {
    name: 'the target platform',
    lines: 'ARG TARGETPLATFORM\nENV X=$TARGETPLATFORM',
    want: 'linux/arm/v7',
  },
  { name: 'its variant', lines: 'ARG TARGETVARIANT\nENV X=$TARGETVARIANT', want: 'v7' },
  { name: 'the build platform', lines: 'ARG BUILDARCH\nENV X=$BUILDARCH', want: 'amd64' },
  { name: 'a platform that is not declared', lines: 'ENV X=$TARGETARCH', want: '' },
  { name: 'the variables before the instruction', lines: 'ENV A=1\nENV A=2 X=$A', want: '1' },
]

for (const { name, lines, options, want } of values)
  t.test(`a variable is ${name}`, async (t) => {
    t.equal(valueOf(lines, options), want)
  })

t.test('a command gets the variables, the folder and the user of its place', async (t) => {
  const { steps } = plan('ARG V=1\nENV E=2\nUSER u\nWORKDIR /w\nRUN x\nENV E=3\nRUN ["y"]', {
    config: { Env: ['P=0', 'E=1'] },
  })
  t.match(
    steps.filter(({ kind }) => kind === 'run'),
    [
      { command: ['/bin/sh', '-c', 'x'], env: ['P=0', 'E=2', 'V=1'], user: 'u', workdir: '/w' },
      { command: ['y'], env: ['P=0', 'E=3', 'V=1'] },
    ],
  )
})

t.test('SHELL changes what comes after it', async (t) => {
  const { steps, config } = plan('RUN a\nSHELL ["/b", "-x"]\nRUN b\nCMD c')
  t.match(steps[0], { command: ['/bin/sh', '-c', 'a'] })
  t.match(steps[2], { command: ['/b', '-x', 'b'] })
  t.match(config, { Cmd: ['/b', '-x', 'c'], Shell: ['/b', '-x'] })
})

const destinations: [lines: string, want: string][] = [
  ['COPY a /x', '/x'],
  ['COPY a /x/', '/x/'],
  ['COPY a x', '/w/x'],
  ['COPY a .', '/w/'],
  ['COPY a ./', '/w/'],
  ['COPY a ..', '/'],
  ['COPY a /', '/'],
  ['COPY a $D/b', '/d/b'],
]

for (const [line, want] of destinations)
  t.test(`${line} goes to ${want}`, async (t) => {
    const { steps } = plan(`ENV D=/d\nWORKDIR /w\n${line}`)
    t.match(steps.at(-1), { destination: want })
  })

t.test('COPY has its flags, heredocs and sources expanded', async (t) => {
  const { steps } = plan(
    'ENV U=7:8 F="f g"\nCOPY --chown=$U --chmod=${M:-644} $F <<E <<"L" /d/\n$U "q"\nE\n$U\nL',
  )
  t.match(steps.at(-1), {
    chown: '7:8',
    chmod: '644',
    operands: [
      { kind: 'pattern', pattern: 'f g' },
      { kind: 'content', name: 'E', content: '7:8 "q"\n' },
      { kind: 'content', name: 'L', content: '$U\n' },
    ],
  })
})

t.test('triggers of the base run first, and are not handed on', async (t) => {
  const { steps, config } = plan('RUN own', { config: { OnBuild: ['ENV T=1', 'RUN trigger $T'] } })
  t.notOk(config.OnBuild)
  t.match(steps, [
    { createdBy: 'ENV T=1' },
    { command: ['/bin/sh', '-c', 'trigger $T'], env: ['T=1'] },
    { command: ['/bin/sh', '-c', 'own'] },
  ])
})

t.test('an inherited command is forgotten with a new entry point, an own one is not', async (t) => {
  t.equal(plan('ENTRYPOINT ["e"]', { config: { Cmd: ['c'] } }).config.Cmd, undefined)
  t.strictSame(plan('CMD ["d"]\nENTRYPOINT ["e"]', { config: { Cmd: ['c'] } }).config.Cmd, ['d'])
})

t.test('fields of a base that nobody here knows stay', async (t) => {
  const config = { ArgsEscaped: true, Env: ['A=1'] }
  t.match(plan('ENV B=2', { config }).config, { ArgsEscaped: true, Env: ['A=1', 'B=2'] })
})

t.test('a label may have any name', async (t) => {
  const { config } = plan('LABEL __proto__=x constructor=y')
  t.strictSame(Object.entries(config.Labels ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

const refused: { name: string; lines: string; column: number }[] = [
  { name: 'a signal', lines: 'STOPSIGNAL SIGFOO', column: 12 },
  { name: 'a port', lines: 'EXPOSE 80 70000', column: 11 },
  { name: 'a range backwards', lines: 'EXPOSE 90-80', column: 8 },
  { name: 'a git repository', lines: 'ADD https://example.org/x.git /x', column: 5 },
  { name: 'a URL for COPY', lines: 'COPY https://example.org/x /x', column: 6 },
  { name: 'a checksum of a file', lines: 'ADD --checksum=sha256:0 a /x', column: 5 },
  { name: 'a mount over the root', lines: 'RUN --mount=type=tmpfs,target=/ x', column: 5 },
  { name: 'an insecure command', lines: 'RUN --security=insecure x', column: 5 },
  { name: 'an open quote', lines: 'ENV A="b', column: 7 },
]

for (const { name, lines, column } of refused)
  t.test(`refuses ${name} where it stands`, async (t) => {
    t.strictSame(faultOf(() => plan(lines)).place, { line: 3, column })
  })
