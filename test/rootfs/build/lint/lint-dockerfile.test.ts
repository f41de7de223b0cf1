import t from 'tap'
import { parseDockerfile } from '../../../../rootfs/build/dockerfile/parse-dockerfile.ts'
import { type LintWarning, lintDockerfile } from '../../../../rootfs/build/lint/lint-dockerfile.ts'

type Found = [rule: LintWarning['rule'], line: number, column: number]

function lint(text: string): Found[] {
  return lintDockerfile(parseDockerfile(text, 'Dockerfile')).map(({ rule, place }) => [
    rule,
    place.line,
    place.column,
  ])
}

const rows: { name: string; text: string; want: Found[] }[] = [
  { name: 'nothing', text: 'FROM a AS b\nRUN x\nCMD ["a"]\nENV A=1\n', want: [] },
  { name: 'single quotes', text: "FROM a\nCMD ['a', 'b']", want: [['array-for-the-shell', 2, 5]] },
  { name: 'a comma too many', text: 'FROM a\nRUN ["a",]', want: [['array-for-the-shell', 2, 5]] },
  { name: 'a test of the shell', text: 'FROM a\nRUN [ -e /x ]\nRUN [[ -e x ]]', want: [] },
  {
    name: 'text after an array',
    text: 'FROM a\nRUN ["a"] && b',
    want: [['text-after-array', 2, 1]],
  },
  { name: 'a heredoc', text: "FROM a\nRUN <<E\n['a']\nE", want: [] },
  {
    name: 'two commands',
    text: 'FROM a\nCMD a\nRUN x\nCMD b\nENTRYPOINT ["c"]',
    want: [['overridden-instruction', 2, 1]],
  },
  { name: 'a command in each stage', text: 'FROM a\nCMD a\nFROM b\nCMD b', want: [] },
  { name: 'a name twice', text: 'FROM a AS x\nFROM b AS X', want: [['same-stage-name', 2, 11]] },
  { name: 'a taken name', text: 'FROM a AS scratch', want: [['reserved-stage-name', 1, 11]] },
  {
    name: 'secrets',
    text: 'FROM a\nARG NPM_TOKEN\nENV DB_PASSWORD=x API_KEY=y',
    want: [
      ['secret-in-image', 2, 5],
      ['secret-in-image', 3, 5],
      ['secret-in-image', 3, 19],
    ],
  },
  {
    name: 'what only sounds like one',
    text: 'FROM a\nENV DB_PASSWORD_FILE=/run/x TOKEN_URL=y TOKENIZER=z PUBLIC_TOKEN=w KEYBOARD=v',
    want: [],
  },
  { name: 'a maintainer', text: 'FROM a\nMAINTAINER me', want: [['maintainer', 2, 1]] },
]

for (const { name, text, want } of rows)
  t.test(`says what it must about ${name}`, async (t) => {
    t.strictSame(lint(text), want)
  })
