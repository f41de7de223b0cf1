import { execFileSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ensureHostImage } from '../../rootfs/host-image/ensure-host-image.ts'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import { imageBench } from './image-command.ts'

t.test('the built-in image has a working shell and tools, and is made once', async (t) => {
  const { base } = imageBench(t)
  const store = openImageStore({ dataDir: join(base, 'one/data'), runDir: join(base, 'one/run') })
  const other = openImageStore({ dataDir: join(base, 'two/data'), runDir: join(base, 'two/run') })
  t.teardown(() => {
    store.close()
    other.close()
  })
  const image = await ensureHostImage(store)
  t.equal(store.find('host')?.id, image.id)
  t.equal((await ensureHostImage(store)).added, image.added, 'not made again')
  t.equal((await ensureHostImage(other)).id, image.id, 'the same files give the same image')
  const [folder = ''] = image.layerFolders
  const script = 'ls / | sort | tr "\\n" " "; echo x | sed s/x/y/; id -un; awk "BEGIN{print 6*7}"'
  const output = execFileSync('chroot', [folder, '/bin/sh', '-c', script], { encoding: 'utf8' })
  t.match(output, /\bproc root run\b/)
  t.match(output, /y\nroot\n42\n$/)
})

t.test('from-host takes a script with its interpreter and what it names', async (t) => {
  const { base, myimage } = imageBench(t)
  const script = join(base, 'hello')
  writeFileSync(
    script,
    '#!/usr/bin/env bash\necho "hello $(cat /opt/greeting-for-test 2>/dev/null)"\n',
    { mode: 0o755 },
  )
  utimesSync(script, 1, 1)
  const first = myimage('from-host', '-q', script, 'cat', '-t', 'hello:1')
  t.equal(myimage('from-host', '-q', script, 'cat', '-t', 'hello:2'), first, 'deterministic')
  const lower = myimage('inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', 'hello:1')
  t.equal(execFileSync('chroot', [lower, script], { encoding: 'utf8' }), 'hello \n')
  t.strictSame(JSON.parse(myimage('inspect', '-f', '{{json .Config.Cmd}}', 'hello:1')), [script])
})
