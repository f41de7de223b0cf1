import t from 'tap'
import { DockerfileError } from '../../../../rootfs/build/dockerfile/dockerfile-error.ts'
import { parseDockerfile } from '../../../../rootfs/build/dockerfile/parse-dockerfile.ts'
import { ExpansionError, expandWords } from '../../../../rootfs/build/dockerfile/expand.ts'
import { ignoreRules } from '../../../../rootfs/build/ignore-rules.ts'
import { OperationError } from '../../../../native/error.ts'

// Whatever stands in a file, it is read or refused at a place inside it, and soon.

const words = [
  'FROM',
  'RUN',
  'COPY',
  'ADD',
  'ENV',
  'ARG',
  'LABEL',
  'ONBUILD',
  'HEALTHCHECK',
  'CMD',
  'SHELL',
  'EXPOSE',
  'VOLUME',
  'a',
  'x=1',
  '"',
  "'",
  '\\',
  '`',
  '$',
  '${',
  '}',
  '${A:-',
  '${A//x/',
  '#',
  '<<EOF',
  '<<-"E"',
  'EOF',
  'E',
  '[',
  ']',
  '["a"]',
  '[1]',
  '--from=a',
  '--mount=type=cache,target=/x',
  '--mount=',
  '--',
  '-',
  '=',
  ',',
  '\n',
  '\n',
  '\n',
  ' ',
  '\t',
  '\r\n',
  '\\\n',
  '# escape=`\n',
  '\u0000',
  '\u00E4',
  '\u{1F600}',
  '**',
  '*',
  '!',
  '/',
  '..',
  'NONE',
  'AS',
]

/** Numbers that are the same in every run: a failure can be seen again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function randomText(random: (below: number) => number): string {
  const count = 1 + random(30)
  const parts = Array.from({ length: count }, () => words[random(words.length)] ?? '')
  return parts.join(random(2) === 0 ? ' ' : '')
}

/** @returns what is wrong with how `work` ended, if anything */
function unexpected(
  work: () => unknown,
  isExpected: (error: unknown) => boolean,
): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (isExpected(error)) return undefined
    return error instanceof Error
      ? `${error.name}: ${error.message}`
      : 'what was thrown is no error'
  }
}

t.test('a Dockerfile of random words', async (t) => {
  const random = randomNumbers(1)
  const begun = performance.now()
  for (let round = 0; round < 20_000; round++) {
    const text = `${random(3) === 0 ? '' : 'FROM a\n'}${randomText(random)}`
    const lines = text.split('\n').length
    const wrong = unexpected(
      () => parseDockerfile(text, 'Dockerfile'),
      (error) =>
        error instanceof DockerfileError && error.place.line >= 1 && error.place.line <= lines,
    )
    if (wrong !== undefined) t.fail(`${JSON.stringify(text)}: ${wrong}`)
  }
  t.ok(performance.now() - begun < 60_000, 'soon')
})

t.test('words with random variables', async (t) => {
  const random = randomNumbers(2)
  const lookUp = (name: string): string | undefined => (name === 'A' ? 'x/y z' : undefined)
  for (let round = 0; round < 20_000; round++) {
    const text = randomText(random)
    const wrong = unexpected(
      () => expandWords(text, { escape: '\\', lookUp }),
      (error) =>
        error instanceof ExpansionError && error.offset >= 0 && error.offset <= text.length,
    )
    if (wrong !== undefined) t.fail(`${JSON.stringify(text)}: ${wrong}`)
  }
})

t.test('random patterns', async (t) => {
  const random = randomNumbers(3)
  for (let round = 0; round < 5000; round++) {
    const text = randomText(random)
    const wrong = unexpected(
      () => ignoreRules(text).ignores('a/x=1/EOF/a'),
      (error) => error instanceof OperationError,
    )
    if (wrong !== undefined) t.fail(`${JSON.stringify(text)}: ${wrong}`)
  }
})

t.test('a long line takes time in proportion', async (t) => {
  for (const piece of [
    'a ',
    '"',
    '\\',
    '$A',
    '${A:-',
    '--x ',
    '[',
    '<<E ',
    '=',
    '\\\n',
    '# x\n',
    '**/',
  ])
    for (const keyword of ['RUN', 'COPY', 'ENV', 'CMD', 'LABEL', 'RUN --mount=']) {
      const begun = performance.now()
      unexpected(
        () => parseDockerfile(`FROM a\n${keyword} ${piece.repeat(50_000)}`, 'D'),
        () => true,
      )
      const took = performance.now() - begun
      t.ok(took < 3000, `${keyword} ${JSON.stringify(piece)}: ${took.toFixed(0)} ms`)
    }
})
