import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { removeNetworks } from './remove-networks.ts'

// Builds beside each other, beside prune, and on a disk that is full.

t.setTimeout(240_000)

const bin = join(import.meta.dirname, '../../bin')
const makeRoot = `
mkdir -p root/bin; cp "$(command -v busybox)" root/bin/busybox
for name in sh cat cp dd ls; do ln -s busybox root/bin/$name; done; tar -C root -cf root.tar .
`

interface Site {
  readonly base: string
  readonly state: string
  /** Run a command of ours to its end. */
  readonly run: (
    name: 'myimage' | 'mycontainer',
    ...words: string[]
  ) => Promise<{ code: number; stdout: string; stderr: string }>
  readonly dockerfile: (name: string, text: string) => string
}

/** @param diskSize of a file system of its own for the state, as tmpfs(5) takes it; absent: none */
async function site(t: Test, diskSize?: string): Promise<Site> {
  const base = mkdtempSync(join(tmpdir(), 'pressure-'))
  const state = join(base, 'state')
  mkdirSync(state)
  if (diskSize !== undefined)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', state])
  t.teardown(() => {
    removeNetworks(state)
    if (diskSize !== undefined) execFileSync('umount', ['-l', state])
    rmSync(base, { recursive: true, force: true })
  })
  execFileSync('sh', ['-ec', makeRoot], { cwd: base })
  const env = { ...process.env, MYCONTAINER_ROOT: state }
  const made: Site = {
    base,
    state,
    run: async (name, ...words) =>
      promisify(execFile)(join(bin, name), words, { env, cwd: base }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      ),
    dockerfile(name, text) {
      mkdirSync(join(base, name), { recursive: true })
      writeFileSync(join(base, name, 'Dockerfile'), `FROM localhost/base:1\n${text}\n`)
      return join(base, name)
    },
  }
  const { code, stderr } = await made.run('myimage', 'import', 'root.tar', 'localhost/base:1')
  t.equal(code, 0, stderr)
  return made
}

t.test('builds that share layers and a cache, while others prune', async (t) => {
  const { base, state, run, dockerfile } = await site(t)
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) {
    const folder = dockerfile(
      name,
      'RUN echo same > /same\nCOPY f /\nRUN --mount=type=cache,target=/c,sharing=locked cat /f >> /c/log',
    )
    writeFileSync(join(folder, 'f'), `${name}\n`)
  }
  for (let round = 0; round < 3; round++) {
    const builds = names.map((name) =>
      run(
        'myimage',
        'build',
        '-q',
        ...(round === 1 ? ['--no-cache'] : []),
        '-t',
        `out:${name}`,
        join(base, name),
      ),
    )
    const prunes = [1, 2].map(() => run('myimage', 'prune'))
    for (const { code, stderr } of await Promise.all([...builds, ...prunes]))
      t.equal(code, 0, stderr)
  }
  for (const name of names) {
    const ran = await run(
      'mycontainer',
      'run',
      '--rm',
      '--network',
      'none',
      `out:${name}`,
      'cat',
      '/f',
      '/same',
    )
    t.equal(ran.stdout, `${name}\nsame\n`, ran.stderr)
  }
  t.equal((await run('myimage', 'verify')).code, 0)
  t.strictSame(
    readdirSync(join(state, 'data/tmp')).filter((name) => name.startsWith('lease-')),
    [],
  )
  t.strictSame(readdirSync(join(state, 'data/containers')), [])
})

const steps: { name: string; text: string; says: RegExp }[] = [
  { name: 'a COPY', text: 'COPY large /', says: /ENOSPC/ },
  { name: 'a RUN', text: 'RUN dd if=/dev/zero of=/large bs=1M count=40', says: /exit code 1/ },
  {
    name: 'the layer of a RUN, which itself found room',
    text: 'RUN dd if=/dev/urandom of=/large bs=1M count=13',
    says: /ENOSPC.*prune/,
  },
]
for (const { name, text, says } of steps)
  t.test(`a disk that is full at ${name}`, async (t) => {
    const { state, run, dockerfile } = await site(t, '24m')
    const folder = dockerfile('large', text)
    writeFileSync(join(folder, 'large'), Buffer.alloc(40 * 2 ** 20, 'x'))
    const failed = await run('myimage', 'build', '-q', '-t', 'large:1', folder)
    t.equal(failed.code, 1, failed.stderr)
    t.match(failed.stderr, says)
    t.strictSame(
      readdirSync(join(state, 'data/tmp')).filter((entry) => entry.startsWith('lease-')),
      [],
    )
    t.equal((await run('myimage', 'inspect', 'large:1')).code, 125)
    const small = await run(
      'myimage',
      'build',
      '-q',
      '-t',
      'small:1',
      dockerfile('small', 'RUN echo 1 > /one'),
    )
    t.equal(small.code, 0, small.stderr)
    t.equal((await run('myimage', 'verify')).code, 0)
  })
