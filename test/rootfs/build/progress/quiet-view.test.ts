import t from 'tap'
import type { BuildEvent } from '../../../../rootfs/build/execute/build-request.ts'
import { openQuietView } from '../../../../rootfs/build/progress/quiet-view.ts'

const output = (id: number, text: string): BuildEvent => ({
  kind: 'output',
  id,
  stream: 'stdout',
  data: Buffer.from(text),
})
const begin: BuildEvent = { kind: 'begin', id: 1, title: 'RUN false' }
const failed: BuildEvent = { kind: 'failed', id: 1, message: 'exit code 1' }

const rows: readonly (readonly [string, readonly BuildEvent[], string])[] = [
  ['nothing of a step that succeeds', [begin, output(1, 'a\n'), { kind: 'done', id: 1 }], ''],
  ['what the failing step wrote', [begin, output(1, 'a\nb'), output(1, 'c'), failed], 'a\nbc\n'],
  ['nothing of the others', [begin, output(2, 'other\n'), failed], ''],
  ['no note', [{ kind: 'note', text: 'by the way' }], ''],
  [
    'the end of very much',
    [begin, output(1, `${'x'.repeat(70_000)}\n`), failed],
    `${'x'.repeat(65_535)}\n`,
  ],
]

for (const [title, events, wanted] of rows)
  t.test(title, async (t) => {
    let written = ''
    const view = openQuietView((text) => (written += text))
    for (const event of events) view.show(event)
    view.end()
    t.equal(written, wanted)
  })
