import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const checkout = join(import.meta.dirname, '../..')
const packaged = join(checkout, 'packaging/systemd')
const units = readdirSync(packaged)

/** Copies that name the commands where they are before anybody has provisioned this machine. */
const folder = mkdtempSync(join(tmpdir(), 'mycontainer-units-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
for (const unit of units) {
  const text = readFileSync(join(packaged, unit), 'utf8')
  writeFileSync(join(folder, unit), text.replaceAll('/usr/local/bin/', `${checkout}/bin/`))
}
const paths = units.map((unit) => join(folder, unit))

t.test('systemd understands every directive', async (t) => {
  const { status, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', '--recursive-errors=no', ...paths],
    { encoding: 'utf8' },
  )
  t.equal(stderr, '')
  t.equal(status, 0)
})

t.test('the server is confined', async (t) => {
  const words = ['security', '--offline=true', '--threshold=30', '--no-pager']
  const { status, stdout, stderr } = spawnSync(
    'systemd-analyze',
    [...words, join(folder, 'myorch-server.service')],
    { encoding: 'utf8' },
  )
  t.equal(status, 0, 'its exposure is at most 3.0', { output: `${stdout}${stderr}` })
})

// A mount namespace, a filter or no_new_privs of the unit would be the containers' too.
for (const unit of units.filter((name) => name !== 'myorch-server.service'))
  t.test(`${unit} leaves containers alone`, async (t) => {
    const text = readFileSync(join(packaged, unit), 'utf8')
    const confining =
      /^(?:Protect|Private|Restrict[A-Z]|SystemCall|NoNew|Capability|ReadOnly|Lock)/m
    t.notMatch(text, confining)
    if (!/^Type=oneshot$/m.test(text) || unit === 'mycontainer-restart.service')
      t.match(text, /^KillMode=process$/m)
  })
