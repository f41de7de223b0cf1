import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildBench } from './build-bench.ts'

t.test(
  'files that change while a build runs are not kept under the key of those before',
  async (t) => {
    const bench = buildBench(t)
    const dockerfile =
      'FROM base:1\nRUN echo started; sleep 1\nCOPY file /file\nRUN --mount=type=bind,target=/m cp /m/file /copy\n'
    const folder = bench.context('context', { Dockerfile: dockerfile, file: 'old\n' })
    const command = join(import.meta.dirname, '../../bin/myimage')
    const building = spawn(command, ['build', '--progress', 'plain', '-t', 'out:1', folder], {
      env: { ...process.env, MYCONTAINER_ROOT: join(bench.base, 'state') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let shown = ''
    let isChanged = false
    building.stderr.on('data', (text: Buffer) => {
      shown += text.toString()
      if (isChanged || !/ started$/m.test(shown)) return
      isChanged = true
      writeFileSync(join(folder, 'file'), 'new\n')
    })
    const [code] = (await once(building, 'exit')) as [number]
    t.equal(code, 0, shown)
    t.equal(bench.read('out:1', '/file'), 'new\n')
    t.match(shown, /changed meanwhile/)
    writeFileSync(join(folder, 'file'), 'old\n')
    bench.build('-t', 'out:2', folder)
    t.equal(bench.read('out:2', '/file'), 'old\n')
    t.equal(bench.read('out:2', '/copy'), 'old\n')
  },
)
