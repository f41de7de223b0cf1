import t from 'tap'
import type { BuildEvent } from '../../../../rootfs/build/execute/build-request.ts'
import { openPlainView } from '../../../../rootfs/build/progress/plain-view.ts'
import { openTerminalView } from '../../../../rootfs/build/progress/terminal-view.ts'

const output = (id: number, text: string): BuildEvent => ({
  kind: 'output',
  id,
  stream: 'stdout',
  data: Buffer.from(text),
})

const events: [ms: number, event: BuildEvent][] = [
  [0, { kind: 'begin', id: 1, title: '[a 1/2] FROM x' }],
  [0, { kind: 'done', id: 1 }],
  [100, { kind: 'begin', id: 2, title: '[a 2/2] RUN make' }],
  [150, { kind: 'begin', id: 3, title: '[b 1/1] RUN test' }],
  [200, output(2, 'one\ntw')],
  [300, output(3, 'half')],
  [400, output(2, 'o\n10%\r20%\r30%\n')],
  [500, { kind: 'cached', id: 3 }],
  [600, { kind: 'failed', id: 2, message: 'it failed' }],
  [700, { kind: 'note', text: 'hello' }],
]

t.test('plain progress, as BuildKit prints it', async (t) => {
  let [now, text] = [0, '']
  const view = openPlainView(
    (piece) => (text += piece),
    () => now,
  )
  for (const [at, event] of events) {
    now = at
    view.show(event)
  }
  view.end()
  t.equal(
    text,
    `#1 [a 1/2] FROM x
#1 DONE 0.0s

#2 [a 2/2] RUN make
#2 0.100 one
#2 0.300 two
#2 0.300 30%

#3 [b 1/1] RUN test
#3 0.350 half
#3 CACHED

#2 [a 2/2] RUN make
#2 ERROR: it failed
note: hello
`,
  )
})

t.test('on a terminal what failed is shown in full at the end', async (t) => {
  let [now, text] = [0, '']
  const terminal = {
    write: (piece: string) => void (text += piece),
    columns: () => 60,
    rows: () => 20,
  }
  const view = openTerminalView(terminal, () => now)
  for (const [at, event] of events) {
    now = at
    view.show(event)
  }
  view.end()
  const last = text.slice(text.lastIndexOf('[+] Building'))
  t.match(last, /^\[\+\] Building 0\.7s \(3\/3\)\n/)
  t.match(last, /^=> ERROR \[a 2\/2\] RUN make +0\.5s$/m)
  t.match(last, /^=> CACHED \[b 1\/1\] RUN test +/m)
  t.match(last, /------\n > \[a 2\/2\] RUN make:\none\ntwo\n/)
})
