import t from 'tap'
import { formatExplanation } from '../../../../rootfs/build/progress/format-explanation.ts'

const key = `sha256:${'0123456789abcdef'.repeat(4)}`

t.test('stages, their steps, and the reason of every miss', async (t) => {
  const lines = formatExplanation([
    {
      stage: 'tools',
      base: 'image base:1',
      uses: [],
      steps: [
        { instruction: 'ENV A=b', line: 2, state: 'configuration' },
        { instruction: 'RUN make \\\n  all', line: 3, key, state: 'hit' },
      ],
    },
    {
      stage: 'stage-1',
      base: 'scratch',
      uses: ['stage tools', 'image x'],
      steps: [
        {
          instruction: 'COPY a /',
          line: 12,
          key,
          state: 'miss',
          reason: { code: 'inputs', text: 'file a changed' },
        },
      ],
    },
  ])
  t.strictSame(lines, [
    'stage tools, on image base:1',
    '     2  config                ENV A=b',
    '     3  hit     0123456789ab  RUN make \\ all',
    '',
    'stage stage-1, on scratch, with files of stage tools, image x',
    '    12  miss    0123456789ab  COPY a /',
    '                              because file a changed',
  ])
})
