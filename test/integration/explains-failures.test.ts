import { readFileSync } from 'node:fs'
import t from 'tap'
import { commandBench } from './command-line.ts'
import { type Section, sections } from './failures/all-cases.ts'
import { questions } from './failures/answers.ts'
import { wordsPath } from './failures/document.ts'
import { optionCases } from './failures/option-cases.ts'
import type { FailureCase, RecordedWords, Words } from './failures/failure-case.ts'
import { ownAnswers } from './failures/own-answers.ts'
import { makeScene } from './failures/scene.ts'

// Needs root. Broken programs, flags, images, configurations and compose files: each gets one line with its cause and its
// cure, and the exit code that docker or podman gives. What these say themselves is in failures/words.json.

t.setTimeout(180_000)

const bench = commandBench(t)
const scene = await makeScene(bench.folder)
t.teardown(() => scene.close())
const own = ownAnswers(scene, bench.root)
await own.prepare()

const recorded = JSON.parse(readFileSync(wordsPath, 'utf8')) as RecordedWords

/** Undefined: the words say what they have to. */
function problemOf({ exitCode, cause, cure }: FailureCase, words: Words): string | undefined {
  if (words.exitCode !== exitCode) return `exit code ${words.exitCode}, not ${exitCode}`
  if (!cause.test(words.text)) return `the cause is not named: ${String(cause)}`
  if (!cure.test(words.text)) return `the cure is not named: ${String(cure)}`
  return words.text.includes('\n') ? 'it is more than one line' : undefined
}

/** Ask for all answers of a section, four at a time. */
async function answersOf(section: Section): Promise<{ each: FailureCase; words: Words }[]> {
  const left = questions(section, own)
  const answers: { each: FailureCase; words: Words }[] = []
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift())
      answers.push({ each: next.each, words: await next.ask() })
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return answers
}

for (const section of sections)
  t.test(section.title, { timeout: 120_000 }, async (t) => {
    for (const { each, words } of await answersOf(section)) {
      const problem = problemOf(each, words)
      t.equal(problem, undefined, each.name, { words })
    }
    for (const each of section.cases) {
      const words = recorded.cases[each.name]?.['ours']
      const problem = words ? problemOf(each, words) : 'it is not recorded'
      t.equal(problem, undefined, `${each.name}, as it is documented`, { words })
    }
  })

t.test('the runtime alone names the operand too', { timeout: 120_000 }, async (t) => {
  for (const each of optionCases) {
    const words = await own.runtime(each)
    if (!words) continue
    t.not(words.exitCode, 0, each.name)
    t.match(words.text, each.operand ?? each.cause, each.name)
  }
})

t.test('a start that failed leaves nothing', async (t) => {
  t.equal(await bench.ok('ps', '-aq', '--filter', 'name=taken'), await bench.ok('ps', '-aq'))
})

t.test('says why a program of a running container is not executed', async (t) => {
  const { run, ok } = bench
  const image = ['--network', 'none', '--rootfs', scene.rootfs]
  await ok('run', '-d', '--name', 'box', ...image, 'sleep', '600')
  for (const [program, exitCode, says] of [
    ['slep', 127, /Did you mean \/bin\/sleep/],
    ['/opt/crlf', 127, /carriage return/],
    ['/opt/plain', 126, /no execute permission/],
    ['/opt/dynamic', 127, /needs the loader/],
    ['/opt/dangling', 127, /symbolic link to nowhere/],
    ['/opt/folder', 126, /is a directory/],
  ] as const) {
    const result = await run('exec', 'box', program)
    t.match(result.stderr, says, program)
    t.equal(result.exitCode, exitCode, program)
  }
  const missing = await run('run', 'nothing-like-it')
  t.match([missing.exitCode, missing.stderr], [125, /no such image: nothing-like-it/])
})
