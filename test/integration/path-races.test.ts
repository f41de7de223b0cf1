import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import t from 'tap'
import { openRuntime } from '../../runtime/index.ts'

// The kernel cannot say that a path with links stays below its root while somebody renames anything anywhere: openat2(2), EAGAIN.

const starts = 40

/** Rename a file again and again, as long as the thread lives. */
function renameForEver(folder: string): never {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  writeFileSync(a, '')
  for (;;) {
    renameSync(a, b)
    renameSync(b, a)
  }
}

if (!isMainThread) renameForEver(workerData as string)

t.test('containers start while others rename files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'path-races-'))
  const runtime = openRuntime({ root: join(folder, 'root') })
  const worker = new Worker(new URL(import.meta.url), { workerData: folder })
  t.teardown(async () => {
    await worker.terminate()
    runtime.close()
    rmSync(folder, { recursive: true })
  })
  for (let at = 0; at < starts; at++) {
    // /var/run is a link in the image: a path that the kernel has to follow with care.
    const container = await runtime.run({
      command: ['true'],
      network: 'none',
      volumes: [`${folder}:/var/run/here`],
    })
    t.equal((await container.wait()).exitCode, 0)
  }
})
