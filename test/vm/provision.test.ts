import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeDebian, provisionedCheckout, runInRoot } from './harness/debian-root.ts'

const checkout = join(import.meta.dirname, '../..')
t.setTimeout(600_000)

t.test('the Vagrantfile is valid', async (t) => {
  const state = t.testdir()
  const { status, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, VAGRANT_DOTFILE_PATH: state, VAGRANT_CHECKPOINT_DISABLE: '1' },
  })
  t.equal(status, 0, 'vagrant validate', { output: stderr })
})

t.test('a plain Debian becomes a machine that runs mycontainer', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-provision-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'root')
  mkdirSync(root)
  makeDebian(root)

  const first = runInRoot(root, `${provisionedCheckout}/scripts/provision.sh`)
  t.equal(first.status, 0, 'the first run', {
    output: `${first.stdout}${first.stderr}`.slice(-4_000),
  })

  writeFileSync(join(root, 'tmp/provisioned'), '')
  const second = runInRoot(root, `${provisionedCheckout}/scripts/provision.sh`)
  t.equal(second.status, 0, 'the second run', { output: second.stderr })
  t.equal(second.stdout, 'provision: ready\n')
  const newer = ['-xdev', '-newer', join(root, 'tmp/provisioned'), '-not', '-path', `${root}/proc`]
  t.equal(execFileSync('find', [root, ...newer], { encoding: 'utf8' }), '', 'nothing was written')

  const version = runInRoot(root, 'mycontainer version')
  t.equal(version.status, 0, 'mycontainer version', { output: version.stderr })
})
