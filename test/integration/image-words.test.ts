import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { imageCommands } from '../../runtime/cli/image-commands.ts'

// Commands on images, typed as users of docker and podman have them in their fingers.

const bin = (name: string): string => join(import.meta.dirname, '../../bin', name)
const folder = mkdtempSync(join(tmpdir(), 'image-words-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function ok(...words: string[]): string {
  return execFileSync(bin('mycontainer'), words, { encoding: 'utf8', cwd: folder })
}

for (const name of Object.keys(imageCommands))
  t.test(name, async (t) => {
    t.match(ok(name, '--help'), /^Usage: myimage /)
  })

t.test('built, listed, run, tagged and removed below one root', async (t) => {
  writeFileSync(join(folder, 'Dockerfile'), 'FROM host\nENV GREETING=hello\n')
  const root = join(folder, 'root')
  ok('--root', root, 'build', '-q', '-t', 'greeter', '.')
  t.equal(ok(`--root=${root}`, 'run', '--rm', 'greeter', 'sh', '-c', 'echo $GREETING'), 'hello\n')
  ok('--log-level', 'debug', '--root', root, 'image', 'tag', 'greeter', 'other:1')
  t.equal(ok('-D', '--root', root, 'images', '--format', '{{.Tag}}', 'other'), '1\n')
  const tags = ok('--root', root, 'inspect', '-f', '{{json .RepoTags}}', 'other:1')
  t.match(tags, /greeter:latest.*other:1/)
  t.match(ok('--root', root, 'rmi', 'other:1', 'greeter'), /Deleted: /)
})

t.test('one letter wrong', async (t) => {
  const { status, stderr } = spawnSync(bin('mycontainer'), ['biuld', '.'], { encoding: 'utf8' })
  t.equal(status, 125)
  t.match(stderr, "Did you mean 'mycontainer build'?")
})
