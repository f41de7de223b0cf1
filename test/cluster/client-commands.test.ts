import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { kubectlBinaries } from '../conformance/kubectl.ts'
import type { CommandResult } from '../conformance/kubectl.ts'
import {
  changingLines,
  describing,
  manifests,
  readingLines,
  streamLines,
} from './client-command-lines.ts'
import type { ChangingLine } from './client-command-lines.ts'
import { editing, generating, onNodes } from './client-editing-lines.ts'
import { makeLocalCluster } from './local-cluster.ts'

// Our own get, apply, describe … beside the real kubectl, on the same cluster and with the same input: the same text, on
// the same stream, and the same exit code.

const myorch = join(import.meta.dirname, '../../bin/myorch')
const kubectl = kubectlBinaries().at(-1)!
const attempts = 6
/** Older ones say some things in other words; the exit codes are the same. */
const oldestAlike = 31

const cluster = await makeLocalCluster(t, 2)
const isAlike = await hasSameWords()
const nodeNames = [`${cluster.name}-1`, `${cluster.name}-2`] as const

t.before(async () => {
  for (const namespace of ['default', 'theirs', 'ours']) {
    if (namespace !== 'default') await cluster.ok('create', 'namespace', namespace)
    await cluster.ok('-n', namespace, 'apply', '-f', cluster.file('all.yaml', manifests))
  }
  cluster.file(
    'config.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n1}\ndata: {a: "1"}\n',
  )
  cluster.file(
    'unknown-field.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n1}\ndat: {}\n',
  )
  cluster.file('unknown-kind.yaml', 'apiVersion: v1\nkind: Nope\nmetadata: {name: n1}\n')
  cluster.file('no-kind.yaml', 'apiVersion: v1\nmetadata: {name: n1}\n')
  cluster.file(
    'invalid.yaml',
    'apiVersion: v1\nkind: Service\nmetadata: {name: n5}\nspec: {ports: [{port: 99999}]}\n',
  )
  const config = readFileSync(join(cluster.folder, 'kubeconfig'), 'utf8')
  cluster.file('down', config.replace(/server: .*/, 'server: https://127.0.0.1:9'))
  for (const namespace of ['default', 'theirs', 'ours']) {
    const wait = ['-n', namespace, 'wait', '--timeout=50s']
    await cluster.ok(...wait, '--for=condition=Available', 'deployment/web')
  }
  await cluster.ok('wait', '--timeout=50s', '--for=condition=Complete', 'job/once')
})

async function hasSameWords(): Promise<boolean> {
  const { stdout } = await cluster.kubectl(['version', '--client', '-o', 'json'])
  const version = JSON.parse(stdout) as { clientVersion: { minor: string } }
  return Number.parseInt(version.clientVersion.minor, 10) >= oldestAlike
}

function run(program: string, words: readonly string[], input = ''): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: cluster.env, cwd: cluster.folder, timeout: 60_000 }
    const child = execFile(program, [...words], options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
      resolve({ code, stdout, stderr })
    })
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** `get pods -o 'a b'` */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+?)'([^']*)'|(\S+)/g)].map(
    ([, quoted, before, within, bare]) => quoted ?? bare ?? `${before ?? ''}${within ?? ''}`,
  )
}

/** What says which of the two it was, and which time. */
function plain({ code, stdout, stderr }: CommandResult): CommandResult {
  const text = (given: string): string =>
    given
      .replaceAll(basename(kubectl), 'CLI')
      .replaceAll(/kubectl|(?<!-)myorch(?![-./])/g, 'CLI')
      .replaceAll(/\b(theirs|ours)\b/g, 'NAMESPACE')
      .replaceAll(/\bt\d+-\d+-[12]\b/g, 'NODE')
      .replaceAll(/\bonce-\w{5}\b/g, 'once-X')
      .replaceAll(/^E\d{4} .*\n/gm, '')
      .replaceAll(/(creationTimestamp|RenewTime|uid|resourceVersion): .*/g, '$1: X')
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

/** Our flags come behind the names of commands. */
function inNamespace(words: readonly string[], namespace: string): string[] {
  const end = words.indexOf('--')
  const flags = ['--namespace', namespace]
  return end === -1 ? [...words, ...flags] : [...words.slice(0, end), ...flags, ...words.slice(end)]
}

interface Pair {
  readonly theirs: CommandResult
  readonly ours: CommandResult
}

/** Ages tick and statuses change between two commands: what is alike once is alike. */
async function compare(t: Test, title: string, both: () => Promise<Pair>): Promise<void> {
  const again = async (left: number): Promise<Pair> => {
    const pair = await both()
    if (left === 0 || JSON.stringify(pair.ours) === JSON.stringify(pair.theirs)) return pair
    await pause(100)
    return again(left - 1)
  }
  const pair = await again(isAlike ? attempts : 0)
  if (isAlike) t.same(pair.ours, pair.theirs, title)
  else t.equal(pair.ours.code, pair.theirs.code, `exit code of ${title}`)
}

async function compareLines(t: Test, lines: readonly string[]): Promise<void> {
  for (const line of lines)
    await compare(t, line, async () => {
      const words = split(line)
      const [theirs, ours] = await Promise.all([run(kubectl, words), run(myorch, words)])
      return { theirs: plain(theirs), ours: plain(ours) }
    })
}

void t.test('what only reads', async (t) => compareLines(t, readingLines))
void t.test('descriptions', async (t) => compareLines(t, describing))
void t.test('logs and exec', async (t) => compareLines(t, streamLines))

// Each in a namespace of its own, one after the other; what a line changes, the next one sees.
async function compareChanges(
  t: Test,
  rows: readonly ChangingLine[],
  theirPlace: readonly string[],
  ourPlace: (words: readonly string[]) => string[],
): Promise<void> {
  for (const { line, input } of rows) {
    const words = split(line)
    const [theirs, ours] = await Promise.all([
      run(
        kubectl,
        [...theirPlace, ...words.map((word) => word.replace('NODE', nodeNames[0]))],
        input,
      ),
      run(myorch, ourPlace(words.map((word) => word.replace('NODE', nodeNames[1]))), input),
    ])
    if (isAlike) t.same(plain(ours), plain(theirs), line)
    else t.equal(ours.code, theirs.code, `exit code of ${line}`)
  }
}

void t.test('what makes objects out of words', async (t) => compareLines(t, generating))
void t.test('what edits objects', async (t) => {
  cluster.env['KUBE_EDITOR'] = String.raw`sed -i s/a:.*1.*/a:\ b/`
  const rows = editing.map((line) => ({ line }))
  await compareChanges(t, rows, ['--namespace', 'theirs'], (words) => inNamespace(words, 'ours'))
})
void t.test('what changes nodes', async (t) => {
  const rows = onNodes.map((line) => ({ line }))
  await compareChanges(t, rows, [], (words) => [...words])
})
void t.test('what changes objects', async (t) =>
  compareChanges(t, changingLines, ['--namespace', 'theirs'], (words) =>
    inNamespace(words, 'ours'),
  ),
)

void t.test('files there and back', async (t) => {
  cluster.file('note', 'here')
  const list = await cluster.ok('get', 'pods', '-l', 'app=web', '-o', 'name')
  const pod = list.split('\n')[0]!.replace('pod/', '')
  for (const words of [
    ['cp', 'note', `${pod}:/tmp/there`],
    ['cp', `${pod}:/tmp/there`, 'back', '-c', 'web'],
  ]) {
    const { code, stderr } = await run(myorch, words)
    t.equal(code, 0, stderr)
  }
  t.equal(readFileSync(join(cluster.folder, 'back'), 'utf8'), 'here')
})

void t.test('both tools on the same objects', async (t) => {
  const manifest = (value: string, more = ''): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: "${value}"${more}}\n`
  const apply = async (program: string, text: string): Promise<string> =>
    (await run(program, ['apply', '-f', '-'], text)).stdout
  t.equal(await apply(kubectl, manifest('1', ', b: x')), 'configmap/shared created\n')
  t.equal(await apply(myorch, manifest('1', ', b: x')), 'configmap/shared unchanged\n')
  t.equal(await apply(myorch, manifest('2')), 'configmap/shared configured\n')
  t.equal(await apply(kubectl, manifest('2')), 'configmap/shared unchanged\n')
  const data = await cluster.ok('get', 'configmap', 'shared', '-o', 'jsonpath={.data}')
  t.same(JSON.parse(data), { a: '2' }, 'what is not said any more is gone')
})

void t.test('who may not', async (t) => {
  await cluster.ok('create', 'serviceaccount', 'nobody')
  const token = (await cluster.ok('create', 'token', 'nobody')).trim()
  const config = readFileSync(join(cluster.folder, 'kubeconfig'), 'utf8')
  const path = cluster.file(
    'nobody',
    config
      .replace(/client-certificate-data: .*/, `token: ${token}`)
      .replace(/\n *client-key-data: .*/, ''),
  )
  const lines = ['get pods', 'get pod web', 'describe pod web', 'delete cm conf', 'logs web']
  await compareLines(
    t,
    lines.map((line) => `${line} --kubeconfig ${path}`),
  )
})

void t.test('a watch', async (t) => {
  const [theirs, ours] = await Promise.all(
    [kubectl, myorch].map(async (program, index) => {
      const name = `watched-${index}`
      const selector = `metadata.name=${name}`
      const words = ['get', 'configmaps', '--watch', '--field-selector', selector]
      const child = execFile(program, [...words, '--output-watch-events', '-o', 'name'], {
        env: cluster.env,
      })
      t.teardown(() => child.kill('SIGKILL'))
      let text = ''
      child.stdout?.on('data', (piece: string) => (text += piece))
      await pause(700)
      await cluster.ok('create', 'configmap', name)
      await cluster.ok('delete', 'configmap', name)
      const deadline = Date.now() + 10_000
      while (text.split('\n').length < 3 && Date.now() < deadline) await pause(50)
      child.kill('SIGINT')
      return text.replaceAll(name, 'NAME')
    }),
  )
  t.match(ours, /^(ADDED +)?configmap\/NAME\n/)
  t.equal(ours, theirs)
})

void t.test('a terminal', async (t) => {
  // The size comes when the command runs already.
  const script =
    'until stty size | grep -q "33 77"; do sleep 0.05; done; test -t 0 && stty size && exit 5'
  const inTerminal = async (program: string): Promise<CommandResult> => {
    const line = `${program} exec -it deploy/web -c web -- sh -c '${script}'`
    const words = ['-qec', `stty rows 33 cols 77; ${line}`, '/dev/null']
    const result = plain(await run('timeout', ['20', 'script', ...words]))
    // The end of the input of `script`, which may be echoed.
    return { ...result, stdout: result.stdout.replace(/^(\^[@D][\b]*)+/, '') }
  }
  const [theirs, ours] = [await inTerminal(kubectl), await inTerminal(myorch)]
  t.same(ours, { code: 5, stdout: '33 77\r\ncommand terminated with exit code 5\r\n', stderr: '' })
  if (isAlike) t.same(ours, theirs)
})

void t.test('help', async (t) => {
  for (const command of ['get', 'apply', 'describe', 'logs', 'exec', 'scale', 'top', 'events']) {
    const { code, stdout } = await run(myorch, [command, '--help'])
    t.equal(code, 0)
    t.match(stdout, command === 'top' ? /Commands:/ : /Examples:/, command)
  }
})
