import t from 'tap'
import { faultOf } from '../fault-of.ts'
import {
  type StageInstruction,
  parseDockerfile,
  parseTrigger,
} from '../../../../rootfs/build/dockerfile/parse-dockerfile.ts'

/** Instructions of the only stage, without their places. */
function instructionsOf(text: string): object[] {
  const [stage] = parseDockerfile(text, 'Dockerfile').stages
  return (stage?.instructions ?? []).map(withoutSource)
}

function withoutSource({ source, ...rest }: StageInstruction): object {
  return { ...rest, lines: source.last }
}

const shell = (line: string): object => ({ command: { form: 'shell', line } })
const run = (line: string): object => ({ kind: 'run', ...shell(line) })

const accepted: { name: string; text: string; want: object[] }[] = [
  {
    name: 'comments and blank lines inside a continuation',
    text: 'RUN a \\\n# no\n\n  && b \\ \n c',
    want: [run('a   && b  c')],
  },
  {
    name: 'an escaped backslash at the end',
    text: 'RUN a \\\\\nRUN b',
    want: [run('a \\\\'), run('b')],
  },
  { name: 'instructions in any case', text: 'rUn a', want: [run('a')] },
  { name: 'carriage returns', text: 'RUN a\r\nRUN b\r\n', want: [run('a'), run('b')] },
  {
    name: 'a JSON array',
    text: 'RUN ["a", "b c"]',
    want: [{ kind: 'run', command: { form: 'exec', words: ['a', 'b c'] } }],
  },
  { name: 'a broken JSON array is a line', text: "RUN ['a']", want: [run("['a']")] },
  {
    name: 'what follows an array is ignored, as docker does',
    text: 'CMD ["a"] b',
    want: [{ kind: 'cmd', command: { form: 'exec', words: ['a'] } }],
  },
  {
    name: 'a heredoc as the script',
    text: 'RUN <<EOF\na\n  b\nEOF\nRUN c',
    want: [run('a\n  b\n'), run('c')],
  },
  { name: 'tabs dropped', text: 'RUN <<-EOF\n\ta\n\tEOF', want: [run('a\n')] },
  {
    name: 'heredocs inside a line',
    text: 'RUN cat <<A && cat <<-B\n1\nA\n\t2\n\tB',
    want: [run('cat <<A && cat <<-B\n1\nA\n\t2\nB')],
  },
  { name: 'a comment inside a heredoc stays', text: 'RUN <<E\n# x\n\nE', want: [run('# x\n\n')] },
  {
    name: 'a heredoc with an interpreter',
    text: 'RUN <<S\n#!/bin/x\ny\nS',
    want: [
      {
        kind: 'run',
        command: { form: 'exec', words: ['/dev/pipes/S'] },
        script: { name: 'S', content: '#!/bin/x\ny\n', expand: true },
      },
    ],
  },
  { name: 'no heredoc in quotes', text: 'RUN echo "<<EOF"', want: [run('echo "<<EOF"')] },
  {
    name: 'no heredoc in an array',
    text: 'RUN ["<<EOF"]',
    want: [{ kind: 'run', command: { form: 'exec', words: ['<<EOF'] } }],
  },
  { name: 'arithmetic is no heredoc', text: 'RUN echo $((1<<2))', want: [run('echo $((1<<2))')] },
  {
    name: 'files from heredocs',
    text: 'COPY a <<"B" <<C /d/\n$x\nB\n$y\nC',
    want: [
      {
        kind: 'copy',
        sources: ['a'],
        inline: [
          { name: 'B', content: '$x\n', expand: false },
          { name: 'C', content: '$y\n', expand: true },
        ],
        destination: '/d/',
      },
    ],
  },
  {
    name: 'flags of COPY',
    text: 'COPY --link --parents=false --exclude=a --exclude="b c" a b/ c/',
    want: [{ link: true, parents: false, exclude: ['a', 'b c'], sources: ['a', 'b/'] }],
  },
  {
    name: 'names with blanks in an array',
    text: 'COPY ["a b", "/c d"]',
    want: [{ sources: ['a b'], destination: '/c d' }],
  },
  {
    name: 'ENV in both forms',
    text: 'ENV a=1 b="2 3" c=4\\ 5\nENV d e  f',
    want: [
      {
        pairs: [
          { name: 'a', value: '1' },
          { name: 'b', value: '"2 3"' },
          { name: 'c', value: '4\\ 5' },
        ],
      },
      { pairs: [{ name: 'd', value: 'e  f' }] },
    ],
  },
  {
    name: 'several ARG at once',
    text: 'ARG a b=1 c="x y"',
    want: [
      {
        args: [
          { name: 'a', value: undefined },
          { name: 'b', value: '1' },
          { name: 'c', value: '"x y"' },
        ],
      },
    ],
  },
  {
    name: 'a health check with its times',
    text: 'HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD x y',
    want: [{ ...shell('x y'), interval: 90e9, timeout: 1.5e9, startPeriod: 0, retries: 3 }],
  },
  { name: 'no health check', text: 'HEALTHCHECK none', want: [{ command: undefined }] },
  { name: 'a trigger as text', text: 'ONBUILD  COPY a b', want: [{ trigger: 'COPY a b' }] },
  {
    name: 'VOLUME in both forms',
    text: 'VOLUME /a /b\nVOLUME ["/c d"]',
    want: [{ values: ['/a', '/b'] }, { values: ['/c d'] }],
  },
]

for (const { name, text, want } of accepted)
  t.test(`reads ${name}`, async (t) => {
    t.match(instructionsOf(`FROM a\n${text}\n`), want)
  })

t.test('the escape directive makes a backslash an ordinary character', async (t) => {
  const { directives, stages } = parseDockerfile('# escape=`\nFROM a\nRUN b\\\nRUN c `\n d', 'D')
  t.equal(directives.escape, '`')
  t.match(stages[0]?.instructions, [run('b\\'), run('c  d')])
})

t.test('a directive after a comment is a comment', async (t) => {
  t.equal(parseDockerfile('# hello\n# escape=`\nFROM a', 'D').directives.escape, '\\')
})

t.test('stages, their names, and ARG before them', async (t) => {
  const file = parseDockerfile('\uFEFFARG A=1\nFROM --platform=$P x:$A AS One\nFROM one', 'D')
  t.match(file.globalArgs, [{ args: [{ name: 'A', value: '1' }] }])
  t.match(file.stages, [{ from: { image: 'x:$A', platform: '$P', name: 'one' } }, { index: 1 }])
})

t.test('every instruction keeps its lines', async (t) => {
  const [stage] = parseDockerfile('FROM a\n\nRUN <<E\nx\nE\nENV a=1 \\\n b=2\n', 'D').stages
  const lines = stage?.instructions.map(({ source }) => [source.first, source.last])
  t.strictSame(lines, [
    [3, 5],
    [6, 7],
  ])
})

const refused: {
  name: string
  text: string
  place: [line: number, column: number]
  hint?: RegExp
}[] = [
  { name: 'an unknown instruction', text: 'FROM a\nRUNN b', place: [2, 1], hint: /RUN\?/ },
  { name: 'swapped letters', text: 'FROM a\nCOYP a b', place: [2, 1], hint: /COPY\?/ },
  { name: 'an unknown flag', text: 'FROM a\nCOPY --chwon=1 a b', place: [2, 6], hint: /--chown/ },
  { name: 'a flag twice', text: 'FROM a\nCOPY --from=a --from=b c d', place: [2, 15] },
  { name: 'a flag without its value', text: 'FROM a\nCOPY --from a b', place: [2, 6] },
  { name: 'a flag on the second line', text: 'FROM a\nCOPY \\\n  --frmo=x a b', place: [3, 3] },
  { name: 'flags where there are none', text: 'FROM a\nENV --x=1 a=b', place: [2, 5] },
  { name: 'no destination', text: 'FROM a\nCOPY b', place: [2, 7] },
  { name: 'a word without "="', text: 'FROM a\nENV a=b c', place: [2, 9] },
  { name: 'no value', text: 'FROM a\nENV a', place: [2, 6] },
  { name: 'an array of other things', text: 'FROM a\nCMD [1]', place: [2, 5] },
  { name: 'SHELL without an array', text: 'FROM a\nSHELL x', place: [2, 7] },
  { name: 'an open heredoc', text: 'FROM a\nRUN <<E\nx', place: [2, 5] },
  {
    name: 'an unknown mount',
    text: 'FROM a\nRUN --mount=type=bnd,target=/x y',
    place: [2, 5],
    hint: /bind/,
  },
  {
    name: 'a field of another mount',
    text: 'FROM a\nRUN --mount=type=tmpfs,target=/x,id=y z',
    place: [2, 5],
  },
  { name: 'a mount without its target', text: 'FROM a\nRUN --mount=type=cache y', place: [2, 5] },
  { name: 'an unknown network', text: 'FROM a\nRUN --network=nonne y', place: [2, 5] },
  {
    name: 'an interval that is none',
    text: 'FROM a\nHEALTHCHECK --interval=5 CMD x',
    place: [2, 13],
  },
  { name: 'a stage name that is none', text: 'FROM a AS 1', place: [1, 11] },
  { name: 'an instruction before FROM', text: 'RUN a', place: [1, 1] },
  { name: 'an empty file', text: '# nothing\n', place: [1, 1] },
  { name: 'a trigger of a trigger', text: 'FROM a\nONBUILD ONBUILD RUN b', place: [2, 9] },
  { name: 'a fault in a trigger', text: 'FROM a\nONBUILD COPY b', place: [2, 15] },
  { name: 'another escape character', text: '# escape=x\nFROM a', place: [1, 1] },
]

for (const { name, text, place, hint } of refused)
  t.test(`refuses ${name}`, async (t) => {
    const error = faultOf(() => parseDockerfile(text, 'Dockerfile'))
    t.equal(error.code, 'INVALID_ARGUMENT')
    t.strictSame([error.place.line, error.place.column], place)
    t.match(error.excerpt, new RegExp(`^ *${place[0]} \\|.*\\n *\\| {${place[1]}}\\^`, 'm'))
    if (hint) t.match(error.hint, hint)
  })

t.test('a trigger of an image is read as an instruction', async (t) => {
  t.match(parseTrigger('RUN x', 'base'), run('x'))
  t.throws(() => parseTrigger('FROM x', 'base'), { code: 'INVALID_ARGUMENT' })
})
