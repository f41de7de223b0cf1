import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import t from 'tap'
import { commandBench, commandPath } from './command-line.ts'

// What a shell offers after a key: through the script in a real bash, and word by word.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run } = bench

t.before(async () => {
  await ok('create', '--name', 'first', '--network', 'none', 'host', 'true')
  await ok('volume', 'create', 'kept')
  await ok('secret', 'create', 'word', '/etc/hostname')
})

const rows: readonly (readonly [title: string, words: readonly string[], wanted: string])[] = [
  ['a command', ['sta'], 'start stats'],
  ['a group', ['vol'], 'volume'],
  ['a command of a group', ['volume', 'r'], 'rm'],
  ['after a global flag', ['--root', '/x', 'sec'], 'secret'],
  ['a flag', ['run', '--env-'], '--env-file --env-host --env-merge'],
  ['a container', ['start', ''], 'first'],
  ['a second container', ['rm', '-f', 'other', 'fi'], 'first'],
  ['a volume', ['volume', 'inspect', 'k'], 'kept'],
  ['a secret', ['secret', 'rm', ''], 'word'],
  ['an image', ['run', '-it', 'ho'], 'host'],
  ['a value', ['run', '--secret', 'w'], 'word'],
  ['a value that is a path', ['run', '--env-file', ''], ':files'],
  ['the command of a container', ['run', 'host', 's'], ':files'],
  ['a file', ['kube', 'play', ''], ':files'],
  ['nothing', ['nothing', 'x'], ''],
]
for (const [title, words, wanted] of rows)
  t.test(title, async (t) => {
    const said = await ok('completion', 'words', ...words)
    t.equal(
      said
        .split('\n')
        .map((line) => line.split('\t', 1)[0])
        .join(' '),
      wanted,
    )
  })

t.test('bash takes the script, and asks', async (t) => {
  const line = ['mycontainer', 'volume', 'rm', 'k']
  const script = `source <(mycontainer completion bash); COMP_WORDS=(${line.join(' ')}); COMP_CWORD=3; _mycontainer; echo "$COMPREPLY"`
  const path = `${dirname(commandPath)}:${process.env['PATH']}`
  const env = { ...process.env, PATH: path, MYCONTAINER_ROOT: bench.root }
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { env, encoding: 'utf8' })
  t.equal(stdout, 'kept\n', stderr)
})

t.test('three shells, and no other', async (t) => {
  t.match(await ok('completion', 'zsh'), /^#compdef mycontainer\n/)
  t.match(await ok('completion', 'fish'), /complete -c mycontainer/)
  t.match(await run('completion', 'tcsh'), { exitCode: 125, stderr: /bash, fish and zsh/ })
})
