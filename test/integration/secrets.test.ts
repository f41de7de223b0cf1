import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, runCommand } from './command-line.ts'

// Secrets: kept for root alone, in containers as files and variables.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run, root, folder } = bench

function shell(script: string, ...flags: string[]): Promise<string> {
  return ok('run', '--rm', '--network', 'none', ...flags, 'host', '/bin/sh', '-c', script)
}

t.test('made from a file, standard input and the environment', async (t) => {
  writeFileSync(join(folder, 'key'), 'from a file')
  const id = await ok('secret', 'create', '-l', 'tier=db', 'key', join(folder, 'key'))
  t.match(id, /^[0-9a-f]{25}$/)
  t.match(await runCommand(['secret', 'create', 'pipe', '-'], { root, input: 'piped\n' }), {
    exitCode: 0,
  })
  const env = { WORD: 'from the environment' }
  t.match(await runCommand(['secret', 'create', '--env', 'word', 'WORD'], { root, env }), {
    exitCode: 0,
  })
  t.match(await ok('secret', 'ls'), /^ID +NAME +DRIVER +CREATED +UPDATED\n[0-9a-f]{25} +key +file/)
  t.equal(await ok('secret', 'ls', '-q', '-f', 'label=tier=db'), id)
  t.match(JSON.parse(await ok('secret', 'inspect', id.slice(0, 8))), [
    { ID: id, Spec: { Name: 'key', Driver: { Name: 'file' }, Labels: { tier: 'db' } } },
  ])
  t.equal(
    await ok('secret', 'inspect', '--showsecret', '-f', '{{.SecretData}}', 'key'),
    'from a file',
  )
  t.equal(statSync(join(root, 'data/secrets')).mode & 0o077, 0, 'nobody else can read them')
})

t.test('as a file, with an owner and a mode, and as a variable', async (t) => {
  const look = 'cat /run/secrets/key; stat -c %u:%g:%a /run/secrets/key /etc/pw; echo $PW'
  const flags = ['--secret', 'key', '--secret', 'pipe,target=/etc/pw,uid=5,gid=6,mode=0400']
  const said = await shell(look, ...flags, '--secret', 'word,type=env,target=PW')
  t.equal(said, 'from a file0:0:444\n5:6:400\nfrom the environment')
  const mapped = await shell(look, ...flags, '--userns', 'auto', '--read-only')
  t.equal(mapped, 'from a file0:0:444\n5:6:400\n')
  t.match(await run('run', '--rm', ...flags, 'host', '/bin/sh', '-c', 'echo > /run/secrets/key'), {
    stderr: /Read-only/,
  })
})

t.test('a container keeps what it was made with, and tells nobody', async (t) => {
  const words = ['--secret', 'key', '--secret', 'word,type=env', '--network', 'none']
  await ok(
    'create',
    '--name',
    'c',
    ...words,
    'host',
    '/bin/sh',
    '-c',
    'cat /run/secrets/key; echo $word',
  )
  await ok('secret', 'rm', 'key', 'word')
  t.equal(await ok('start', '-a', 'c'), 'from a filefrom the environment')
  t.notMatch(await ok('inspect', 'c'), /from the environment|from a file/)
  t.match(await ok('commit', 'c', 'made:1'), /^sha256/)
  t.equal(
    await ok(
      'run',
      '--rm',
      '--network',
      'none',
      'made:1',
      '/bin/sh',
      '-c',
      'ls /run/secrets; echo $word',
    ),
    '',
  )
  await ok('rm', 'c')
})

const refused: readonly (readonly [title: string, words: readonly string[], says: RegExp])[] = [
  [
    'one that is not there',
    ['create', '--secret', 'none', 'host', 'true'],
    /no secret with name or id/,
  ],
  ['a name that is taken', ['secret', 'create', 'pipe', '/etc/hostname'], /--replace/],
  ['a name with a slash', ['secret', 'create', 'a/b', '/etc/hostname'], /secret name/],
  ['nothing', ['secret', 'create', 'empty', '/dev/null'], /from 1 to 512000/],
  ['a file that is not there', ['secret', 'create', 'x', '/nowhere'], /nowhere/],
  [
    'a driver that is none',
    ['secret', 'create', '-d', 'vault', 'x', '/etc/hostname'],
    /driver is file/,
  ],
  ['to remove nothing', ['secret', 'rm'], /--all/],
  ['to remove what is not there', ['secret', 'rm', 'none'], /no secret/],
]
for (const [title, words, says] of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.match(await run(...words), { exitCode: 125, stderr: says })
    t.equal(await ok('secret', 'ls', '-q', '-f', 'name=x'), '')
  })

t.test('replaced and removed', async (t) => {
  await ok('secret', 'create', '--replace', 'pipe', '/etc/hostname')
  await ok('secret', 'rm', '-i', 'none')
  await ok('secret', 'rm', '-a')
  t.equal(await ok('secret', 'ls', '-q'), '')
})
