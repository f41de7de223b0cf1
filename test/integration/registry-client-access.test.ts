import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { randomLayer, writeLayout } from './layout-of-layers.ts'
import { startPeerRegistry } from './peer-registry.ts'
import { password, writeAccessFiles, writeCertificate } from './registry-access.ts'
import { type Ended, runImageCommand } from './run-image-command.ts'

const architecture = process.arch === 'x64' ? 'amd64' : process.arch

interface Place {
  readonly base: string
  readonly environment: Record<string, string>
  readonly myimage: (...parameters: string[]) => Promise<Ended>
}

/** A state root, a home and a layout `x` of one small image. */
function place(t: Test): Place {
  const base = mkdtempSync(join(tmpdir(), 'client-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }))
  const layers = [randomLayer(base, 'f', 1000)]
  writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
  const environment = {
    MYCONTAINER_ROOT: join(base, 'state'),
    HOME: base,
    XDG_RUNTIME_DIR: join(base, 'run'),
    DOCKER_CONFIG: join(base, '.docker'),
  }
  return {
    base,
    environment,
    myimage: (...parameters) => runImageCommand(parameters, environment),
  }
}

async function withUsers(t: Test, base: string): Promise<string> {
  return startPeerRegistry(t, join(base, 'registry'), { htpasswd: writeAccessFiles(base).users })
}

t.test('log in, use it, let podman use it, log out', async (t) => {
  const { base, environment, myimage } = place(t)
  const registry = await withUsers(t, base)
  const push = ['copy', '-q', `oci:${join(base, 'layout')}:x`, `docker://${registry}/app:1`]
  const before = await myimage(...push)
  t.equal(before.status, 1)
  t.match(before.stderr, /myimage login/, 'says what to do')
  const login = (secret: string) =>
    runImageCommand(
      ['login', '-u', 'alice', '--password-stdin', registry],
      environment,
      `${secret}\n`,
    )
  const wrong = await login('wrong')
  t.equal(wrong.status, 125)
  t.notMatch(wrong.stderr, /wrong|alice:/, 'no secret in a message')
  t.equal((await login(password)).status, 0)
  const file = join(base, 'run/containers/auth.json')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal((await myimage('login', '--get-login', registry)).stdout, 'alice')
  const theirs = ['login', '--get-login', '--authfile', file, registry]
  t.equal(execFileSync('podman', theirs, { encoding: 'utf8' }).trim(), 'alice', 'podman reads it')
  t.equal((await myimage(...push)).status, 0)
  t.equal((await myimage('pull', '-q', `${registry}/app:1`)).status, 0)
  t.equal((await myimage('logout', registry)).status, 0)
  t.equal((await myimage('pull', '-q', `${registry}/app:1`)).status, 125)
  t.equal((await myimage('logout', registry)).status, 125, 'twice')
  t.equal(
    (await myimage('pull', '-q', '--creds', `bob:${password}`, `${registry}/app:1`)).status,
    0,
  )
})

t.test('credentials that podman and docker stored', async (t) => {
  const { base, myimage } = place(t)
  const registry = await withUsers(t, base)
  const file = join(base, 'podman.json')
  execFileSync(
    'podman',
    ['login', '--tls-verify=false', '--authfile', file, '-u', 'alice', '-p', password, registry],
    { stdio: 'ignore' },
  )
  const source = `oci:${join(base, 'layout')}:x`
  t.equal(
    (await myimage('copy', '-q', '--authfile', file, source, `docker://${registry}/team/app:1`))
      .status,
    0,
  )
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })
  mkdirSync(join(base, '.docker'))
  const docker = { auths: { [`https://${registry}/v1/`]: auth(`bob:${password}`) } }
  writeFileSync(join(base, '.docker/config.json'), JSON.stringify(docker))
  t.equal((await myimage('pull', '-q', `${registry}/team/app:1`)).status, 0, 'docker')
  const scoped = {
    auths: { [registry]: auth('bob:wrong'), [`${registry}/team`]: auth(`bob:${password}`) },
  }
  writeFileSync(file, JSON.stringify(scoped))
  t.equal(
    (await myimage('pull', '-q', '--authfile', file, `${registry}/team/app:1`)).status,
    0,
    'of a namespace',
  )
  writeFileSync(file, '{"auths": {"secret')
  const broken = await myimage('pull', '-q', '--authfile', file, `${registry}/team/app:1`)
  t.equal(broken.status, 125)
  t.notMatch(broken.stderr, /secret/)
})

const helper = (store: string): string => `#!/bin/sh
case $1 in
store) cat > '${store}' ;;
get) read -r url
  if grep -q "\\"$url\\"" '${store}' 2>/dev/null; then cat '${store}'; else echo 'credentials not found in native keychain'; exit 1; fi ;;
erase) rm -f '${store}' ;;
esac
`

t.test('a credential helper keeps what the file does not', async (t) => {
  const { base, environment } = place(t)
  const registry = await withUsers(t, base)
  const [programs, file, kept] = [join(base, 'bin'), join(base, 'auth.json'), join(base, 'kept')]
  mkdirSync(programs)
  writeFileSync(join(programs, 'docker-credential-test'), helper(kept))
  chmodSync(join(programs, 'docker-credential-test'), 0o755)
  writeFileSync(file, JSON.stringify({ credHelpers: { [registry]: 'test' } }))
  const more = {
    ...environment,
    REGISTRY_AUTH_FILE: file,
    PATH: `${programs}:${process.env['PATH']}`,
  }
  const run = (...parameters: string[]) => runImageCommand(parameters, more, password)
  t.equal((await run('login', '-u', 'alice', '--password-stdin', registry)).status, 0)
  t.match(JSON.parse(readFileSync(kept, 'utf8')), { ServerURL: registry, Username: 'alice' })
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), { credHelpers: { [registry]: 'test' } })
  const source = `oci:${join(base, 'layout')}:x`
  t.equal((await run('copy', '-q', source, `docker://${registry}/app:1`)).status, 0)
  t.equal((await run('logout', registry)).status, 0)
  t.equal((await run('pull', '-q', `${registry}/app:1`)).status, 125)
  writeFileSync(file, JSON.stringify({ credsStore: '../../bin/sh' }))
  t.match((await run('pull', '-q', `${registry}/app:1`)).stderr, /credential helper/)
})

t.test('certificates: unknown, given, not asked for; and plain HTTP', async (t) => {
  const { base, environment, myimage } = place(t)
  const tls = writeCertificate(base)
  const registry = await startPeerRegistry(t, join(base, 'registry'), { tls })
  const plain = await startPeerRegistry(t, join(base, 'plain'))
  const to = (host: string) => [
    'copy',
    '-q',
    `oci:${join(base, 'layout')}:x`,
    `docker://${host}/app:1`,
  ]
  const folder = join(base, 'certs')
  mkdirSync(folder)
  writeFileSync(join(folder, 'ca.crt'), readFileSync(tls.cert))
  const rows: { title: string; words: string[]; says?: RegExp }[] = [
    { title: 'this machine needs no certificate', words: to(registry) },
    { title: 'unknown', words: [...to(registry), '--tls-verify=true'], says: /authority/ },
    { title: 'given', words: [...to(registry), '--tls-verify=true', '--cert-dir', folder] },
    { title: 'plain HTTP on this machine', words: to(plain) },
    {
      title: 'plain HTTP where HTTPS is wanted',
      words: [...to(plain), '--tls-verify'],
      says: /plain HTTP/,
    },
    { title: 'not verified', words: [...to(registry), '--tls-verify=false'] },
    {
      title: 'no folder',
      words: [...to(registry), '--tls-verify', '--cert-dir', '/none'],
      says: /certificates/,
    },
  ]
  for (const { title, words, says } of rows) {
    const { status, stderr } = await myimage(...words)
    t.equal(status, says ? 1 : 0, `${title}: ${stderr}`)
    if (says) t.match(stderr, says)
  }
  mkdirSync(join(base, '.config/containers/certs.d', registry), { recursive: true })
  writeFileSync(
    join(base, '.config/containers/certs.d', registry, 'own.crt'),
    readFileSync(tls.cert),
  )
  t.equal(
    (await myimage(...to(registry), '--tls-verify')).status,
    0,
    'found by the name of the host',
  )
  const settings = join(base, 'registries.conf')
  writeFileSync(
    settings,
    `[[registry]]\nprefix = "images.test"\nlocation = "${plain}"\n[[registry.mirror]]\nlocation = "localhost:1"\n`,
  )
  const configured = { ...environment, CONTAINERS_REGISTRIES_CONF: settings }
  const pulled = await runImageCommand(['pull', '-q', 'images.test/app:1'], configured)
  t.equal(pulled.status, 0, 'a name that is elsewhere, over a mirror that is down')
  t.match(pulled.stderr, /mirror localhost:1 left out/)
})
