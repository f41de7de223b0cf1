import t from 'tap'
import { type MissReason, explainMiss } from '../../../../rootfs/build/key/explain-miss.ts'
import { type PastFacts, type StepFacts, keyOf } from '../../../../rootfs/build/key/step-facts.ts'

const past: PastFacts = {
  parent: 'sha256:p',
  platform: 'linux/amd64',
  instruction: 'RUN ["a"]',
  variables: ['A=1', 'B=2'],
  settings: { workdir: '/w' },
  inputs: [{ name: 'files of the build context', digest: 'd', files: { a: '1', b: '2' } }],
}

const facts: StepFacts = {
  ...past,
  inputs: past.inputs.map((input) => ({ ...input, files: () => input.files ?? {} })),
}

const files = (digest: string, all: Record<string, string>): Partial<StepFacts> => ({
  inputs: [{ name: 'files of the build context', digest, files: () => all }],
})

const rows: { name: string; now: Partial<StepFacts>; code: MissReason['code']; text?: RegExp }[] = [
  {
    name: 'another instruction',
    now: { instruction: 'RUN ["b"]' },
    code: 'instruction',
    text: /was RUN \["a"\]/,
  },
  {
    name: 'another value',
    now: { variables: ['A=1', 'B=3'] },
    code: 'variables',
    text: /B .*"2".*"3"/,
  },
  {
    name: 'a variable more',
    now: { variables: ['A=1', 'B=2', 'C='] },
    code: 'variables',
    text: /C is new/,
  },
  { name: 'a variable less', now: { variables: ['B=2'] }, code: 'variables', text: /A is gone/ },
  { name: 'another order', now: { variables: ['B=2', 'A=1'] }, code: 'variables', text: /order/ },
  {
    name: 'another folder',
    now: { settings: { workdir: '/v' } },
    code: 'settings',
    text: /workdir .*\/w.*\/v/,
  },
  {
    name: 'a user',
    now: { settings: { workdir: '/w', user: 'u' } },
    code: 'settings',
    text: /user/,
  },
  {
    name: 'a changed file',
    now: files('e', { a: '1', b: '3' }),
    code: 'inputs',
    text: /^file b changed$/,
  },
  {
    name: 'a new file',
    now: files('e', { a: '1', b: '2', c: '1' }),
    code: 'inputs',
    text: /^file c is new$/,
  },
  {
    name: 'many',
    now: files('e', { d: '1', e: '1', f: '1' }),
    code: 'inputs',
    text: / and 2 more$/,
  },
  { name: 'another platform', now: { platform: 'linux/arm64' }, code: 'platform' },
  { name: 'another base', now: { parent: 'sha256:q' }, code: 'base' },
]

for (const { name, now, code, text = /./ } of rows)
  t.test(`${name} is the reason`, async (t) => {
    const changed = { ...facts, ...now }
    t.match(explainMiss(changed, past), { code, text })
    t.not(keyOf(changed), keyOf(facts))
  })

t.test('nothing changed: the entry is gone, or there never was one', async (t) => {
  t.equal(explainMiss(facts, past).code, 'entry-gone')
  t.equal(explainMiss(facts, undefined).code, 'no-entry')
})

t.test(
  'names of inputs and lists of files are for people: the key does not know them',
  async (t) => {
    const renamed = { ...facts, inputs: [{ name: 'x', digest: 'd' }] }
    t.equal(keyOf(renamed), keyOf(facts))
  },
)
