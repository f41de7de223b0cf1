import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ordinaryUser } from './ordinary-user.ts'
import { pushImage } from './registry-content.ts'

t.setTimeout(180_000)

t.test('an ordinary user serves a registry that others reach, and pulls from it', async (t) => {
  const user = ordinaryUser(t, true)
  const words = ['--root', join(user.folder, 'registry'), 'serve', '--addr', '127.0.0.1:0']
  const child = spawn(join(user.package, 'bin/myimage'), words, {
    uid: user.uid,
    gid: user.gid,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: dirname(user.folder) },
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const host = await new Promise<string>((resolve, reject) => {
    let errors = ''
    child.stderr.on('data', (piece: Buffer) => {
      errors += piece.toString()
      const match = /serving http:\/\/(\S+)/.exec(errors)
      if (match?.[1] !== undefined) resolve(match[1])
    })
    child.once('close', () => reject(new Error(`the registry did not start: ${errors}`)))
  })
  await pushImage(`http://${host}`, 'app', 'v1', [])
  const pulled = await user.myimage('copy', `docker://${host}/app:v1`, `oci:${user.folder}/out`)
  t.equal(pulled.exitCode, 0, pulled.stderr)
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})
